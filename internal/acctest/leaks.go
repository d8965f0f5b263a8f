// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
)

// valuePrefixes begin every value that the emulator issues. To search for them finds truncated values, too.
var valuePrefixes = []string{"emulated-access", "emulated-register"}

// LeakFinder returns a finder of every value that the emulator has issued.
func (s *Service) LeakFinder() *leakcheck.Finder {
	return leakcheck.New(slices.Concat(valuePrefixes, s.Emulator.IssuedValues())...)
}

// ExpectNoLeak fails the test if a text has the value of a token.
func (s *Service) ExpectNoLeak(t *testing.T, where, text string) {
	t.Helper()
	for _, finding := range s.LeakFinder().Find(text) {
		t.Errorf("%s: %s", where, finding)
	}
}

// ExpectNoLeak fails the test if a command of a traced workspace printed or logged the value of a token.
func (w *Workspace) ExpectNoLeak(got Result) {
	w.T.Helper()
	finder := w.Service.LeakFinder()
	for name, text := range map[string]string{"stdout": got.Stdout, "stderr": got.Stderr, "log": got.Log} {
		for _, finding := range finder.Find(text) {
			w.T.Errorf("%s: %s: %s", got.Command(), name, finding)
		}
	}
	if !strings.Contains(got.Log, "[TRACE]") {
		w.T.Errorf("%s: the log is not at the level TRACE, so it proves nothing", got.Command())
	}
}

// LeaksInFiles searches all files of the workspace and of its parent, and what is packed in them.
func (w *Workspace) LeaksInFiles() []leakcheck.Finding {
	w.T.Helper()
	found, err := w.Service.LeakFinder().FindInFolder(filepath.Dir(w.Dir))
	if err != nil {
		w.T.Fatal(err)
	}
	return found
}

// ExpectNoLeakInFiles fails the test if a state, a plan, a log or any other file has the value of a token.
func (w *Workspace) ExpectNoLeakInFiles() {
	w.T.Helper()
	for _, finding := range w.LeaksInFiles() {
		w.T.Error(finding)
	}
}

// ExpectValuesAt fails the test unless a JSON document has values of tokens at these paths and at no other; see
// ValuePaths.
func (w *Workspace) ExpectValuesAt(document any, want ...string) {
	w.T.Helper()
	slices.Sort(want)
	if found := ValuePaths(document, w.Service.LeakFinder()); !slices.Equal(found, want) {
		w.T.Errorf("values are at\n\t%s\ninstead of\n\t%s", strings.Join(found, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// ValuePaths returns the paths of the strings with values in a JSON document, sorted. A key with a value in it is at
// "<key>". An item of a list is at its mode and type instead of its index, so that resources of one type have one path.
func ValuePaths(document any, finder *leakcheck.Finder) []string {
	found := map[string]bool{}
	var walk func(at string, node any)
	walk = func(at string, node any) {
		switch node := node.(type) {
		case map[string]any:
			for key, child := range node {
				walk(at+"<key>", key)
				walk(strings.TrimPrefix(at+"."+key, "."), child)
			}
		case []any:
			for _, child := range node {
				item, _ := child.(map[string]any)
				walk(fmt.Sprintf("%s[%v %v]", at, item["mode"], item["type"]), child)
			}
		case string:
			if len(finder.Find(node)) > 0 {
				found[at] = true
			}
		}
	}
	walk("", document)
	paths := []string{}
	for at := range found {
		paths = append(paths, at)
	}
	slices.Sort(paths)
	return paths
}

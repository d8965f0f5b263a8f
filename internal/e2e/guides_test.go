// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")
	definedTest = regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z0-9]*)\(`)
)

// testsIn collects what a pattern finds in all files of a pattern.
func testsIn(t *testing.T, files string, pattern *regexp.Regexp) map[string]bool {
	t.Helper()
	names, err := filepath.Glob(files)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files of %s: %v", files, err)
	}
	found := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range pattern.FindAllStringSubmatch(string(text), -1) {
			found[match[1]] = true
		}
	}
	return found
}

// The tests that the guides name as proof are there, and the two languages name the same.
func TestGuidesNameTestsThatAreThere(t *testing.T) {
	t.Parallel()
	defined := testsIn(t, filepath.Join("..", "*", "*_test.go"), definedTest)
	const guides = "../../templates/guides/"
	english := testsIn(t, guides+"guarantees.md.tmpl", namedTest)
	for name := range english {
		if !defined[name] {
			t.Errorf("the guide names %s, which is not there", name)
		}
	}
	if russian := testsIn(t, guides+"guarantees.ru.md.tmpl", namedTest); !maps.Equal(english, russian) {
		t.Errorf("English names\n\t%s\nand Russian\n\t%s", strings.Join(slices.Sorted(maps.Keys(english)), " "),
			strings.Join(slices.Sorted(maps.Keys(russian)), " "))
	}
}

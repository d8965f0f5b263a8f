// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// A provider that crashes in the middle of a request, with the stacks of all goroutines printed, shows no value: neither
// its own, nor one that is on its way, nor one that it has just received.
func TestCase15NoValueInCrash(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]string{
		"own value":     "GET refresh_tokens",
		"value to come": "POST refresh_tokens",
		"new value":     "GET whoami",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			w := newWorkspace(t, b).traced()
			process := w.findable()
			var crashed atomic.Bool
			front := b.front(t, func(_ int, r *http.Request, act serving) *httptest.ResponseRecorder {
				answer := act()
				if r.Method+" "+path.Base(r.URL.Path) == request {
					crashed.Store(true)
					if err := process().Signal(syscall.SIGQUIT); err != nil {
						t.Error(err)
					}
					<-r.Context().Done()
				}
				return answer
			})
			w.write("main.tf", accessToken(`name = "etl"`))
			got := w.through(front).run("apply", "-no-color", "-auto-approve")
			if !crashed.Load() || got.exitCode == 0 {
				t.Errorf("there was no crash: exit code %d\n%s", got.exitCode, got.shown())
			}
			// The Go runtime prints this of each goroutine.
			if !strings.Contains(got.log, "net/http.(*Client).Do(") {
				t.Errorf("the log does not tell of the crash:\n%s", got.shown())
			}
			wantNoLeak(t, b, got)
		})
	}
}

// findable has the CLI start the provider by way of a script, and returns what finds the provider's process.
func (w *workspace) findable() func() *os.Process {
	w.t.Helper()
	folder, err := builtProvider()
	if err != nil {
		w.t.Fatal(err)
	}
	const program = "terraform-provider-mlplatform"
	bin := w.t.TempDir()
	pid := filepath.Join(bin, "pid")
	script := lines("#!/bin/sh", "echo $$ > '"+pid+"'", "GOTRACEBACK=all exec '"+filepath.Join(folder, program)+"' \"$@\"", "")
	if err := os.WriteFile(filepath.Join(bin, program), []byte(script), 0o700); err != nil {
		w.t.Fatal(err)
	}
	settings := w.env["TF_CLI_CONFIG_FILE"]
	text, err := os.ReadFile(settings)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(strings.ReplaceAll(string(text), hcl(folder), hcl(bin))), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return func() *os.Process {
		text, err := os.ReadFile(pid)
		if err != nil {
			panic(err) // it is called by a server's goroutine
		}
		id, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			panic(err)
		}
		found, err := os.FindProcess(id)
		if err != nil {
			panic(err)
		}
		return found
	}
}

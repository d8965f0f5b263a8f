// SPDX-License-Identifier: MPL-2.0

//go:build unix

package e2e

import (
	"fmt"
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

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

// A provider that crashes during a request and prints the stacks of all goroutines prints no value: neither its own, nor
// the one in the response that it waits for, nor one that it has just received.
func TestCase15NoValueInCrash(t *testing.T) {
	t.Parallel()
	for name, request := range acctest.Sample(1, map[string]string{
		"own value":     "GET refresh_tokens",
		"value to come": "POST refresh_tokens",
		"new value":     "GET whoami",
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			process := providerProcess(w)
			var crashed atomic.Bool
			front := svc.Intercept(t, func(_ int, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
				response := forward()
				if r.Method+" "+path.Base(r.URL.Path) == request {
					crashed.Store(true)
					if err := process().Signal(syscall.SIGQUIT); err != nil {
						t.Error(err)
					}
					<-r.Context().Done()
				}
				return response
			})
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "etl"
}
`)
			got := w.Through(front).Run("apply", "-no-color", "-auto-approve")
			if !crashed.Load() || got.ExitCode == 0 {
				t.Errorf("there was no crash: exit code %d\n%s", got.ExitCode, got.Output())
			}
			// The Go runtime prints this of each goroutine.
			if !strings.Contains(got.Log, "net/http.(*Client).Do(") {
				t.Errorf("the log does not show the crash:\n%s", got.Output())
			}
			w.ExpectNoLeak(got)
		})
	}
}

// providerProcess makes the CLI start the provider by a script, and returns a function that finds the provider's process.
func providerProcess(w *acctest.Workspace) func() *os.Process {
	w.T.Helper()
	program := acctest.Program(w.T)
	bin := w.T.TempDir()
	pid := filepath.Join(bin, "pid")
	script := fmt.Sprintf(`#!/bin/sh
echo $$ > '%s'
GOTRACEBACK=all exec '%s' "$@"
`, pid, program)
	if err := os.WriteFile(filepath.Join(bin, filepath.Base(program)), []byte(script), 0o700); err != nil {
		w.T.Fatal(err)
	}
	settings := w.Env["TF_CLI_CONFIG_FILE"]
	text, err := os.ReadFile(settings)
	if err != nil {
		w.T.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(strings.ReplaceAll(string(text), acctest.Quote(filepath.Dir(program)), acctest.Quote(bin))), 0o600); err != nil {
		w.T.Fatal(err)
	}
	return func() *os.Process {
		text, err := os.ReadFile(pid)
		if err != nil {
			panic(err) // the caller is a server's goroutine
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

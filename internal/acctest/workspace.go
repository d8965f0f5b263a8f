// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// Workspace is a folder with a configuration in which a real CLI runs the provider's own program. The test framework
// runs the provider inside the test instead and keeps the CLI's output to itself; a workspace is for tests of what a
// user sees: output, logs, exit codes, files.
//
// The environment takes nothing from the machine but PATH. The provider finds the service by MLPLATFORM_ENDPOINT and
// MLPLATFORM_TOKEN, so a configuration needs no provider block.
type Workspace struct {
	// T is the test that commands fail. A test that shares a workspace between subtests changes it.
	T       *testing.T
	Service *Service
	// Dir is the folder of the configuration. Its parent holds what the CLI writes elsewhere.
	Dir string
	// CLI runs the commands.
	CLI *tfcli.CLI
	// Env is the environment of each command; a test may change it.
	Env map[string]string

	// log is the file of the log that Traced asks for.
	log string
}

// NewWorkspace returns a workspace without a configuration; see Write and CopyFrom.
func NewWorkspace(t *testing.T, svc *Service) *Workspace {
	t.Helper()
	home := t.TempDir()
	w := &Workspace{T: t, Service: svc, Dir: filepath.Join(home, "workspace"), log: filepath.Join(home, "trace.log")}
	if err := os.Mkdir(w.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cli, err := tfcli.New(CLIPath(t), home, tfcli.DevOverrides(filepath.Dir(Program(t))))
	if err != nil {
		t.Fatal(err)
	}
	w.CLI, w.Env = cli, cli.Env
	w.Env["TF_LOG_PATH"] = w.log
	w.Env["MLPLATFORM_ENDPOINT"], w.Env["MLPLATFORM_TOKEN"] = svc.Endpoint, svc.Token
	return w
}

// Traced makes all commands write a log at the level TRACE, which slows them down.
func (w *Workspace) Traced() *Workspace {
	w.Env["TF_LOG"] = "TRACE"
	return w
}

// Through returns a copy of the workspace whose commands reach the service by way of a server of Service.Intercept.
func (w *Workspace) Through(server *httptest.Server) *Workspace {
	w.T.Helper()
	service, err := url.Parse(w.Service.Endpoint)
	if err != nil {
		w.T.Fatal(err)
	}
	other, cli := *w, *w.CLI
	cli.Env = maps.Clone(w.Env)
	cli.Env["MLPLATFORM_ENDPOINT"] = server.URL + service.Path
	other.CLI, other.Env = &cli, cli.Env
	return &other
}

// Write writes a file of the workspace.
func (w *Workspace) Write(name, text string) {
	w.T.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(text), 0o600); err != nil {
		w.T.Fatal(err)
	}
}

// Remove removes a file of the workspace.
func (w *Workspace) Remove(name string) {
	w.T.Helper()
	if err := os.Remove(filepath.Join(w.Dir, name)); err != nil {
		w.T.Fatal(err)
	}
}

// Read returns a file of the workspace.
func (w *Workspace) Read(name string) string {
	w.T.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil {
		w.T.Fatal(err)
	}
	return string(text)
}

// CopyFrom copies a folder with its subfolders into the workspace.
func (w *Workspace) CopyFrom(folder string) {
	w.T.Helper()
	if err := os.CopyFS(w.Dir, os.DirFS(folder)); err != nil {
		w.T.Fatal(err)
	}
}

// Result is the result of a command.
type Result struct {
	tfcli.Result
	// Log is what the command logged; empty unless the workspace is traced.
	Log string
}

// Matches reports whether the output has a text, whatever its line breaks; see OutputMatches.
func (r Result) Matches(text string) bool { return OutputMatches(text).MatchString(r.Output()) }

// Run runs the CLI. A failed command does not fail the test.
func (w *Workspace) Run(args ...string) Result {
	w.T.Helper()
	if err := os.RemoveAll(w.log); err != nil {
		w.T.Fatal(err)
	}
	result, err := w.CLI.Run(w.T.Context(), w.Dir, args...)
	if err != nil {
		w.T.Fatal(err)
	}
	log, err := os.ReadFile(w.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.T.Fatal(err)
	}
	return Result{Result: result, Log: string(log)}
}

// MustRun runs the CLI and ends the test if the command fails.
func (w *Workspace) MustRun(args ...string) Result {
	w.T.Helper()
	got := w.Run(args...)
	if got.ExitCode != 0 {
		w.T.Fatalf("%s: exit code %d\n%s", got.Command(), got.ExitCode, got.Output())
	}
	return got
}

// Apply applies, and ends the test if that fails.
func (w *Workspace) Apply(args ...string) Result {
	w.T.Helper()
	return w.MustRun(append([]string{"apply", "-no-color", "-auto-approve"}, args...)...)
}

// Destroy destroys everything, and ends the test if that fails.
func (w *Workspace) Destroy(args ...string) Result {
	w.T.Helper()
	return w.MustRun(append([]string{"destroy", "-no-color", "-auto-approve"}, args...)...)
}

// Plan plans, and ends the test if that fails. The exit code is 0 for no changes and 2 for some.
func (w *Workspace) Plan(args ...string) Result {
	w.T.Helper()
	got := w.Run(append([]string{"plan", "-no-color", "-detailed-exitcode"}, args...)...)
	if got.ExitCode != 0 && got.ExitCode != 2 {
		w.T.Fatalf("%s: exit code %d\n%s", got.Command(), got.ExitCode, got.Output())
	}
	return got
}

// ExpectEmptyPlan fails the test if a plan has changes.
func (w *Workspace) ExpectEmptyPlan() {
	w.T.Helper()
	if got := w.Plan(); got.ExitCode != 0 {
		w.T.Errorf("the plan is not empty:\n%s", got.Output())
	}
}

// Show returns the JSON document that `show` prints of the state, or of a plan file.
func (w *Workspace) Show(planFile ...string) any {
	w.T.Helper()
	return w.decode(w.MustRun(append([]string{"show", "-json"}, planFile...)...).Stdout)
}

func (w *Workspace) decode(text string) any {
	w.T.Helper()
	var document any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		w.T.Fatal(err)
	}
	return document
}

// Addresses returns the addresses of the resources in the state.
func (w *Workspace) Addresses() []string {
	w.T.Helper()
	return strings.Fields(w.MustRun("state", "list").Stdout)
}

// JobUsed reports whether the file "used" of the workspace has the SHA-256 sum of a value. Tests of ephemeral values have
// a resource write it, as a stand-in for a job that needs the value.
func (w *Workspace) JobUsed(value string) bool {
	w.T.Helper()
	return strings.HasPrefix(w.Read("used"), fmt.Sprintf("%x", sha256.Sum256([]byte(value))))
}

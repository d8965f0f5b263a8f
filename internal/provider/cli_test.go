// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// builtVersion is the version that the tests' build of the provider says it has.
const builtVersion = "9.8.7-test"

// builtProvider is the folder of the provider's program. It is built once, and only if a test asks for it.
var builtProvider = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "terraform-provider-mlplatform-")
	if err != nil {
		return "", err
	}
	builtFolder = folder
	build := exec.Command("go", "build", "-ldflags", "-X main.version="+builtVersion,
		"-o", filepath.Join(folder, "terraform-provider-mlplatform"), ".")
	build.Dir = filepath.Join("..", "..")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	return folder, nil
})

// builtFolder is what TestMain removes when all tests are over; empty if nothing was built.
var builtFolder string

// cliPath finds the CLI: what TF_ACC_TERRAFORM_PATH names, or terraform or tofu on PATH.
func cliPath(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("TF_ACC_TERRAFORM_PATH"); name != "" {
		return name
	}
	for _, name := range []string{"terraform", "tofu"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Fatal("there is no Terraform CLI: set TF_ACC_TERRAFORM_PATH, or put terraform or tofu on PATH")
	return ""
}

// workspace is a folder with a configuration in which a real CLI runs the provider's own program, as a user's does. The
// test framework runs the provider inside the test instead and keeps the CLI's output to itself; a workspace is for
// tests of what a user sees: output, logs, exit codes, files.
//
// The environment holds nothing of the machine's but PATH. The provider finds the bench through MLPLATFORM_ENDPOINT
// and MLPLATFORM_TOKEN, so no configuration needs a provider block.
type workspace struct {
	t   *testing.T
	b   *bench
	dir string
	// env is the environment of each command; a test may change it.
	env map[string]string

	cli string
	// log is where the CLI and the provider write their log; see traced.
	log string
}

// newWorkspace makes a workspace with no configuration; see write and copyFrom.
func newWorkspace(t *testing.T, b *bench) *workspace {
	t.Helper()
	folder, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	w := &workspace{
		t: t, b: b, cli: cliPath(t), dir: filepath.Join(home, "workspace"), log: filepath.Join(home, "trace.log"),
	}
	if err := os.Mkdir(w.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// Without required_providers a CLI looks for a provider in the namespace hashicorp.
	settings := filepath.Join(home, "cli.tfrc")
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"mlplatform/mlplatform\" = %[1]s\n"+
		"    \"hashicorp/mlplatform\" = %[1]s\n  }\n}\n", hcl(folder))
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home, "TMPDIR": home,
		"TF_CLI_CONFIG_FILE": settings, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
		"TF_LOG_PATH":         w.log,
		"MLPLATFORM_ENDPOINT": b.endpoint, "MLPLATFORM_TOKEN": b.token,
	}
	return w
}

// traced has all commands write a log of everything, which makes them slower.
func (w *workspace) traced() *workspace {
	w.env["TF_LOG"] = "TRACE"
	return w
}

// write makes a file in the workspace, or changes it; an empty text removes it.
func (w *workspace) write(name, text string) {
	w.t.Helper()
	file := filepath.Join(w.dir, name)
	err := os.WriteFile(file, []byte(text), 0o600)
	if text == "" {
		err = os.Remove(file)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// read returns a file of the workspace.
func (w *workspace) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// copyFrom copies all files of a folder, and of the folders in it, into the workspace.
func (w *workspace) copyFrom(folder string) {
	w.t.Helper()
	if err := os.CopyFS(w.dir, os.DirFS(folder)); err != nil {
		w.t.Fatal(err)
	}
}

// outcome is what came of a command.
type outcome struct {
	command        string
	exitCode       int
	stdout, stderr string
	// log is what the command wrote to the log; empty unless the workspace is traced.
	log string
}

// shown is all that a user sees without a log.
func (o outcome) shown() string { return o.stdout + o.stderr }

// run runs the CLI with these arguments. That it fails is for the caller to judge, that it cannot be run is not.
func (w *workspace) run(args ...string) outcome {
	w.t.Helper()
	if err := os.RemoveAll(w.log); err != nil {
		w.t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(w.t.Context(), w.cli, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, &stdout, &stderr
	// A provider that outlives its CLI must not keep the test waiting for its output.
	cmd.WaitDelay = time.Minute
	cmd.Env = []string{}
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		w.t.Fatalf("running %s: %v", w.cli, err)
	}
	log, err := os.ReadFile(w.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return outcome{
		command: strings.Join(args, " "), exitCode: cmd.ProcessState.ExitCode(),
		stdout: stdout.String(), stderr: stderr.String(), log: string(log),
	}
}

// succeed runs the CLI and ends the test if it fails.
func (w *workspace) succeed(args ...string) outcome {
	w.t.Helper()
	got := w.run(args...)
	if got.exitCode != 0 {
		w.t.Fatalf("%s: exit code %d\n%s", got.command, got.exitCode, got.shown())
	}
	return got
}

// apply applies, with further arguments if there are any, and ends the test if that fails.
func (w *workspace) apply(args ...string) outcome {
	w.t.Helper()
	return w.succeed(append([]string{"apply", "-no-color", "-auto-approve"}, args...)...)
}

// destroy destroys everything and ends the test if that fails.
func (w *workspace) destroy(args ...string) outcome {
	w.t.Helper()
	return w.succeed(append([]string{"destroy", "-no-color", "-auto-approve"}, args...)...)
}

// plan plans and ends the test if that fails. The exit code is 0 for nothing to do and 2 for a change.
func (w *workspace) plan(args ...string) outcome {
	w.t.Helper()
	got := w.run(append([]string{"plan", "-no-color", "-detailed-exitcode"}, args...)...)
	if got.exitCode != 0 && got.exitCode != 2 {
		w.t.Fatalf("%s: exit code %d\n%s", got.command, got.exitCode, got.shown())
	}
	return got
}

// planIsEmpty fails the test if there is something to do.
func (w *workspace) planIsEmpty() {
	w.t.Helper()
	if got := w.plan(); got.exitCode != 0 {
		w.t.Errorf("there is something to do:\n%s", got.shown())
	}
}

// show returns the JSON form of the state, or of the plan file that is named.
func (w *workspace) show(file ...string) any {
	w.t.Helper()
	got := w.succeed(append([]string{"show", "-json"}, file...)...)
	var out any
	if err := json.Unmarshal([]byte(got.stdout), &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// addresses returns the addresses of what the state holds.
func (w *workspace) addresses() []string {
	w.t.Helper()
	return strings.Fields(w.succeed("state", "list").stdout)
}

// attribute returns a text attribute of the resource under test.
func (w *workspace) attribute(name string) string {
	w.t.Helper()
	state := struct {
		Values struct {
			RootModule struct {
				Resources []struct {
					Address string
					Values  map[string]any
				}
			} `json:"root_module"`
		}
	}{}
	if err := json.Unmarshal([]byte(w.succeed("show", "-json").stdout), &state); err != nil {
		w.t.Fatal(err)
	}
	for _, found := range state.Values.RootModule.Resources {
		if text, ok := found.Values[name].(string); ok && found.Address == tokenAddress {
			return text
		}
	}
	w.t.Fatalf("%s has no text %s in the state", tokenAddress, name)
	return ""
}

// stored returns the resources of the state file, for a comparison. The rest of the file changes with every command.
func (w *workspace) stored() string {
	w.t.Helper()
	var state struct {
		Resources json.RawMessage `json:"resources"`
	}
	if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
		w.t.Fatal(err)
	}
	return string(state.Resources)
}

// shownResource is a resource as `show -json` has it.
type shownResource struct {
	Address string         `json:"address"`
	Tainted bool           `json:"tainted"`
	Values  map[string]any `json:"values"`
}

// resource returns what the state holds of a resource, and ends the test if that is nothing.
func (w *workspace) resource(address string) shownResource {
	w.t.Helper()
	var state struct {
		Values struct {
			Root struct {
				Resources []shownResource `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(w.succeed("show", "-json").stdout), &state); err != nil {
		w.t.Fatal(err)
	}
	for _, found := range state.Values.Root.Resources {
		if found.Address == address {
			return found
		}
	}
	w.t.Fatalf("the state does not hold %s", address)
	return shownResource{}
}

// The life of two tokens as a user has it, with the program that is released.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b)
	first := accessToken(`name = "first"`)
	w.write("main.tf", first+registerToken("access_token_name = \"later\"\nttl = \"1h\""))
	if got := w.plan("-out=saved"); got.exitCode != 2 || !says("2 to add, 0 to change, 0 to destroy").MatchString(got.stdout) {
		t.Errorf("exit code %d of a first plan:\n%s", got.exitCode, got.shown())
	}
	if writes := b.writes(); len(writes) != 0 {
		t.Errorf("a plan made the requests %v", writes)
	}
	w.succeed("apply", "saved")
	w.planIsEmpty()

	other := newWorkspace(t, b)
	other.write("main.tf", first)
	if got := other.succeed("import", "-no-color", tokenAddress, "first"); !says("not recoverable").MatchString(got.shown()) {
		t.Errorf("the import does not warn that the value is lost:\n%s", got.shown())
	}
	other.planIsEmpty()

	if got := w.destroy(); !says("The register token stays valid").MatchString(got.shown()) {
		t.Errorf("the destruction does not warn that the register token stays valid:\n%s", got.shown())
	}
	if addresses := w.addresses(); len(addresses) != 0 {
		t.Errorf("the state still holds %q", addresses)
	}
	if held := b.held(t); len(held) != 0 {
		t.Errorf("the service still holds %q", held)
	}
}

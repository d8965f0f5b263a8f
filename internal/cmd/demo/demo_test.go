// SPDX-License-Identifier: MPL-2.0

//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// asDemo makes the test binary act as the demo.
const asDemo = "MLP_DEMO_TEST_AS_DEMO"

// built is where the provider is built to.
var built string

func TestMain(m *testing.M) {
	if os.Getenv(asDemo) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(inTempDir(m))
}

func inTempDir(m *testing.M) int {
	folder, err := os.MkdirTemp("", "mlp")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	built = filepath.Join(folder, "terraform-provider-mlplatform")
	return m.Run()
}

var build = sync.OnceValue(func() error {
	output, err := exec.Command("go", "build", "-o", built, "github.com/mlplatform/terraform-provider-mlplatform").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
})

// process is the demo as a process, with a home and a temporary folder that must be empty at its end.
type process struct {
	*exec.Cmd
	t              *testing.T
	home, temp     string
	stdout, stderr bytes.Buffer
}

func newProcess(t *testing.T, args ...string) *process {
	t.Helper()
	cli, err := tfcli.Find()
	if err != nil {
		t.Skip(err)
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, home: t.TempDir()}
	// Sockets of plugins need a short path.
	if p.temp, err = os.MkdirTemp("", "mlp"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(p.temp) })
	args = append([]string{"-provider", built, "-cli", cli, "-example", quickstartExample, "-grace", "1m"}, args...)
	p.Cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "TMPDIR=" + p.temp, asDemo + "=1"}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

var quickstartExample = filepath.Join("..", "..", "..", "examples", "quickstart")

// finish checks the exit status of the demo and that it left nothing behind, neither values in the output nor files nor
// processes.
func (p *process) finish(err error, wantSuccess bool) {
	p.t.Helper()
	if success := err == nil; success != wantSuccess {
		p.t.Errorf("the demo ended with %v", err)
	}
	output := p.stdout.String() + p.stderr.String()
	if found := leakcheck.New("emulated-access/", "emulated-register/").Find(output); len(found) > 0 {
		p.t.Errorf("the output has %v", found)
	}
	for _, folder := range []string{p.home, p.temp} {
		left, err := os.ReadDir(folder)
		if err != nil {
			p.t.Error(err)
		}
		for _, entry := range left {
			p.t.Errorf("%s is left behind", filepath.Join(folder, entry.Name()))
		}
	}
	// Linux shows which processes run a program or work in a folder.
	links, _ := filepath.Glob("/proc/[0-9]*/[ce][wx][de]")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, p.temp) {
			p.t.Errorf("process %s is left behind (%s)", strings.Split(link, "/")[2], target)
		}
	}
	if p.t.Failed() {
		p.t.Logf("output:\n%s", output)
	}
}

func TestWholeDemo(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	p.finish(p.Run(), true)
	output := p.stdout.String()
	for _, want := range []string{
		"Installed mlplatform/mlplatform", "notebook-anna (to redeem)   USER", "nightly_etl_token = <sensitive>", "No changes.",
		"24 days pass", "mlplatform_access_token.nightly_etl must be replaced", "Import successful!",
		"Destroy complete! Resources: 3 destroyed.", "What to try next",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("%q is missing in the output:\n%s", want, output)
		}
	}
	if strings.Contains(output, "\x1b") {
		t.Errorf("the output has colors although it is no terminal:\n%q", output)
	}
	if p.stderr.Len() > 0 {
		t.Errorf("stderr: %s", p.stderr.String())
	}
}

// The demo exits with an error when something is not as it should be.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// change replaces a text of the example by another.
		change [2]string
		args   []string
		want   string
	}{
		"a lifetime is wrong":   {change: [2]string{`"30d"`, `"31d"`}, want: "step 3 failed: the service should hold"},
		"a role is wrong":       {change: [2]string{`"ADMIN"`, `"USER"`}, want: "step 3 failed: the service should hold"},
		"nothing is rotated":    {change: [2]string{`rotate_before = "7d"`, ""}, want: "step 5 failed: the service should hold"},
		"the plan is not empty": {change: [2]string{"# For managing", "resource \"terraform_data\" \"x\" {\n  input = timestamp()\n}\n#"}, want: "step 4 failed: the plan should be empty"},
		"apply fails":           {change: [2]string{`"ADMIN"`, `"OWNER"`}, want: "step 3 failed: `apply` exited with status 1"},
		"a value is printed": {
			change: [2]string{"mlplatform_access_token.nightly_etl.token\n  sensitive = true", "nonsensitive(mlplatform_access_token.nightly_etl.token)"},
			want:   "a token's value was about to be printed",
		},
		"no provider":      {args: []string{"-provider", "missing"}, want: "`make build`"},
		"no CLI":           {args: []string{"-cli", "/missing/terraform"}, want: "/missing/terraform: no such file"},
		"no configuration": {args: []string{"-example", "."}, want: "no configuration in ."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.change[0] != "" {
				test.args = []string{"-example", changedExample(t, test.change)}
			}
			p := newProcess(t, test.args...)
			p.finish(p.Run(), false)
			if got := p.stderr.String(); !strings.Contains(got, "demo: ") || !strings.Contains(got, test.want) {
				t.Errorf("stderr does not contain %q:\n%s", test.want, got)
			}
		})
	}
}

// changedExample copies the example with a text in it replaced.
func changedExample(t *testing.T, change [2]string) string {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(quickstartExample, "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(config), change[0]) {
		t.Fatalf("the example does not have %q", change[0])
	}
	folder := t.TempDir()
	changed := strings.Replace(string(config), change[0], change[1], 1)
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// Ctrl-C, a kill, or a reader that goes away, as in `make demo | head`: the demo cleans up.
func TestInterruptCleansUp(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(*os.Process, io.Closer) error{
		"SIGINT":  func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGINT) },
		"SIGTERM": func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGTERM) },
		"SIGPIPE": func(_ *os.Process, stdout io.Closer) error { return stdout.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t)
			p.Stdout = nil
			stdout, err := p.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			for lines := bufio.NewScanner(stdout); lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "quickstart$ ") && strings.Contains(lines.Text(), " apply ") {
					break
				}
			}
			if err := interrupt(p.Process, stdout); err != nil {
				t.Error(err)
			}
			_, _ = io.Copy(io.Discard, stdout)
			p.finish(p.Wait(), false)
			if !strings.Contains(p.stderr.String(), "demo: interrupted") {
				t.Errorf("stderr: %s", p.stderr.String())
			}
		})
	}
}

func TestIsColored(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if isColored(writer) {
		t.Error("a pipe is colored")
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal to open: ", err)
	}
	defer terminal.Close()
	if !isColored(terminal) {
		t.Error("a terminal is not colored")
	}
	t.Setenv("TERM", "dumb")
	if isColored(terminal) {
		t.Error("TERM=dumb is ignored")
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	if isColored(terminal) {
		t.Error("NO_COLOR is ignored")
	}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	const value = "emulated-access/0123456789abcdef0123456789abcdef"
	var out bytes.Buffer
	s := &screen{out: &out, colored: true, values: func() []string { return []string{value} }}
	s.failure("failed")
	if want := "\x1b[31mfailed\x1b[0m\n"; out.String() != want || s.err != nil {
		t.Errorf("printed %q, %v", out.String(), s.err)
	}
	out.Reset()
	s.quote("\n  a\n" + value + "\n")
	if want := "      a\n    (a token's value)\n"; out.String() != want || s.err == nil {
		t.Errorf("printed %q, %v", out.String(), s.err)
	}
}

func TestCondense(t *testing.T) {
	t.Parallel()
	const output = `data.x: Reading...
  # mlplatform_access_token.x will be created
  + resource "mlplatform_access_token" "x" {
Plan: 1 to add, 0 to change, 0 to destroy.

Warning: Incomplete lock file
details
Warning: Something else
details

Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
more
Outputs:

a = "b"`
	const want = `  # mlplatform_access_token.x will be created
Plan: 1 to add, 0 to change, 0 to destroy.
Warning: Something else
details
Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
Outputs:
a = "b"`
	if got := condense(output); got != want {
		t.Errorf("condensed to:\n%s", got)
	}
}

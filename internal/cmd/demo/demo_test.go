// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// asDemo has the test binary act as the demo.
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

// build builds the provider once; only its linking takes time where the tests of the provider run too.
var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", built, "github.com/mlplatform/terraform-provider-mlplatform")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}

	return nil
})

// needCLI skips a test where there is no Terraform or OpenTofu; `make test` builds one there.
func needCLI(t *testing.T) string {
	t.Helper()

	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}

	if path == "" {
		t.Skip("needs terraform or tofu on PATH, or in TF_ACC_TERRAFORM_PATH")
	}

	if err := build(); err != nil {
		t.Fatal(err)
	}

	return path
}

// stage is what a run of the demo is given and leaves behind.
type stage struct {
	settings
	home           string
	stdout, stderr bytes.Buffer
}

func newStage(t *testing.T) *stage {
	t.Helper()

	s := &stage{home: shortTempDir(t)}
	s.settings = settings{
		provider: built,
		cli:      needCLI(t),
		example:  filepath.Join("..", "..", "..", "examples", "quickstart"),
		environ:  []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home},
		grace:    time.Minute,
		temp:     shortTempDir(t),
	}

	return s
}

// run runs the demo, and checks that nothing of it is left on the machine and that it printed no value.
func (s *stage) run(t *testing.T, ctx context.Context) error {
	t.Helper()

	var values func() []string

	after := s.after
	s.after = func(d *demo, step string) {
		values = d.service.IssuedValues

		if after != nil {
			after(d, step)
		}
	}

	err := show(ctx, s.settings, &s.stdout, &s.stderr)
	noFile(t, s.temp)
	noFile(t, s.home)
	noProcess(t, s.temp)

	if values != nil {
		for _, value := range values() {
			if printed := s.stdout.String() + s.stderr.String(); strings.Contains(printed, value) || strings.Contains(printed, randomPart.FindString(value)) {
				t.Error("a token's value was printed")
			}
		}
	}

	if err != nil && !strings.HasPrefix(s.stderr.String(), "demo: ") && !strings.Contains(s.stderr.String(), "\ndemo: ") {
		t.Errorf("the error is not reported: %s", s.stderr.String())
	}

	if t.Failed() {
		t.Logf("printed:\n%s%s", s.stdout.String(), s.stderr.String())
	}

	return err
}

func noFile(t *testing.T, folder string) {
	t.Helper()

	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}

	for _, entry := range left {
		t.Errorf("%s is left behind", filepath.Join(folder, entry.Name()))
	}
}

func TestWholeDemo(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	if err := s.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}

	for _, want := range []string{
		"7. What is left", "nightly-etl     USER   emulator@example.com", "platform-admin  ADMIN  emulator@example.com  never",
		`pending: a register token for "notebook-anna" (USER)`, "No changes.", "Import successful!",
		`mlplatform_access_token.adopted "made by hand"`, "nightly_etl_token = <sensitive>",
	} {
		if !strings.Contains(s.stdout.String(), want) {
			t.Errorf("%q is not in what was printed:\n%s", want, s.stdout.String())
		}
	}
}

// Somebody interferes, or something is wrong from the start: the demo notices.
func TestWrongStateEndsTheDemo(t *testing.T) {
	t.Parallel()

	at := func(step string, interfere func(*demo)) func(*demo, string) {
		return func(d *demo, done string) {
			if done == step {
				interfere(d)
			}
		}
	}

	for name, test := range map[string]struct {
		after  func(*demo, string)
		change [2]string // in the configuration
		want   string
	}{
		"a token is revoked after the apply": {
			after: at(stepApply, func(d *demo) { d.service.Revoke("nightly-etl") }),
			want:  "plans changes, but there should be nothing to do",
		},
		"a token of the name is there before": {
			after: at(stepStart, func(d *demo) { _, _, _ = d.service.Seed(emulator.SeedToken{Name: "nightly-etl"}) }),
			want:  "ended with status 1",
		},
		"a token comes from elsewhere": {
			after: at(stepInstall, func(d *demo) { _, _, _ = d.service.Seed(emulator.SeedToken{Name: "stray"}) }),
			want:  `there is an access token "stray" that nobody asked for`,
		},
		"the token to adopt is made anew": {
			after: at(stepReplan, func(d *demo) {
				d.service.Revoke(adoptedName)
				_, _, _ = d.service.Seed(emulator.SeedToken{Name: adoptedName})
			}),
			want: `"made by hand" is not the one that was there before`,
		},
		"a token comes back after the end": {
			after: at(stepDestroy, func(d *demo) { _, _, _ = d.service.Seed(emulator.SeedToken{Name: "nightly-etl"}) }),
			want:  `there is an access token "nightly-etl" that nobody asked for`,
		},
		"a lifetime is wrong": {
			change: [2]string{`ttl  = "30d"`, `ttl  = "31d"`},
			want:   `the access token "nightly-etl" expires`,
		},
		"a role is wrong": {
			change: [2]string{`role = "ADMIN"`, `role = "USER"`},
			want:   `the access token "platform-admin" has the role USER, not ADMIN`,
		},
		"the list leaves something out": {
			change: [2]string{`data "mlplatform_access_tokens" "all" {`, "data \"mlplatform_access_tokens\" \"all\" {\n  role = \"USER\""},
			want:   "the data source listed",
		},
		"the configuration shows a value": {
			change: [2]string{"value     = mlplatform_access_token.nightly_etl.token\n  sensitive = true", "value = nonsensitive(mlplatform_access_token.nightly_etl.token)"},
			want:   "a token's value was about to be printed",
		},
		"an error repeats a value": {
			change: [2]string{"  value = [\n", "  value = [nonsensitive(mlplatform_access_token.nightly_etl.token)]\n}\n\noutput \"more\" {\n  value = [\n"},
			want:   "the data source listed",
		},
		"the contract is broken": {
			after: at(stepEnd, breakContract),
			want:  "was not as openapi.yaml says",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := newStage(t)
			s.after = test.after

			if test.change[0] != "" {
				s.example = changedExample(t, s.example, test.change)
			}

			check(t, s.run(t, t.Context()), test.want)
		})
	}
}

// breakContract asks the service for something that is not in the contract.
func breakContract(d *demo) { ask(d, http.MethodGet) }

func ask(d *demo, method string) {
	req, err := http.NewRequestWithContext(context.Background(), method, d.service.Endpoint()+"/nonsense", nil)
	if err != nil {
		panic(err)
	}

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}

	resp.Body.Close()
}

func TestOnlyReadsNoticesAWrite(t *testing.T) {
	t.Parallel()

	service, err := emulator.Start(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(service.Close)

	d := &demo{service: service}
	ask(d, http.MethodGet)
	check(t, d.onlyReads(), "")
	ask(d, http.MethodDelete)
	check(t, d.onlyReads(), "the provider sent DELETE /infra/mlplatform/nonsense")
}

// changedExample copies the example with something in it replaced.
func changedExample(t *testing.T, example string, change [2]string) string {
	t.Helper()

	config, err := os.ReadFile(filepath.Join(example, "main.tf"))
	if err != nil {
		t.Fatal(err)
	}

	if strings.Count(string(config), change[0]) != 1 {
		t.Fatalf("the example does not have %q once", change[0])
	}

	folder := t.TempDir()

	changed := strings.Replace(string(config), change[0], change[1], 1)
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}

	return folder
}

// An interrupt comes while the CLI waits for the service: for an answer that comes, or for one that does not.
func TestInterruptCleansUp(t *testing.T) {
	t.Parallel()
	needShell(t)

	for name, test := range map[string]struct {
		fault emulator.Fault
		grace time.Duration
	}{
		"the CLI ends in time":     {emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Slow, Delay: time.Second}, time.Minute},
		"the CLI has to be killed": {emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Hang}, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()

			s := newStage(t)
			s.grace = test.grace
			s.after = func(d *demo, step string) {
				if step != stepInstall {
					return
				}

				d.service.Inject(test.fault)

				go func() {
					waitFor(func() bool { return redeeming(d.service) })
					cancel()
				}()
			}

			check(t, s.run(t, ctx), "interrupted; nothing of the demo is left on this machine")

			if !strings.Contains(s.stderr.String(), "Waiting for ") {
				t.Errorf("the user is not told: %s", s.stderr.String())
			}
		})
	}
}

func redeeming(service *emulator.Server) bool {
	for _, request := range service.Journal() {
		if request.Operation == emulator.OpRedeemRegisterToken {
			return true
		}
	}

	return false
}

// The program itself: each signal, and a reader that goes away, as in `make demo | head`.
func TestSignals(t *testing.T) {
	t.Parallel()
	needShell(t)

	for name, strike := range map[string]func(*os.Process, io.Closer) error{
		"SIGINT":  func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGINT) },
		"SIGTERM": func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGHUP) },
		"SIGPIPE": func(_ *os.Process, stdout io.Closer) error { return stdout.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := newStage(t)
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-provider", s.provider, "-cli", s.cli, "-example", s.example)
			cmd.Env = append(s.environ, asDemo+"=1", "TMPDIR="+s.temp)
			cmd.Stderr = &s.stderr

			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}

			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}

			for lines := bufio.NewScanner(stdout); lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "quickstart$ ") && strings.Contains(lines.Text(), " apply ") {
					break
				}
			}

			if err := strike(cmd.Process, stdout); err != nil {
				t.Error(err)
			}

			_, _ = io.Copy(io.Discard, stdout)

			if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("the demo ended with %v", cmd.ProcessState)
			}

			if !strings.Contains(s.stderr.String(), "demo: interrupted; nothing of the demo is left on this machine") {
				t.Errorf("the demo said: %s", s.stderr.String())
			}

			noFile(t, s.temp)
			noFile(t, s.home)
			noProcess(t, s.temp)
		})
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"none":        {nil, "both -provider and -cli are needed"},
		"no cli":      {[]string{"-provider", "x"}, "both -provider and -cli are needed"},
		"superfluous": {[]string{"-provider", "x", "-cli", "y", "z"}, `unexpected argument "z"`},
		"unknown":     {[]string{"-nonsense"}, "flag provided but not defined"},
		"no file":     {[]string{"-provider", "does-not-exist", "-cli", "y"}, "does-not-exist: no such file"},
		"help":        {[]string{"-h"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var stdout, stderr bytes.Buffer

			check(t, run(t.Context(), test.args, &stdout, &stderr), test.want)

			if !strings.Contains(stderr.String(), test.want) || stdout.Len() > 0 {
				t.Errorf("printed: %q and %q", stdout.String(), stderr.String())
			}
		})
	}
}

func TestFolderIsRemovedIfItCannotBeFilled(t *testing.T) {
	t.Parallel()

	parent := t.TempDir()
	for _, arguments := range [][2]string{{"does-not-exist", "."}, {"demo_test.go", t.TempDir()}} {
		if folder, err := newFolder(parent, arguments[0], arguments[1]); err == nil || folder != "" {
			t.Errorf("newFolder(%q) = %q, %v", arguments, folder, err)
		}
	}

	noFile(t, parent)
}

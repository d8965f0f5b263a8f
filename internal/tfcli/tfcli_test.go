// SPDX-License-Identifier: MPL-2.0

//go:build unix

package tfcli_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// shell returns a CLI that is really /bin/sh.
func shell(t *testing.T) *tfcli.CLI {
	t.Helper()
	cli, err := tfcli.New("/bin/sh", t.TempDir(), tfcli.DevOverrides("/p"))
	if err != nil {
		t.Fatal(err)
	}
	return cli
}

func TestRun(t *testing.T) {
	t.Parallel()
	cli := shell(t)
	cli.Env["MORE"] = "more"
	folder := t.TempDir()
	got, err := cli.Run(t.Context(), folder, "-c", "pwd; echo $MORE; echo err >&2; exit 2")
	if err != nil || got.ExitCode != 2 || got.Stdout != folder+"\nmore\n" || got.Stderr != "err\n" {
		t.Errorf("Run = %+v, %v", got, err)
	}
	if _, err := cli.Run(t.Context(), folder, "-c", "kill -9 $$"); err == nil || !strings.Contains(err.Error(), "sh -c kill") {
		t.Errorf("a killed program: %v", err)
	}
	cli.Path = filepath.Join(folder, "missing")
	if _, err := cli.Run(t.Context(), folder); err == nil {
		t.Error("no error for a missing program")
	}
}

func TestEnvironmentIsHermetic(t *testing.T) {
	t.Parallel()
	got, err := shell(t).Run(t.Context(), t.TempDir(), "-c", "env")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for line := range strings.Lines(got.Stdout) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"CHECKPOINT_DISABLE", "HOME", "PATH", "TF_CLI_CONFIG_FILE", "TF_INPUT", "TF_IN_AUTOMATION", "TMPDIR"}
	// A shell sets these itself.
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains([]string{"PWD", "OLDPWD", "SHLVL", "_"}, name) })
	if !slices.Equal(names, want) {
		t.Errorf("the environment has %q, want %q", names, want)
	}
}

// A program that ignores the interrupt is killed with its children; one that exits in time is not.
func TestRunInterruptsThenKills(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script, want string
		grace        time.Duration
	}{
		"ignores the interrupt": {"trap '' INT; sleep 600 & echo $! >child; mv child ready; wait; wait", "", 300 * time.Millisecond},
		"exits in time": {
			"trap 'echo finished; exit 1' INT; sleep 600 >/dev/null 2>&1 & echo $! >child; mv child ready; wait", "finished\n", time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			interrupted := false
			cli := shell(t)
			cli.Grace, cli.Interrupted = test.grace, func() { interrupted = true }
			ready := filepath.Join(folder, "ready")
			go func() {
				waitFor(func() bool { _, err := os.Stat(ready); return err == nil })
				cancel()
			}()
			start := time.Now()
			got, err := cli.Run(ctx, folder, "-c", test.script)
			if err == nil || !interrupted || got.Stdout != test.want {
				t.Errorf("Run = %+v, %v; interrupted: %v", got, err, interrupted)
			}
			if time.Since(start) > 30*time.Second {
				t.Error("the grace period was not kept")
			}
			child, err := os.ReadFile(ready)
			if err != nil {
				t.Fatal(err)
			}
			if !waitFor(func() bool { return !running(strings.TrimSpace(string(child))) }) {
				t.Error("the child is still running")
			}
		})
	}
}

// waitFor reports whether a condition became true within half a minute.
func waitFor(condition func() bool) bool {
	for range 3000 {
		if condition() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// running reports whether a process has a program. Only Linux shows that.
func running(pid string) bool {
	_, err := os.Readlink(filepath.Join("/proc", pid, "exe"))
	return err == nil
}

// A real CLI installs the provider from a mirror, and needs no `init` with an override.
func TestInstallation(t *testing.T) {
	t.Parallel()
	path, err := tfcli.Find()
	if err != nil {
		t.Skip(err)
	}
	program := filepath.Join(t.TempDir(), "terraform-provider-mlplatform")
	if err := os.WriteFile(program, []byte("not a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	mirror := filepath.Join(t.TempDir(), "mirror $x")
	if err := tfcli.FillMirror(mirror, program, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ installation, want string }{
		"mirror":        {tfcli.Mirror(mirror), "Installed mlplatform/mlplatform v1.2.3"},
		"dev overrides": {tfcli.DevOverrides(filepath.Dir(program)), "mlplatform/mlplatform in " + filepath.Dir(program)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cli, err := tfcli.New(path, t.TempDir(), test.installation)
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			config := "terraform {\n  required_providers {\n    mlplatform = { source = \"mlplatform/mlplatform\" }\n  }\n}\n"
			if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := cli.Run(t.Context(), folder, "init", "-no-color")
			if err != nil || !strings.Contains(got.Output(), test.want) {
				t.Errorf("init did not say %q: %v\n%s", test.want, err, got.Output())
			}
		})
	}
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]struct {
		version string
		at, not string
	}{
		"Terraform v1.0.0":             {"Terraform 1.0.0", "1.0.0", "1.0.1"},
		"Terraform v1.12.0-rc1":        {"Terraform 1.12.0-rc1", "1.12.0", "1.12.1"},
		"OpenTofu v1.12.6-dev\non x\n": {"OpenTofu 1.12.6-dev", "1.12.6", "1.13.0"},
	} {
		got, err := tfcli.ParseVersion(output)
		if err != nil || got.String() != want.version || !got.AtLeast(want.at) || got.AtLeast(want.not) {
			t.Errorf("ParseVersion(%q) = %s, %v", output, got, err)
		}
	}
	for _, output := range []string{"", "Terraform", "Pulumi v3.0.0", "Terraform vX"} {
		if got, err := tfcli.ParseVersion(output); err == nil {
			t.Errorf("ParseVersion(%q) = %s", output, got)
		}
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	path, err := tfcli.Find()
	if err != nil {
		t.Skip(err)
	}
	if got, err := tfcli.VersionOf(t.Context(), path); err != nil || !got.AtLeast("1.0.0") {
		t.Errorf("VersionOf(%s) = %s, %v", path, got, err)
	}
	if _, err := tfcli.VersionOf(t.Context(), "/bin/false"); err == nil {
		t.Error("no error from a program that fails")
	}
}

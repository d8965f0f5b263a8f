// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()

	got := environment([]string{
		"PATH=/bin", "HOME=/home/anna", "LANG=C",
		"TF_LOG=TRACE", "TF_CLI_ARGS=-lock=false", "TF_VAR_x=1", "TF_CLI_CONFIG_FILE=/home/anna/.terraformrc",
		"TOFU_X=1", "TERRAFORM_CONFIG=x", "OTEL_TRACES_EXPORTER=otlp", "TMPDIR=/elsewhere", "XDG_CONFIG_HOME=/elsewhere",
		"MLPLATFORM_TOKEN=of-anna", "MLPLATFORM_TOKEN_FILE=/secret", "MLPLATFORM_CA_CERT_FILE=/ca",
	}, "/demo", map[string]string{"MLPLATFORM_TOKEN": "of-the-demo", "MLPLATFORM_ENDPOINT": "http://127.0.0.1:1"})
	want := []string{
		"CHECKPOINT_DISABLE=1", "HOME=/home/anna", "LANG=C", "MLPLATFORM_ENDPOINT=http://127.0.0.1:1",
		"MLPLATFORM_TOKEN=of-the-demo", "PATH=/bin", "TF_CLI_CONFIG_FILE=" + filepath.Join("/demo", cliConfig),
		"TF_INPUT=0", "TF_IN_AUTOMATION=1", "TMPDIR=" + filepath.Join("/demo", scratch), "XDG_CONFIG_HOME=" + filepath.Join("/demo", scratch),
	}

	slices.Sort(got)

	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRunTellsTheStatus(t *testing.T) {
	t.Parallel()
	needShell(t)

	shell := &cli{path: "/bin/sh", grace: time.Second}

	output, status, err := shell.run(t.Context(), t.TempDir(), "-c", "echo out; echo err >&2; exit 2")
	if output != "out\nerr\n" || status != 2 || err != nil {
		t.Errorf("run = %q, %d, %v", output, status, err)
	}

	if _, _, err := shell.run(t.Context(), t.TempDir(), "-c", "kill -9 $$"); err == nil {
		t.Error("a killed process is no error")
	}
}

// A program that hears nothing is killed with its children; one that ends in time is not.
func TestRunInterruptsThenKills(t *testing.T) {
	t.Parallel()
	needShell(t)

	for name, test := range map[string]struct {
		script, want string
		grace        time.Duration
		slow         bool
	}{
		"stubborn": {"trap '' INT; sleep 600 & echo ready >ready; wait; wait", "", 300 * time.Millisecond, true},
		"obedient": {"trap 'echo finished; exit 1' INT; sleep 600 >/dev/null 2>&1 & echo ready >ready; wait", "finished\n", time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			folder := shortTempDir(t)
			ctx, cancel := context.WithCancel(t.Context())
			told := false
			shell := &cli{path: "/bin/sh", grace: test.grace, onInterrupt: func() { told = true }}

			go func() {
				waitFor(func() bool { _, err := os.Stat(filepath.Join(folder, "ready")); return err == nil })
				cancel()
			}()

			start := time.Now()
			output, _, err := shell.run(ctx, folder, "-c", test.script)

			if err == nil || !told || output != test.want {
				t.Errorf("run = %q, %v; told of the interrupt: %v", output, err, told)
			}

			if time.Since(start) > 30*time.Second {
				t.Error("the grace period was not kept")
			}

			noProcess(t, folder)
		})
	}
}

func needShell(t *testing.T) {
	t.Helper()

	if runtime.GOOS == "windows" {
		t.Skip("needs a shell and signals")
	}
}

// waitFor gives up after a while, so that a test that waits fails by what it checks next.
func waitFor(condition func() bool) {
	for range 3000 {
		if condition() {
			return
		}

		time.Sleep(10 * time.Millisecond)
	}
}

// shortTempDir is a temporary folder with a path short enough for the sockets of plugins.
func shortTempDir(t *testing.T) string {
	t.Helper()

	folder, err := os.MkdirTemp("", "mlp")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})

	// As the kernel tells it.
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		t.Fatal(err)
	}

	return folder
}

// noProcess checks that no process works in a folder or runs a program of it. Only Linux shows that.
func noProcess(t *testing.T, folder string) {
	t.Helper()

	links, err := filepath.Glob("/proc/[0-9]*/[ce][wx][de]")
	if err != nil {
		t.Fatal(err)
	}

	if runtime.GOOS == "linux" && len(links) == 0 {
		t.Error("/proc shows no process")
	}

	for _, link := range links {
		// A folder that is gone is shown with a note behind it. The process may be gone too.
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, folder) {
			t.Errorf("the process %s is left behind (%s)", strings.Split(link, "/")[2], target)
		}
	}
}

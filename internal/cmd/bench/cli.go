// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// bench runs a CLI in a folder for each subject.
type bench struct {
	cli, providers, folder string
	server                 *emulator.Server
}

// prepare applies a configuration, so that the plans that are timed find nothing to do.
func (b *bench) prepare(ctx context.Context, name, config string) error {
	dir := filepath.Join(b.folder, name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	const header = "terraform {\n  required_providers {\n    mlplatform = { source = \"mlplatform/mlplatform\" }\n  }\n}\n"
	if strings.Contains(config, own) {
		config = header + config
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		return err
	}
	settings := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"mlplatform/mlplatform\" = %[1]q\n"+
		"    \"hashicorp/time\" = %[1]q\n  }\n}\n", b.providers)
	if err := os.WriteFile(filepath.Join(b.folder, "cli.tfrc"), []byte(settings), 0o600); err != nil {
		return err
	}
	return b.command(ctx, name, "apply", "-auto-approve", "-parallelism=50").Run()
}

// plan times a plan and finds the provider's peak memory.
func (b *bench) plan(ctx context.Context, name string) (took time.Duration, peak int64, err error) {
	cmd := b.command(ctx, name, "plan", "-detailed-exitcode")
	done, peaks := make(chan struct{}), make(chan int64)
	go func() { peaks <- watchMemory(done) }()
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	close(done)
	return took, <-peaks, err
}

func (b *bench) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.cli, args...)
	cmd.Dir = filepath.Join(b.folder, name)
	cmd.Stderr = os.Stderr
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.folder, "TMPDIR=" + os.TempDir(), "CHECKPOINT_DISABLE=1",
		"TF_CLI_CONFIG_FILE=" + filepath.Join(b.folder, "cli.tfrc"), "TF_IN_AUTOMATION=1",
		"MLPLATFORM_ENDPOINT=" + b.server.Endpoint(), "MLPLATFORM_TOKEN=" + b.server.AdminToken(),
	}
	return cmd
}

// watchMemory looks for the provider's process until it is told to stop, and returns the most memory that it had in
// bytes. It knows Linux's /proc; elsewhere it returns 0.
func watchMemory(done <-chan struct{}) int64 {
	var peak int64
	ticker := time.NewTicker(100 * time.Millisecond) // the kernel keeps the peak; to look often would cost what is measured
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return peak
		case <-ticker.C:
			files, err := filepath.Glob("/proc/[0-9]*/exe")
			if err != nil {
				continue
			}
			for _, file := range files {
				if program, err := os.Readlink(file); err == nil && filepath.Base(program) == "terraform-provider-mlplatform" {
					peak = max(peak, highWater(filepath.Dir(file)))
				}
			}
		}
	}
}

// highWater reads the most memory that a process ever had.
func highWater(process string) int64 {
	status, err := os.ReadFile(filepath.Join(process, "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kibibytes, _ := strconv.ParseInt(fields[1], 10, 64)
			return kibibytes << 10
		}
	}
	return 0
}

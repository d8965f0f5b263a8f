// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

const (
	// latency is that of a service in another city.
	latency = 50 * time.Millisecond
	// foreign is how many tokens the service holds besides those that Terraform manages.
	foreign = 9_000

	own    = "mlplatform_access_token"
	tokens = `terraform {
  required_providers {
    mlplatform = { source = "mlplatform/mlplatform" }
  }
}

resource "mlplatform_access_token" "x" {
  count = %d
  name  = "bench-${count.index}"
  ttl   = "90d"
}
`
)

// subject is a kind of resource, or a build of a provider.
type subject struct {
	name      string
	config    string // %d is the number of resources
	providers string // folder
}

// measurement is a workspace of a subject in which all resources exist, and what was measured.
type measurement struct {
	subject
	cli     *tfcli.CLI
	folder  string
	service *emulator.Server
	seconds []float64 // of each plan
	cpu     []float64 // seconds of the CLI and the provider
	peak    int64     // memory of the provider, in bytes
}

func prepare(ctx context.Context, path, folder string, s subject, count int) (m *measurement, err error) {
	if s.providers, err = filepath.Abs(s.providers); err != nil {
		return nil, err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	service, err := emulator.Start(emulator.Options{Latency: latency, Unchecked: true})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			service.Close()
		}
	}()
	m = &measurement{subject: s, folder: folder, service: service}
	for i := range foreign {
		if _, _, err := service.Seed(emulator.SeedToken{Name: fmt.Sprintf("foreign-%d", i)}); err != nil {
			return nil, err
		}
	}
	if m.cli, err = tfcli.New(path, folder, tfcli.DevOverrides(s.providers, "hashicorp/time")); err != nil {
		return nil, err
	}
	m.cli.Env["MLPLATFORM_ENDPOINT"], m.cli.Env["MLPLATFORM_TOKEN"] = service.Endpoint(), service.AdminToken()
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), fmt.Appendf(nil, s.config, count), 0o600); err != nil {
		return nil, err
	}
	if _, err := m.run(ctx, "apply", "-auto-approve", "-parallelism=50"); err != nil {
		return nil, err
	}
	service.ResetJournal()
	return m, nil
}

// plan times a plan, which must be empty, and measures the provider's peak memory.
func (m *measurement) plan(ctx context.Context) error {
	done, peak := make(chan struct{}), make(chan int64)
	go func() { peak <- watchMemory(m.providers, done) }()
	start := time.Now()
	cpu, err := m.run(ctx, "plan", "-detailed-exitcode")
	m.cpu = append(m.cpu, cpu.Seconds())
	m.seconds = append(m.seconds, time.Since(start).Seconds())
	close(done)
	m.peak = max(m.peak, <-peak)
	return err
}

func (m *measurement) run(ctx context.Context, args ...string) (time.Duration, error) {
	result, err := m.cli.Run(ctx, m.folder, args...)
	if err == nil && result.ExitCode != 0 {
		err = fmt.Errorf("%s of %s exited with status %d:\n%s", args[0], m.name, result.ExitCode, result.Output())
	}
	return result.CPU, err
}

// watchMemory returns the peak memory, in bytes, of the programs of a folder that run until done. Without Linux's /proc
// it returns 0.
func watchMemory(folder string, done <-chan struct{}) int64 {
	var peak int64
	ticker := time.NewTicker(100 * time.Millisecond) // the kernel keeps the peak; frequent reads would disturb the measurement
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return peak
		case <-ticker.C:
			files, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is valid
			for _, file := range files {
				if program, err := os.Readlink(file); err == nil && filepath.Dir(program) == folder {
					peak = max(peak, peakMemory(filepath.Dir(file)))
				}
			}
		}
	}
}

func peakMemory(process string) int64 {
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

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

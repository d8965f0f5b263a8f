// SPDX-License-Identifier: MPL-2.0

// Command bench times a plan, with its refresh, of many access tokens against the emulator, side by side with as many
// resources that cost no request: the builtin terraform_data, and time_static of hashicorp/time, a provider on the same
// framework. It prints ratios, because seconds differ from machine to machine.
//
// It is run by `make bench`, which builds the two providers into one folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

const (
	// latency is that of a service in another city.
	latency = 50 * time.Millisecond
	// foreign is how many tokens the service holds besides those under Terraform.
	foreign = 9_000
)

// subjects are the resources that are compared; each %d is the count.
var subjects = []struct{ name, config string }{
	{"terraform_data", "resource \"terraform_data\" \"x\" {\n  count = %d\n  input = count.index\n}\n"},
	{"time_static", "resource \"time_static\" \"x\" {\n  count = %d\n}\n"},
	{"mlplatform_access_token", "resource \"mlplatform_access_token\" \"x\" {\n  count = %d\n  name  = \"bench-${count.index}\"\n  ttl   = \"90d\"\n}\n"},
}

// own is the subject that this project answers for.
const own = "mlplatform_access_token"

func main() {
	cli := flag.String("cli", "terraform", "Terraform CLI to run")
	providers := flag.String("providers", "build/bench", "folder with the programs of both providers")
	runs := flag.Int("runs", 5, "plans of each kind; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *cli, *providers, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be cleared away
	}
}

func run(ctx context.Context, out io.Writer, cli, providers string, runs int) error {
	folder, err := os.MkdirTemp("", "mlplatform-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if providers, err = filepath.Abs(providers); err != nil {
		return err
	}
	fmt.Fprintf(out, "Plans with refresh, median of %d; the service answers after %v and holds %d more tokens.\n\n", runs, latency, foreign)
	fmt.Fprintf(out, "%6s  %-24s %9s  %s\n", "count", "resource", "plan", "of the provider")
	for _, count := range []int{10, 100, 1000} {
		if err := compare(ctx, out, &bench{cli: cli, providers: providers, folder: folder}, count, runs); err != nil {
			return err
		}
	}
	return nil
}

// compare times the subjects in turn, so that what else the machine does meets all of them.
func compare(ctx context.Context, out io.Writer, b *bench, count, runs int) error {
	server, err := emulator.Start(emulator.Options{Latency: latency, Unchecked: true})
	if err != nil {
		return err
	}
	defer server.Close()
	for i := range foreign {
		if _, _, err := server.Seed(emulator.SeedToken{Name: fmt.Sprintf("foreign-%d", i)}); err != nil {
			return err
		}
	}
	b.server = server
	times := map[string][]time.Duration{}
	for _, subject := range subjects {
		if err := b.prepare(ctx, subject.name, fmt.Sprintf(subject.config, count)); err != nil {
			return err
		}
	}
	server.ResetJournal()
	var memory int64
	for range runs {
		for _, subject := range subjects {
			took, peak, err := b.plan(ctx, subject.name)
			if err != nil {
				return err
			}
			times[subject.name] = append(times[subject.name], took)
			if subject.name == own {
				memory = max(memory, peak)
			}
		}
	}
	requests := float64(len(server.Journal())) / float64(runs)
	for _, subject := range subjects {
		note := ""
		if subject.name == own {
			note = fmt.Sprintf("%.1f requests a plan, at most %d MiB", requests, memory>>20)
		}
		fmt.Fprintf(out, "%6d  %-24s %8.2fs  %s\n", count, subject.name, median(times[subject.name]).Seconds(), note)
	}
	ratio := func(other string) float64 { return median(times[own]).Seconds() / median(times[other]).Seconds() }
	fmt.Fprintf(out, "%6s  %s is %.2f of time_static and %.2f of terraform_data\n\n", "", own, ratio("time_static"), ratio("terraform_data"))
	return nil
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// SPDX-License-Identifier: MPL-2.0

// Command bench times a plan, with its refresh, of many access tokens against the emulator, side by side with the same
// number of other resources: the builtin terraform_data; time_static of hashicorp/time, a provider on the same framework
// that sends no requests; and the bare protocol, which is the limit for any plugin. It prints ratios, because seconds
// differ from machine to machine.
//
// `make bench` builds the programs and runs it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

func main() {
	path := flag.String("cli", "", "`path` of terraform or tofu (default: the one on PATH)")
	providers := flag.String("providers", "build/bench", "`folder` with this provider and terraform-provider-time")
	bare := flag.String("bare", "build/bench/bare", "`folder` with the bare protocol as terraform-provider-mlplatform")
	baseline := flag.String("baseline", "", "`folder` with another build of this provider to compare with")
	counts := flag.String("counts", "10,100,1000", "numbers of resources")
	runs := flag.Int("runs", 5, "plans of each kind; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	subjects := []subject{
		{name: "terraform_data", providers: *providers, config: "resource \"terraform_data\" \"x\" {\n  count = %d\n  input = count.index\n}\n"},
		{name: "time_static", providers: *providers, config: "resource \"time_static\" \"x\" {\n  count = %d\n}\n"},
		{name: "bare protocol", providers: *bare, config: tokens},
	}
	if *baseline != "" {
		subjects = append(subjects, subject{name: "baseline", providers: *baseline, config: tokens})
	}
	subjects = append(subjects, subject{name: own, providers: *providers, config: tokens})
	if err := run(ctx, *path, subjects, strings.Split(*counts, ","), *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // everything is cleaned up
	}
}

func run(ctx context.Context, path string, subjects []subject, counts []string, runs int) error {
	found, err := tfcli.Find()
	if path = cmp.Or(path, found); path == "" {
		return err
	}
	version, err := tfcli.VersionOf(ctx, path)
	if err != nil {
		return err
	}
	fmt.Printf("Plans with refresh by %s, median of %d. The service answers after %v and holds %d more tokens.\n"+
		"Goals at 1,000: at most 0.45 of time_static, 1.4 of the bare protocol, 220 MiB.\n\n", version, runs, latency, foreign)
	fmt.Printf("%6s  %-24s %8s %8s %8s %9s\n", "count", "resource", "plan", "CPU", "memory", "requests")
	for _, text := range counts {
		count, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		if err := compare(ctx, path, subjects, count, runs); err != nil {
			return err
		}
	}
	return nil
}

// compare times the subjects in turn, so that what else the machine does affects all of them.
func compare(ctx context.Context, path string, subjects []subject, count, runs int) (err error) {
	folder, err := os.MkdirTemp("", "mlp-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	measured := []*measurement{}
	for i, subject := range subjects {
		m, err := prepare(ctx, path, filepath.Join(folder, strconv.Itoa(i)), subject, count)
		if err != nil {
			return err
		}
		defer m.service.Close()
		measured = append(measured, m)
	}
	for range runs {
		for _, m := range measured {
			if err := m.plan(ctx); err != nil {
				return err
			}
		}
	}
	for _, m := range measured {
		requests := float64(len(m.service.Journal())) / float64(runs)
		fmt.Printf("%6d  %-24s %7.2fs %7.2fs %4d MiB %9.1f\n", count, m.name, median(m.seconds), median(m.cpu), m.peak>>20, requests)
	}
	ours := measured[len(measured)-1]
	for _, other := range measured[:len(measured)-1] {
		fmt.Printf("%6s  %.2f of %s, %.2f of its CPU time\n", "", ratio(ours.seconds, other.seconds), other.name, ratio(ours.cpu, other.cpu))
	}
	fmt.Println()
	return nil
}

// ratio returns the median ratio of the turns, in each of which the machine did much the same.
func ratio(ours, others []float64) float64 {
	ratios := []float64{}
	for i := range ours {
		ratios = append(ratios, ours[i]/others[i])
	}
	return median(ratios)
}

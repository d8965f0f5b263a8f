// SPDX-License-Identifier: MPL-2.0

// Command demo walks through the provider with a real Terraform or OpenTofu against the emulated token service:
// install, apply, plan again, import, destroy. It verifies after each step what the service holds, and ends with a
// non-zero status where that is wrong. It prints no value of a token.
//
// Whatever it starts and writes is gone when it ends, also when it is interrupted. `make demo` builds and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	// SIGPIPE too: a reader that goes away, as in `make demo | head`, would otherwise end the process with nothing
	// cleaned up.
	ctx, stop := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)

	stop()

	if err != nil {
		os.Exit(1)
	}
}

// settings say what is shown, and with what.
type settings struct {
	provider string        // built provider
	cli      string        // Terraform or OpenTofu
	example  string        // folder of the configuration that is applied
	environ  []string      // environment to give on, as os.Environ returns it
	grace    time.Duration // how long an interrupted CLI may take to end before it is killed

	// For tests.
	temp  string              // folder for the temporary folder; empty: the system's
	after func(*demo, string) // called after each step with its name
}

// run reads the arguments and runs the demo. It has reported the error that it returns.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := settings{environ: os.Environ(), grace: 15 * time.Second}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&set.provider, "provider", "", "`path` of the built provider")
	flags.StringVar(&set.cli, "cli", "", "`path` of terraform or tofu")
	flags.StringVar(&set.example, "example", "examples/quickstart", "`folder` of the configuration to apply")

	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}

	switch {
	case err != nil:
		return err // flags has printed it
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case set.provider == "" || set.cli == "":
		err = errors.New("both -provider and -cli are needed; `make demo` gives them")
	}

	if err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return err
	}

	return show(ctx, set, stdout, stderr)
}

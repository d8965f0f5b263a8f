// SPDX-License-Identifier: MPL-2.0

// Command emulator runs the in-memory ML Platform token service on a loopback address.
//
// It prints two lines for a shell, which point the provider at it, and runs until it is interrupted:
//
//	go run ./internal/cmd/emulator -listen 127.0.0.1:8080
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)

	stop()

	if err != nil {
		fmt.Fprintln(os.Stderr, "emulator:", err)
		os.Exit(1)
	}
}

// run serves until the context ends. Being asked to end is how it ends well.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	flags.SetOutput(stderr)

	listen := flags.String("listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 takes a free one")
	verbose := flags.Bool("v", false, "write each request to standard error")

	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}

		return err
	}

	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	opts := emulator.Options{Addr: *listen}
	if *verbose {
		opts.OnRequest = requestLog(stderr)
	}

	srv, err := emulator.Start(opts)
	if err != nil {
		return err
	}
	defer srv.Close()

	// The one place where a value is printed, because this token is good for nothing else.
	if _, err := fmt.Fprintf(stdout, "export MLPLATFORM_ENDPOINT=%s\nexport MLPLATFORM_TOKEN=%s\n",
		quote(srv.Endpoint()), quote(srv.AdminToken())); err != nil {
		return err
	}

	fmt.Fprintln(stderr, "The emulated token service is running. Ctrl-C ends it, and all it holds is gone then.")
	<-ctx.Done()

	return nil
}

// requestLog writes a line for each request, from several at a time.
func requestLog(w io.Writer) func(emulator.Request) {
	var mu sync.Mutex

	return func(r emulator.Request) {
		mu.Lock()
		defer mu.Unlock()

		// Escaped, because a path may hold line breaks and what a terminal takes for a command.
		fmt.Fprintln(w, r.Method, (&url.URL{Path: r.Path}).EscapedPath(), r.Status)
	}
}

// quote makes a text safe for a shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

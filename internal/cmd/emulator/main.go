// SPDX-License-Identifier: MPL-2.0

// Command emulator runs the in-memory ML Platform token service on a loopback address.
//
// It prints two shell lines that configure the provider to use it, and runs until it is interrupted:
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

// run serves until the context is cancelled. Cancellation is a normal exit.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 selects a free port")
	dialect := flags.String("dialect", "", "comma-separated `names` of spellings that differ from the contract, or all:\n"+emulator.AllDialects.String())
	verbose := flags.Bool("v", false, "log each request to standard error")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	spellings, err := emulator.ParseDialect(*dialect)
	if err != nil {
		return err
	}
	opts := emulator.Options{Addr: *listen, Dialect: spellings}
	if *verbose {
		opts.OnRequest = requestLog(stderr)
	}
	srv, err := emulator.Start(opts)
	if err != nil {
		return err
	}
	defer srv.Close()

	// The only place that prints a token value: this token works with this emulator only.
	if _, err := fmt.Fprintf(stdout, "export MLPLATFORM_ENDPOINT=%s\nexport MLPLATFORM_TOKEN=%s\n",
		quote(srv.Endpoint()), quote(srv.AdminToken())); err != nil {
		return err
	}
	fmt.Fprintln(stderr, "The emulated token service is running. Press Ctrl-C to stop it; its state is not saved.")
	<-ctx.Done()
	return nil
}

// requestLog returns a function that writes a line for each request. It is safe for concurrent use.
func requestLog(w io.Writer) func(emulator.Request) {
	var mu sync.Mutex
	return func(r emulator.Request) {
		mu.Lock()
		defer mu.Unlock()

		// Escaped because a path may contain line breaks or terminal escape sequences.
		fmt.Fprintln(w, r.Method, (&url.URL{Path: r.Path}).EscapedPath(), r.Status)
	}
}

// quote quotes a string for a shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// SPDX-License-Identifier: MPL-2.0

// Command observe shows what a client of the token service sends, and compares it with the contract.
//
// It is an HTTPS proxy on loopback that responds to the service's hosts from the emulator. It runs the calls of the
// vendor's Python library, or any other program, behind the proxy. The report has keys, types and lengths, never values.
//
//	go run ./internal/cmd/observe -library mlplatform_client.tar.gz
//	go run ./internal/cmd/observe -- curl https://msk.cloud.vk.ru/infra/mlplatform/v1_0/auth/whoami
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// Exit statuses.
const (
	exitSame = iota
	exitDifferent
	exitFailed
)

const usage = `The vendor's Python library shows what the service understands. Fetch it and observe it:

  curl -O https://mlplatform.hb.ru-msk.vkcloud-storage.ru/mlplatform_client.tar.gz
  make observe LIBRARY=mlplatform_client.tar.gz

To observe another program, run it behind the proxy (quit with Ctrl-C for the report):

  go run ./internal/cmd/observe -- curl https://msk.cloud.vk.ru/infra/mlplatform/v1_0/auth/whoami

or set these in its environment. A browser takes the proxy and the CA certificate in its settings. The token works with
the emulator only.

`

// options are the command line.
type options struct {
	library, report, python string
	forward                 bool
	command                 []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run observes and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitSame
	}
	if err == nil {
		var different int
		if different, err = observe(ctx, opts, stdout); err == nil && different > 0 {
			return exitDifferent
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "observe:", err)
		return exitFailed
	}
	return exitSame
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("observe", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.library, "library", "", "`archive` of the Python library to install and observe")
	flags.StringVar(&opts.report, "report", "contract-report.md", "`file` to write the report to")
	flags.StringVar(&opts.python, "python", "python3", "Python `program` to make the virtual environment with")
	flags.BoolVar(&opts.forward, "forward", false, "pass requests on to the live service; with -library, MLPLATFORM_TOKEN must be\nan ADMIN token, and a token is created and deleted")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	if opts.command = flags.Args(); opts.library != "" && len(opts.command) > 0 {
		return opts, errors.New("-library and a command exclude each other")
	}
	if opts.forward && opts.library != "" && os.Getenv("MLPLATFORM_TOKEN") == "" {
		return opts, errors.New("-forward with -library needs MLPLATFORM_TOKEN, the value of an ADMIN token")
	}
	return opts, nil
}

// observe runs what is to be observed, writes the report and returns the number of differences.
func observe(ctx context.Context, opts options, stdout io.Writer) (int, error) {
	var upstream http.RoundTripper
	if opts.forward {
		upstream = http.DefaultTransport
	}
	o, err := start(upstream, os.Getenv("MLPLATFORM_TOKEN"))
	if err != nil {
		return 0, err
	}
	defer o.close()
	about := "The emulator responded."
	if opts.forward {
		about = "The live service responded."
	}
	switch {
	case opts.library != "":
		library, err := o.runLibrary(ctx, opts.python, opts.library)
		if err != nil {
			return 0, err
		}
		about += " " + library
	case len(opts.command) > 0:
		if err := o.runCommand(ctx, opts.command, stdout); err != nil {
			return 0, err
		}
	default:
		fmt.Fprint(stdout, usage)
		for _, setting := range o.environment() {
			name, value, _ := strings.Cut(setting, "=")
			fmt.Fprintf(stdout, "  export %s='%s'\n", name, value)
		}
		<-ctx.Done()
		fmt.Fprintln(stdout)
	}
	rows := o.compare()
	if len(rows) == 0 {
		return 0, errors.New("no request was observed")
	}
	return report(rows, about, opts.report, stdout)
}

// runCommand runs a program behind the proxy. Its exit status does not matter.
func (o *observer) runCommand(ctx context.Context, command []string, stdout io.Writer) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), o.environment()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, os.Stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("running the command: %w", err)
	}
	return nil
}

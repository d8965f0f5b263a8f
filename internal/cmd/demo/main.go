// SPDX-License-Identifier: MPL-2.0

// Command demo shows the provider at work with a real Terraform or OpenTofu and an emulator of the token service:
// install, apply, plan, rotate, import, destroy. It checks after each step which tokens the service holds and exits with
// an error if they are not the expected ones. It prints no token value and removes what it created, even if interrupted.
//
// `make demo` builds and runs it.
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
	"syscall"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// mirrorVersion is the version that `init` installs. The examples accept it.
const mirrorVersion = "0.1.0"

func main() {
	program := flag.String("provider", "build/terraform-provider-mlplatform", "`path` of the built provider")
	path := flag.String("cli", "", "`path` of terraform or tofu (default: the one on PATH)")
	example := flag.String("example", "examples/quickstart", "`folder` of the configuration to apply")
	grace := flag.Duration("grace", 15*time.Second, "how long an interrupted CLI may take to exit")
	flag.Parse()
	// SIGPIPE too: otherwise `make demo | head` would end the process before it has cleaned up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	out := &screen{out: os.Stdout, colored: isColored(os.Stdout)}
	err := run(ctx, out, *program, *path, *example, *grace)
	if ctx.Err() != nil {
		err = errors.Join(errors.New("interrupted"), err)
	}
	if err != nil {
		out.out, out.colored = os.Stderr, isColored(os.Stderr)
		out.failure("demo: " + err.Error())
		os.Exit(1) //nolint:gocritic // everything is cleaned up
	}
}

// run runs the demo in a temporary folder, which is gone when it returns.
func run(ctx context.Context, out *screen, program, path, example string, grace time.Duration) (err error) {
	if path == "" {
		if path, err = tfcli.Find(); err != nil {
			return err
		}
	}
	clock := emulator.NewClock(time.Now().Truncate(time.Second))
	service, err := emulator.Start(emulator.Options{Clock: clock.Now})
	if err != nil {
		return err
	}
	defer service.Close()
	out.values = service.IssuedValues
	folder, err := os.MkdirTemp("", "mlp-demo-") // short, because the path of a socket is
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	mirror := filepath.Join(folder, "mirror")
	if err := tfcli.FillMirror(mirror, program, mirrorVersion); err != nil {
		return fmt.Errorf("%w (`make build` builds the provider)", err)
	}
	cli, err := tfcli.New(path, folder, tfcli.Mirror(mirror))
	if err != nil {
		return err
	}
	cli.Grace = grace
	cli.Interrupted = func() { fmt.Fprintf(os.Stderr, "Interrupted. Waiting for %s to exit.\n", filepath.Base(path)) }
	cli.Env["MLPLATFORM_ENDPOINT"], cli.Env["MLPLATFORM_TOKEN"] = service.Endpoint(), service.AdminToken()
	// The CLI may be the shim of a version manager, which needs the user's home. OpenTofu would create a folder in it.
	cli.Env["HOME"], cli.Env["XDG_CONFIG_HOME"] = cmp.Or(os.Getenv("HOME"), folder), folder
	d := &demo{screen: out, cli: cli, service: service, clock: clock, folder: folder}
	return d.run(ctx, example)
}

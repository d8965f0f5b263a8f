// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// demo is one run.
type demo struct {
	settings
	out      *printer
	service  *emulator.Server
	folder   string // temporary; everything that is written is in it
	terminal *cli

	own, adopted emulator.Token // the provider's token, and the one that somebody made by hand
	applied      time.Time      // just before the apply
}

// The names of the steps, for tests that interfere after one of them.
const (
	stepStart   = "start"
	stepInstall = "install"
	stepApply   = "apply"
	stepReplan  = "replan"
	stepImport  = "import"
	stepDestroy = "destroy"
	stepEnd     = "end"
)

// show runs the demo, cleans up after it, and reports an error.
func show(ctx context.Context, set settings, stdout, stderr io.Writer) error {
	d := &demo{settings: set, out: &printer{w: stdout}}
	err := d.start(stderr)

	if err == nil {
		err = d.steps(ctx)
	}

	if cleanup := d.stop(); cleanup != nil {
		err = errors.Join(err, fmt.Errorf("cleaning up failed: %w", cleanup))
	} else if ctx.Err() != nil {
		err = errors.New("interrupted; nothing of the demo is left on this machine")
	}

	if err == nil {
		d.out.text("Every step left the service as it should be. Nothing of the demo is left on this machine.")
		err = d.out.trouble()
	}

	if err != nil {
		// The values outlive the emulator, so this line is checked like any other.
		report := &printer{w: stderr, values: d.out.values}
		report.text("demo: " + err.Error())
	}

	return err
}

// start makes what the steps need.
func (d *demo) start(stderr io.Writer) error {
	var err error
	for _, path := range []*string{&d.provider, &d.cli, &d.example} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}

		if _, err = os.Stat(*path); err != nil {
			return err
		}
	}

	if d.service, err = emulator.Start(emulator.Options{}); err != nil {
		return err
	}

	d.out.values = d.service.IssuedValues
	d.own = d.service.Tokens()[0]

	if d.adopted, _, err = d.service.Seed(emulator.SeedToken{Name: adoptedName, Issuer: "anna@example.com"}); err != nil {
		return err
	}

	if d.folder, err = newFolder(d.temp, d.provider, d.example); err != nil {
		return err
	}

	d.terminal = &cli{
		path:  d.cli,
		grace: d.grace,
		env: environment(d.environ, d.folder, map[string]string{
			"MLPLATFORM_ENDPOINT": d.service.Endpoint(),
			"MLPLATFORM_TOKEN":    d.service.AdminToken(),
		}),
		onInterrupt: func() {
			fmt.Fprintf(stderr, "Waiting for %s to end.\n", filepath.Base(d.cli))
		},
	}

	return nil
}

// stop removes what start made. The CLI has ended by now.
func (d *demo) stop() error {
	if d.service != nil {
		d.service.Close()
	}

	if d.folder == "" {
		return nil
	}

	return os.RemoveAll(d.folder)
}

// steps runs one step after the other until one fails.
func (d *demo) steps(ctx context.Context) error {
	for i, step := range []struct {
		name, title string
		run         func(context.Context) error
	}{
		{stepStart, "The token service", d.introduce},
		{stepInstall, "Install the provider", d.install},
		{stepApply, "Apply examples/quickstart", d.apply},
		{stepReplan, "Plan again: there is nothing to do", d.replan},
		{stepImport, "Adopt the token that was made by hand", d.adopt},
		{stepDestroy, "Destroy both", d.destroy},
		{stepEnd, "What is left", d.remains},
	} {
		d.out.heading(i+1, step.title)

		err := step.run(ctx)
		if err == nil {
			err = d.out.trouble()
		}

		if err != nil {
			return fmt.Errorf("step %d failed: %w", i+1, err)
		}

		if d.after != nil {
			d.after(d, step.name)
		}
	}

	return d.contractKept()
}

// contractKept tells whether all requests and answers were as the OpenAPI document says.
func (d *demo) contractKept() error {
	if violations := d.service.Violations(); len(violations) > 0 {
		return fmt.Errorf("a request or an answer was not as openapi.yaml says: %s", violations[0])
	}

	return nil
}

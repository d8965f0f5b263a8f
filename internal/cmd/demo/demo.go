// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

const (
	quickstart = "quickstart" // folder of the first configuration
	imported   = "import"     // folder of the second one
	byHand     = "made-by-hand"
	day        = 24 * time.Hour
)

const importConfig = `terraform {
  required_providers {
    mlplatform = { source = "mlplatform/mlplatform" }
  }
}

resource "mlplatform_access_token" "imported" {
  name = "made-by-hand"
}
`

type demo struct {
	*screen
	cli     *tfcli.CLI
	service *emulator.Server
	clock   *emulator.Clock
	folder  string
}

// token is a line of the table of tokens.
type token struct{ name, role, expires string }

func (d *demo) run(ctx context.Context, example string) error {
	for i, step := range []struct {
		title string
		run   func(context.Context) error
	}{
		{"The token service", d.introduce},
		{"Install the provider", func(ctx context.Context) error { return d.install(ctx, example) }},
		{"Create tokens", d.create},
		{"Plan again", d.planAgain},
		{"Rotate a token before it expires", d.rotate},
		{"Import a token that was created elsewhere", d.importToken},
		{"Destroy everything", d.destroy},
	} {
		d.heading(fmt.Sprintf("%d. %s", i+1, step.title))
		if err := errors.Join(step.run(ctx), d.err); err != nil {
			return fmt.Errorf("step %d failed: %w", i+1, err)
		}
	}
	if violations := d.service.Violations(); len(violations) > 0 {
		return fmt.Errorf("a request or response did not conform to openapi.yaml: %s", violations[0])
	}
	d.heading("What to try next")
	d.text(`make install                    Install the provider; README.md shows a first configuration.
go run ./internal/cmd/emulator  Start the emulator and try configurations of your own against it.
examples/rotation               Rotate a token while the old one keeps working.
examples/handover               Hand a token to a colleague without its value in any state.
docs/guides                     What the provider guarantees, rotation, secrets, imports.`)
	return d.err
}

func (d *demo) introduce(context.Context) error {
	if _, _, err := d.service.Seed(emulator.SeedToken{Name: byHand, Issuer: "anna@example.com"}); err != nil {
		return err
	}
	d.text("An emulator of the ML Platform token service is running on this machine. No data leaves the machine.",
		"The service holds the provider's own token, and one that a colleague created in the management console:")
	return d.holds()
}

func (d *demo) install(ctx context.Context, example string) error {
	files, err := filepath.Glob(filepath.Join(example, "*.tf"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no configuration in %s", example)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := d.write(quickstart, filepath.Base(file), string(content)); err != nil {
			return err
		}
	}
	d.text("The provider is in a folder where `init` finds it, as after `make install`.")
	return d.terraform(ctx, quickstart, "init")
}

func (d *demo) create(ctx context.Context) error {
	d.text("The configuration is examples/quickstart: two access tokens, and a register token that a colleague can redeem.")
	if err := d.terraform(ctx, quickstart, "apply", "-auto-approve"); err != nil {
		return err
	}
	found, err := leakcheck.New(d.service.IssuedValues()...).FindInFolder(filepath.Join(d.folder, quickstart))
	if err != nil {
		return err
	}
	for _, finding := range found {
		if finding.File != "terraform.tfstate" {
			return fmt.Errorf("a token's value is outside of the state: %s", finding)
		}
	}
	d.text("The values of the new tokens are in the state, terraform.tfstate, and nowhere else on the disk.")
	return d.holds(d.quickstartTokens()...)
}

// quickstartTokens are the tokens of a fresh apply of examples/quickstart.
func (d *demo) quickstartTokens() []token {
	return []token{
		{"nightly-etl", "USER", d.in(30 * day)}, {"platform-admin", "ADMIN", "never"},
		{"notebook-anna (to redeem)", "USER", d.in(8 * time.Hour)},
	}
}

func (d *demo) planAgain(ctx context.Context) error {
	if err := d.planIsEmpty(ctx, quickstart); err != nil {
		return err
	}
	return d.holds(d.quickstartTokens()...)
}

func (d *demo) rotate(ctx context.Context) error {
	d.clock.Advance(24 * day)
	d.text("24 days pass on the emulator's clock. nightly-etl has 6 days left, less than its rotate_before of 7 days.",
		"The register token has expired, unredeemed; nobody asked for another one.")
	if err := d.holds(token{"nightly-etl", "USER", d.in(6 * day)}, token{"platform-admin", "ADMIN", "never"}); err != nil {
		return err
	}
	if err := d.terraform(ctx, quickstart, "apply", "-auto-approve"); err != nil {
		return err
	}
	d.text("A new nightly-etl, with a new value, is valid for 30 days from now:")
	if err := d.holds(d.quickstartTokens()[:2]...); err != nil {
		return err
	}
	return d.planIsEmpty(ctx, quickstart)
}

func (d *demo) importToken(ctx context.Context) error {
	if err := d.write(imported, "main.tf", importConfig); err != nil {
		return err
	}
	d.text("A second configuration declares the colleague's token:")
	d.quote(importConfig[strings.Index(importConfig, "resource"):])
	if err := d.terraform(ctx, imported, "init"); err != nil {
		return err
	}
	d.service.ResetJournal()
	if err := d.terraform(ctx, imported, "import", "mlplatform_access_token.imported", byHand); err != nil {
		return err
	}
	if err := d.onlyReads(); err != nil {
		return err
	}
	if err := d.planIsEmpty(ctx, imported); err != nil {
		return err
	}
	return d.holds(d.quickstartTokens()[:2]...)
}

func (d *demo) destroy(ctx context.Context) error {
	for _, folder := range []string{imported, quickstart} {
		if err := d.terraform(ctx, folder, "destroy", "-auto-approve"); err != nil {
			return err
		}
	}
	d.text("Only the provider's own token is left:")
	return d.check(nil)
}

// holds shows the tokens of the service and checks them: these, and the two that the service had at the start.
func (d *demo) holds(want ...token) error {
	return d.check(append(want, token{byHand, "USER", "never"}))
}

func (d *demo) check(want []token) error {
	want = append(want, token{"emulator-admin", "ADMIN", "never"})
	var held []token
	for _, t := range d.service.LiveTokens() {
		expires := "never"
		if t.ExpiresAt != nil {
			expires = date(*t.ExpiresAt)
		}
		held = append(held, token{t.Name, t.Role, expires})
	}
	for _, t := range d.service.RegisterTokens() {
		if !t.Used && t.ExpiresAt.After(d.clock.Now()) {
			held = append(held, token{t.ClientName + " (to redeem)", t.Role, date(t.ExpiresAt)})
		}
	}
	d.table(held)
	byName := func(a, b token) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(held, byName)
	slices.SortFunc(want, byName)
	if !slices.Equal(held, want) {
		return fmt.Errorf("the service should hold %v", want)
	}
	d.success("As it should be.")
	return nil
}

// planIsEmpty plans, and checks that there is nothing to do and that nothing was done.
func (d *demo) planIsEmpty(ctx context.Context, folder string) error {
	d.service.ResetJournal()
	if err := d.terraform(ctx, folder, "plan", "-detailed-exitcode"); err != nil {
		return fmt.Errorf("the plan should be empty: %w", err)
	}
	if err := d.onlyReads(); err != nil {
		return err
	}
	d.success(fmt.Sprintf("Nothing to do. Requests to the service: %d, all of them reads.", len(d.service.Journal())))
	return nil
}

func (d *demo) onlyReads() error {
	for _, request := range d.service.Journal() {
		if request.IsWrite() {
			return fmt.Errorf("the provider sent %s %s, although there was nothing to do", request.Method, request.Path)
		}
	}
	return nil
}

// terraform runs the CLI and shows what it did.
func (d *demo) terraform(ctx context.Context, folder string, args ...string) error {
	d.print(cyan, fmt.Sprintf("%s$ %s %s", folder, filepath.Base(d.cli.Path), strings.Join(args, " ")))
	result, err := d.cli.Run(ctx, filepath.Join(d.folder, folder), append([]string{args[0], "-no-color"}, args[1:]...)...)
	if err != nil {
		return fmt.Errorf("`%s` was stopped: %w", args[0], err)
	}
	if result.ExitCode != 0 {
		d.quote(result.Output())
		return fmt.Errorf("`%s` exited with status %d", args[0], result.ExitCode)
	}
	d.quote(condense(result.Output()))
	return nil
}

func (d *demo) write(folder, name, content string) error {
	if err := os.MkdirAll(filepath.Join(d.folder, folder), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.folder, folder, name), []byte(content), 0o600)
}

func (d *demo) in(duration time.Duration) string { return date(d.clock.Now().Add(duration)) }

func date(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// Folders of the two configurations, and the name of the token that the second one adopts.
const (
	quickstart  = "quickstart"
	adoption    = "adoption"
	adoptedName = "made by hand"
)

// The second configuration. It is no example of its own because it needs a token that is there.
const (
	adoptionProvider = `terraform {
  required_providers {
    mlplatform = {
      source = %q
    }
  }
}

provider "mlplatform" {}
`
	adoptionResource = `resource "mlplatform_access_token" "adopted" {
  name = "` + adoptedName + `"
}
`
)

// What examples/quickstart declares.
func quickstartTokens() []wantedToken {
	return []wantedToken{
		{name: "nightly-etl", role: "USER", lifetime: 30 * 24 * time.Hour},
		{name: "platform-admin", role: "ADMIN"},
	}
}

// An access token is made by redeeming a register token of its name; the third one waits to be redeemed.
func quickstartRegisterTokens() []wantedRegisterToken {
	return []wantedRegisterToken{
		{name: "nightly-etl", role: "USER", used: true},
		{name: "platform-admin", role: "ADMIN", used: true},
		{name: "notebook-anna", role: "USER"},
	}
}

func (d *demo) introduce(context.Context) error {
	d.out.text("An emulator of the ML Platform token service answers at " + d.service.Endpoint() + ".")
	d.out.text("Nothing leaves this machine. The service holds the token that the provider works with, and one that")
	d.out.text("somebody made in the management console:")

	return d.verify(nil, []emulator.Token{d.own, d.adopted}, nil)
}

func (d *demo) install(ctx context.Context) error {
	return d.succeed(ctx, quickstart, "init")
}

func (d *demo) apply(ctx context.Context) error {
	d.applied = time.Now()
	if err := d.succeed(ctx, quickstart, "apply", "-auto-approve"); err != nil {
		return err
	}

	d.out.text("The service now holds:")

	if err := d.verify(quickstartTokens(), []emulator.Token{d.own, d.adopted}, quickstartRegisterTokens()); err != nil {
		return err
	}

	return d.listIsRight(ctx)
}

// listIsRight compares what the data source told Terraform with what the service holds.
func (d *demo) listIsRight(ctx context.Context) error {
	output, status, err := d.terminal.run(ctx, filepath.Join(d.folder, quickstart), "output", "-json", "access_tokens")
	if err != nil {
		return err
	}

	var listed []string
	if err := json.Unmarshal([]byte(output), &listed); err != nil || status != 0 {
		return errors.New("the configuration has no output access_tokens that is a list of texts")
	}

	return compareList(listed, d.service.LiveTokens())
}

func (d *demo) replan(ctx context.Context) error {
	if err := d.planIsEmpty(ctx, quickstart); err != nil {
		return err
	}

	return d.compare(quickstartTokens(), []emulator.Token{d.own, d.adopted}, quickstartRegisterTokens())
}

func (d *demo) adopt(ctx context.Context) error {
	folder := filepath.Join(d.folder, adoption)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}

	config := fmt.Sprintf(adoptionProvider, source()) + adoptionResource
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(config), 0o600); err != nil {
		return err
	}

	d.out.text("A second configuration declares it:")
	d.out.quote(adoptionResource)

	if err := d.succeed(ctx, adoption, "init"); err != nil {
		return err
	}

	d.service.ResetJournal()

	if err := d.succeed(ctx, adoption, "import", "mlplatform_access_token.adopted", adoptedName); err != nil {
		return err
	}

	if err := d.onlyReads(); err != nil {
		return err
	}

	if err := d.planIsEmpty(ctx, adoption); err != nil {
		return err
	}

	return d.compare(quickstartTokens(), []emulator.Token{d.own, d.adopted}, quickstartRegisterTokens())
}

func (d *demo) destroy(ctx context.Context) error {
	if err := d.succeed(ctx, adoption, "destroy", "-auto-approve"); err != nil {
		return err
	}

	if err := d.compare(quickstartTokens(), []emulator.Token{d.own}, quickstartRegisterTokens()); err != nil {
		return err
	}

	return d.succeed(ctx, quickstart, "destroy", "-auto-approve")
}

func (d *demo) remains(context.Context) error {
	d.out.text("The service holds:")

	if err := d.verify(nil, []emulator.Token{d.own}, quickstartRegisterTokens()); err != nil {
		return err
	}

	d.out.text("That is the token that the provider worked with, as in the beginning. The register token that is pending")
	d.out.text("cannot be revoked, by Terraform or otherwise; it ends by itself.")

	return nil
}

// verify shows what the service holds and compares it with what it should hold.
func (d *demo) verify(made []wantedToken, kept []emulator.Token, registers []wantedRegisterToken) error {
	d.out.table(d.service.LiveTokens())
	d.out.pending(d.service.RegisterTokens())

	return d.compare(made, kept, registers)
}

// compare compares what the service holds with what it should hold: tokens that Terraform made, tokens that were there
// before, and register tokens.
func (d *demo) compare(made []wantedToken, kept []emulator.Token, registers []wantedRegisterToken) error {
	if err := compareTokens(made, kept, d.service.Tokens(), d.applied, time.Now()); err != nil {
		return err
	}

	return compareRegisterTokens(registers, d.service.RegisterTokens())
}

// planIsEmpty makes a plan, which must be empty and must have changed nothing.
func (d *demo) planIsEmpty(ctx context.Context, folder string) error {
	d.service.ResetJournal()

	if err := d.succeed(ctx, folder, "plan", "-detailed-exitcode"); err != nil {
		return err
	}

	if err := d.onlyReads(); err != nil {
		return err
	}

	d.out.text(fmt.Sprintf("The plan is empty. Requests: %d, all of them reading.", len(d.service.Journal())))

	return nil
}

func (d *demo) onlyReads() error {
	for _, request := range d.service.Journal() {
		if request.IsWrite() {
			return fmt.Errorf("there was nothing to do, but the provider sent %s %s", request.Method, request.Path)
		}
	}

	return nil
}

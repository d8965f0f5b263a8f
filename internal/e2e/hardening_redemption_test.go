// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// A register token that is null while planning is a warning of the plan; the apply redeems it. An update in place redeems
// nothing.
func TestHardening12NullWhilePlanning(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "handed over"
  access_token_ttl  = "1d"
  ttl               = "10m"
  enabled           = terraform.applying
}

resource "mlplatform_access_token" "test" {
  register_token_wo = ephemeral.mlplatform_register_token.test.token
  delete_on_destroy = false
}
`)
	w.MustRun("validate", "-no-color")
	got := w.Plan("-out=saved")
	expectOutput(t, got, 2, "The register token is not known yet")
	if count := strings.Count(got.Output(), "The register token is not known yet"); count != 1 {
		t.Errorf("the warning is shown %d times:\n%s", count, got.Output())
	}
	w.MustRun("apply", "-no-color", "saved")
	svc.ExpectLiveTokens(t, "handed over")
	w.ExpectEmptyPlan()
	w.Write("main.tf", `
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "handed over"
  access_token_ttl  = "1d"
  ttl               = "10m"
  enabled           = terraform.applying
}

resource "mlplatform_access_token" "test" {
  register_token_wo = ephemeral.mlplatform_register_token.test.token
  delete_on_destroy = false
  keepers           = { n = 1 }
}
`)
	w.Apply()
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "handed over")
	svc.Emulator.Revoke("handed over")
	w.Apply("-replace=" + tokenAddress)
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "handed over")
}

// A missing name is an error of `validate`. With an unknown register token, it is an error of the apply.
func TestHardening12NoNameAtAll(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `resource "mlplatform_access_token" "test" {}`)
	expectOutput(t, w.Run("validate", "-no-color"), 1, "Missing name")
	expectOutput(t, w.Run("plan", "-no-color"), 1, "Missing name")
	w.Write("main.tf", `
variable "register_token" {
  default = null
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
}
`)
	w.MustRun("validate", "-no-color")
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "The register token is not known yet", "Missing register token")
	svc.ExpectWrites(t, "apply")
}

// register_token_wo may only be empty once the access token exists.
func TestHardening12EmptyRegisterToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	delete(w.Env, "MLPLATFORM_TOKEN")
	w.Write("main.tf", `
variable "register_token" {}

variable "round" {
  default = 1
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false
  keepers           = { round = var.round }
}
`)
	w.Env["TF_VAR_register_token"] = ""
	expectOutput(t, w.Run("plan", "-no-color"), 1, "Missing register token")
	w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "once")
	w.Apply()
	w.Env["TF_VAR_register_token"] = ""
	w.ExpectEmptyPlan()
	svc.Emulator.Revoke("once")
	expectOutput(t, w.Run("plan", "-no-color", "-var=round=2"), 1, "Missing register token")
}

// The error for a name that is taken first mentions moved, because the resource may have been renamed.
func TestHardening13MovedIsNamedFirst(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "taken"})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "taken"
}
`)
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1,
		"If you renamed the resource or a `for_each` key, add a `moved` block")
}

// An import of an empty name is an error.
func TestHardening14EmptyImport(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "x"
}
`)
	expectOutput(t, w.Run("import", "-no-color", tokenAddress, ""), 1, "The name is empty")
}

// With create_before_destroy, the successor of an expired token has the same name, which is no conflict.
func TestHardening14OwnSuccessorIsNotForeign(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "successor"
  ttl  = "1d"

  lifecycle {
    create_before_destroy = true
  }
}
`)
	w.Apply()
	svc.Clock.Advance(2 * dayLong)
	if got := w.Apply(); got.Matches("Another token has the name") {
		t.Errorf("the warning is about the token that this run created:\n%s", got.Output())
	}
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "successor")
}

// A token is deleted if delete_on_destroy is null, as it can be in an old or edited state.
func TestHardening14NullDeleteOnDestroy(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "old"
}
`)
	w.Apply()
	state := w.Read("terraform.tfstate")
	changed := strings.Replace(state, `"delete_on_destroy": true`, `"delete_on_destroy": null`, 1)
	if changed == state {
		t.Fatal("the state has no delete_on_destroy")
	}
	w.Write("terraform.tfstate", changed)
	w.Destroy("-refresh=false")
	svc.ExpectLiveTokens(t)
}

// Empty keepers of a register token equal none.
func TestHardening14EmptyKeepersOfARegisterToken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1h"
}
`)
	w.Apply()
	w.Write("main.tf", `
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "60m"
  keepers           = {}
}
`)
	svc.Emulator.ResetJournal()
	w.Apply()
	w.ExpectEmptyPlan()
	svc.ExpectWrites(t, "apply")
}

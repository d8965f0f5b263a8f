// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// expectOneValue fails the test if the state file has a value anywhere but in the attribute token of an access token.
func expectOneValue(w *acctest.Workspace) {
	w.T.Helper()
	var state any
	if err := json.Unmarshal([]byte(w.Read("terraform.tfstate")), &state); err != nil {
		w.T.Fatal(err)
	}
	w.ExpectValuesAt(state, "resources[managed mlplatform_access_token].instances[<nil> <nil>].attributes.token")
}

// expectHandOver checks the example of a hand-over after its apply.
func expectHandOver(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	expectOneValue(w)
	w.Service.ExpectLiveTokens(t, "notebook-olga")
	if used := w.Service.RedeemedRegisterTokens(); used != 1 {
		t.Errorf("%d register tokens were redeemed", used)
	}
	before := w.Service.LastValue()
	w.Apply("-replace=mlplatform_access_token.notebook")
	if w.Service.LastValue() == before {
		t.Error("there is no new access token")
	}
	expectOneValue(w)
}

// newHandOver returns a traced workspace in which the administrator's provider creates a register token, and a provider
// without a token redeems it.
func newHandOver(t *testing.T) (*acctest.Service, *acctest.Workspace) {
	t.Helper()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	delete(w.Env, "MLPLATFORM_TOKEN")
	w.Env["TF_VAR_admin"] = svc.Token
	w.Write("main.tf", `
variable "admin" {
  ephemeral = true
}

provider "mlplatform" {
  token = var.admin
}

provider "mlplatform" {
  alias = "colleague"
}

ephemeral "mlplatform_register_token" "test" {
  access_token_name = "handed over"
  access_token_ttl  = "1d"
  ttl               = "10m"
  enabled           = terraform.applying
}
`)
	w.Write("token.tf", `
resource "mlplatform_access_token" "test" {
  provider          = mlplatform.colleague
  register_token_wo = coalesce(ephemeral.mlplatform_register_token.test.token, "created by the apply")
  delete_on_destroy = false
}
`)
	return svc, w
}

// An ephemeral register token is passed to a write-only argument. A plan makes no request, and an apply creates one token
// of each kind. The only value that is printed, logged or stored is that of the access token, in its state.
func TestHandOver(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc, w := newHandOver(t)

	w.ExpectNoLeak(w.Plan("-out=saved"))
	if made := len(svc.Emulator.Journal()); made != 0 {
		t.Errorf("the plan made %d requests", made)
	}
	w.ExpectNoLeakInFiles()
	w.ExpectNoLeak(w.MustRun("apply", "-no-color", "saved"))
	svc.ExpectWrites(t, "apply", acctest.MintWrites...)
	expectOneValue(w)
	if got := w.Resource(tokenAddress).Values; got["name"] != "handed over" || got["role"] != "USER" || got["register_token_wo"] != nil {
		t.Errorf("the access token has the name %v and the role %v", got["name"], got["role"])
	}

	// The next plan is empty, and an update in place redeems nothing. Terraform opens ephemeral resources in every apply,
	// so these create register tokens that are not used.
	w.ExpectEmptyPlan()
	svc.ExpectWrites(t, "plan")
	w.Apply()
	w.Write("token.tf", `
resource "mlplatform_access_token" "test" {
  provider          = mlplatform.colleague
  register_token_wo = coalesce(ephemeral.mlplatform_register_token.test.token, "created by the apply")
  delete_on_destroy = false
  keepers           = { reason = "first" }
}
`)
	w.Apply()
	if used := svc.RedeemedRegisterTokens(); used != 1 {
		t.Errorf("%d register tokens were redeemed", used)
	}
	expectOneValue(w)
	svc.ExpectLiveTokens(t, "handed over")
	w.ExpectNoLeak(w.Destroy())
	svc.ExpectLiveTokens(t, "handed over")
}

// Two configurations hand over by a secret store: one writes the value without storing it, the other reads it as an
// ephemeral value. A variable stands for the store.
func TestHandOverBetweenConfigurations(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	admin := acctest.NewWorkspace(t, svc).Traced()
	admin.Write("main.tf", `
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "across"
  ttl               = "1h"
  enabled           = terraform.applying
}

resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_register_token.test.token }
  }
}
`)
	admin.ExpectNoLeak(admin.Apply())
	admin.ExpectNoLeakInFiles()
	value := svc.LastValue()
	if !admin.JobUsed(value) {
		t.Fatal("the store got another value than the one that was created")
	}

	colleague := acctest.NewWorkspace(t, svc).Traced()
	delete(colleague.Env, "MLPLATFORM_TOKEN")
	colleague.Env["TF_VAR_register_token"] = value
	colleague.Write("main.tf", `
variable "register_token" {
  ephemeral = true
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false
}
`)
	colleague.ExpectNoLeak(colleague.Plan("-out=saved"))
	colleague.ExpectNoLeakInFiles()
	colleague.ExpectNoLeak(colleague.MustRun("apply", "-no-color", "saved"))
	expectOneValue(colleague)
	own := svc.Client(t).WithToken(mlplatform.Secret(colleague.Attribute(tokenAddress, "token")))
	if token, err := own.WhoAmI(t.Context()); err != nil || token.Name != "across" {
		t.Errorf("the access token is %q: %v", token.Name, err)
	}
	colleague.ExpectEmptyPlan()
}

// After a failed redemption, the error says what to do and nothing is stored. The next apply creates and redeems another
// register token.
func TestHandOverFails(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc, w := newHandOver(t)
	svc.Seed(t, emulator.SeedToken{Name: "handed over"})
	got := w.Run("apply", "-no-color", "-auto-approve")
	w.ExpectNoLeak(got)
	if got.ExitCode != 1 || !got.Matches("Ask the administrator to delete that access token") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	w.ExpectNoLeakInFiles()
	svc.Emulator.Revoke("handed over")
	svc.Emulator.ResetJournal()
	w.Apply()
	svc.ExpectWrites(t, "apply", acctest.MintWrites...)
}

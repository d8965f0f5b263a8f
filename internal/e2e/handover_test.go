// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// expectOneValue fails the test if the state file holds a value anywhere but in the token of an access token.
func expectOneValue(w *acctest.Workspace) {
	w.T.Helper()
	var state any
	if err := json.Unmarshal([]byte(w.Read("terraform.tfstate")), &state); err != nil {
		w.T.Fatal(err)
	}
	w.ExpectValuesAt(state, "resources[managed mlplatform_access_token].instances[<nil> <nil>].attributes.token")
}

// handedOver looks at what the example of a hand-over has made.
func handedOver(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	expectOneValue(w)
	if held := w.Service.LiveTokenNames(t); !slices.Equal(held, []string{"notebook-olga"}) {
		t.Errorf("the service holds %q", held)
	}
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

// twoSides is a configuration in which the administrator's provider mints a register token and one that has no token
// redeems it.
const twoSides = `
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
resource "mlplatform_access_token" "test" {
  provider          = mlplatform.colleague
  register_token_wo = coalesce(ephemeral.mlplatform_register_token.test.token, "minted while applying")
  delete_on_destroy = false
}
`

// handingOver is a traced workspace with both sides in it.
func handingOver(t *testing.T) (*acctest.Service, *acctest.Workspace) {
	t.Helper()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	delete(w.Env, "MLPLATFORM_TOKEN")
	w.Env["TF_VAR_admin"] = svc.Token
	w.Write("main.tf", twoSides)
	return svc, w
}

// From an ephemeral register token into a write-only argument: a plan asks nothing of the service, an apply makes one of
// each, and the only value that anything shows, logs or keeps is that of the access token in its own state.
func TestHandOver(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc, w := handingOver(t)

	w.ExpectNoLeak(w.Plan("-out=saved"))
	if made := len(svc.Emulator.Journal()); made != 0 {
		t.Errorf("the plan made %d requests", made)
	}
	w.ExpectNoLeakInFiles()
	w.ExpectNoLeak(w.MustRun("apply", "-no-color", "saved"))
	svc.ExpectWrites(t, "apply", acctest.MintWrites...)
	expectOneValue(w)
	if got := w.Resource(tokenAddress).Values; got["name"] != "handed over" || got["role"] != "USER" || got["register_token_wo"] != nil {
		t.Errorf("it has the name %v and the role %v", got["name"], got["role"])
	}

	// Afterwards there is nothing to do, and a change in place does not redeem. What Terraform mints all the same,
	// nobody uses: it opens ephemeral resources even in an apply that has nothing to do.
	w.ExpectEmptyPlan()
	svc.ExpectWrites(t, "plan")
	w.Apply()
	w.Write("main.tf", strings.Replace(twoSides, "delete_on_destroy = false", "keepers = { reason = \"first\" }\n  delete_on_destroy = false", 1))
	w.Apply()
	if used := svc.RedeemedRegisterTokens(); used != 1 {
		t.Errorf("%d register tokens were redeemed", used)
	}
	expectOneValue(w)
	if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"handed over"}) {
		t.Errorf("the service holds %q", held)
	}
	w.ExpectNoLeak(w.Destroy())
	if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"handed over"}) {
		t.Errorf("the service holds %q", held)
	}
}

// Two configurations with a store between them: what one writes ephemerally, the other gets as an ephemeral value. A
// variable stands for the store, which is not Terraform's.
func TestHandOverBetweenConfigurations(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	admin := acctest.NewWorkspace(t, svc).Traced()
	admin.Write("main.tf", ephemeralBlock("register_token", lines(`access_token_name = "across"`, `ttl = "1h"`, `enabled = terraform.applying`))+
		job("ephemeral.mlplatform_register_token.test.token"))
	admin.ExpectNoLeak(admin.Apply())
	admin.ExpectNoLeakInFiles()
	value := svc.LastValue()
	if !admin.JobUsed(value) {
		t.Fatal("the store got another value than the one that was minted")
	}

	colleague := acctest.NewWorkspace(t, svc).Traced()
	delete(colleague.Env, "MLPLATFORM_TOKEN")
	colleague.Env["TF_VAR_register_token"] = value
	colleague.Write("main.tf", "variable \"register_token\" {\n  ephemeral = true\n}\n"+
		accessToken("register_token_wo = var.register_token\ndelete_on_destroy = false"))
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

// Where the redemption fails, the error helps and nothing is kept; the next apply mints and redeems anew.
func TestHandOverFails(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc, w := handingOver(t)
	svc.Seed(t, emulator.SeedToken{Name: "handed over"})
	got := w.Run("apply", "-no-color", "-auto-approve")
	w.ExpectNoLeak(got)
	if got.ExitCode != 1 || !acctest.OutputMatches("Ask the administrator to delete that access token").MatchString(got.Output()) {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	w.ExpectNoLeakInFiles()
	svc.Emulator.Revoke("handed over")
	svc.Emulator.ResetJournal()
	w.Apply()
	svc.ExpectWrites(t, "apply", emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken)
}

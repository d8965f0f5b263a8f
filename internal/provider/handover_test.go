// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// wantOneSecret fails the test if the state file holds a value anywhere but in the token of an access token.
func (w *workspace) wantOneSecret() {
	w.t.Helper()
	var state any
	if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
		w.t.Fatal(err)
	}
	w.wantPaths(state, "resources[managed mlplatform_access_token].instances[<nil> <nil>].attributes.token")
}

// usedRegisterTokens counts the register tokens that were redeemed.
func (b *bench) usedRegisterTokens() int {
	used := 0
	for _, row := range b.emulator.RegisterTokens() {
		if row.Used {
			used++
		}
	}
	return used
}

// handedOver looks at what the example of a hand-over has made.
func handedOver(t *testing.T, w *workspace) {
	t.Helper()
	w.wantOneSecret()
	if held := w.b.held(t); !slices.Equal(held, []string{"notebook-olga"}) {
		t.Errorf("the service holds %q", held)
	}
	if used := w.b.usedRegisterTokens(); used != 1 {
		t.Errorf("%d register tokens were redeemed", used)
	}
	before := w.b.latest()
	w.apply("-replace=mlplatform_access_token.notebook")
	if w.b.latest() == before {
		t.Error("there is no new access token")
	}
	w.wantOneSecret()
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
func handingOver(t *testing.T) (*bench, *workspace) {
	t.Helper()
	b := emulated(t)
	w := newWorkspace(t, b).traced()
	delete(w.env, "MLPLATFORM_TOKEN")
	w.env["TF_VAR_admin"] = b.token
	w.write("main.tf", twoSides)
	return b, w
}

// From an ephemeral register token into a write-only argument: a plan asks nothing of the service, an apply makes one of
// each, and the only value that anything shows, logs or keeps is that of the access token in its own state.
func TestHandOver(t *testing.T) {
	t.Parallel()
	needs(t, ephemeralResources, writeOnlyArguments)
	b, w := handingOver(t)

	wantNoLeak(t, b, w.plan("-out=saved"))
	if made := len(b.emulator.Journal()); made != 0 {
		t.Errorf("the plan made %d requests", made)
	}
	w.wantNoValueInFiles()
	wantNoLeak(t, b, w.succeed("apply", "-no-color", "saved"))
	b.wantWrites(t, "apply", mintWrites...)
	w.wantOneSecret()
	if got := w.resource(tokenAddress).Values; got["name"] != "handed over" || got["role"] != "USER" || got["register_token_wo"] != nil {
		t.Errorf("it has the name %v and the role %v", got["name"], got["role"])
	}

	// Afterwards there is nothing to do, and a change in place does not redeem. What Terraform mints all the same,
	// nobody uses: it opens ephemeral resources even in an apply that has nothing to do.
	w.planIsEmpty()
	b.wantWrites(t, "plan")
	w.apply()
	w.write("main.tf", strings.Replace(twoSides, "delete_on_destroy = false", "keepers = { reason = \"first\" }\n  delete_on_destroy = false", 1))
	w.apply()
	if used := b.usedRegisterTokens(); used != 1 {
		t.Errorf("%d register tokens were redeemed", used)
	}
	w.wantOneSecret()
	if held := b.held(t); !slices.Equal(held, []string{"handed over"}) {
		t.Errorf("the service holds %q", held)
	}
	wantNoLeak(t, b, w.destroy())
	if held := b.held(t); !slices.Equal(held, []string{"handed over"}) {
		t.Errorf("the service holds %q", held)
	}
}

// Two configurations with a store between them: what one writes ephemerally, the other gets as an ephemeral value. A
// variable stands for the store, which is not Terraform's.
func TestHandOverBetweenConfigurations(t *testing.T) {
	t.Parallel()
	needs(t, ephemeralResources, writeOnlyArguments)
	b := emulated(t)
	admin := newWorkspace(t, b).traced()
	admin.write("main.tf", ephemeralBlock("register_token", lines(`access_token_name = "across"`, `ttl = "1h"`, `enabled = terraform.applying`))+
		job("ephemeral.mlplatform_register_token.test.token"))
	wantNoLeak(t, b, admin.apply())
	admin.wantNoValueInFiles()
	value := b.latest()
	if !admin.used(value) {
		t.Fatal("the store got another value than the one that was minted")
	}

	colleague := newWorkspace(t, b).traced()
	delete(colleague.env, "MLPLATFORM_TOKEN")
	colleague.env["TF_VAR_register_token"] = value
	colleague.write("main.tf", "variable \"register_token\" {\n  ephemeral = true\n}\n"+
		accessToken("register_token_wo = var.register_token\ndelete_on_destroy = false"))
	wantNoLeak(t, b, colleague.plan("-out=saved"))
	colleague.wantNoValueInFiles()
	wantNoLeak(t, b, colleague.succeed("apply", "-no-color", "saved"))
	colleague.wantOneSecret()
	own := b.client(t).WithToken(mlplatform.Secret(colleague.attribute("token")))
	if token, err := own.WhoAmI(t.Context()); err != nil || token.Name != "across" {
		t.Errorf("the access token is %q: %v", token.Name, err)
	}
	colleague.planIsEmpty()
}

// Where the redemption fails, the error helps and nothing is kept; the next apply mints and redeems anew.
func TestHandOverFails(t *testing.T) {
	t.Parallel()
	needs(t, ephemeralResources, writeOnlyArguments)
	b, w := handingOver(t)
	b.seed(t, seedToken("handed over"))
	got := w.run("apply", "-no-color", "-auto-approve")
	wantNoLeak(t, b, got)
	if got.exitCode != 1 || !says("Ask the administrator to delete it").MatchString(got.shown()) {
		t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
	}
	w.wantNoValueInFiles()
	b.emulator.Revoke("handed over")
	b.emulator.ResetJournal()
	w.apply()
	b.wantWrites(t, "apply", emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken)
}

// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// crossing is a token that something happens to.
type crossing struct {
	naming, event                string
	createFirst, deleteOnDestroy bool
}

var (
	namings = map[string]string{
		"fixed": `
  name = "etl"
  ttl  = "30d"`,
		"prefix": `
  name_prefix = "etl-"
  ttl         = "30d"`,
		"redeemed": `
  register_token_wo = var.register_token`,
		"imported": `
  name = "etl"
  ttl  = "30d"`,
	}
	// events happen to a token, and return the arguments of the apply that follows.
	events = map[string]func(w *acctest.Workspace, name string) []string{
		"expired":  func(w *acctest.Workspace, _ string) []string { w.Service.Clock.Advance(31 * dayLong); return nil },
		"rotation": func(w *acctest.Workspace, _ string) []string { w.Service.Clock.Advance(21 * dayLong); return nil },
		"revoked":  func(w *acctest.Workspace, name string) []string { w.Service.Emulator.Revoke(name); return nil },
		"conflict": func(w *acctest.Workspace, name string) []string {
			w.Service.Emulator.Revoke(name)
			w.Service.Seed(w.T, emulator.SeedToken{Name: name})
			return nil
		},
		"taint":   func(w *acctest.Workspace, _ string) []string { w.MustRun("taint", tokenAddress); return nil },
		"replace": func(*acctest.Workspace, string) []string { return []string{"-replace=" + tokenAddress} },
	}
)

// crossings are all combinations.
func crossings() map[string]crossing {
	all := map[string]crossing{}
	for naming := range namings {
		for event := range events {
			if naming == "redeemed" && event == "rotation" {
				continue // a redeemed token has no ttl, so it has no rotate_before either
			}
			for _, createFirst := range []bool{true, false} {
				for _, deleteOnDestroy := range []bool{true, false} {
					c := crossing{naming, event, createFirst, deleteOnDestroy}
					all[fmt.Sprintf("%s, %s, create first %t, delete %t", naming, event, createFirst, deleteOnDestroy)] = c
				}
			}
		}
	}
	return all
}

// Whatever happens to a token of any kind, no value of a live token is lost without an error or a warning that names it, the
// state agrees with the service, and the next plan is empty unless an error said what to do.
func TestCrossings(t *testing.T) {
	t.Parallel()
	for name, c := range acctest.Sample(3, crossings()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.WriteOnlyArguments)
			c.test(t)
		})
	}
}

func (c crossing) test(t *testing.T) {
	t.Helper()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	c.create(t, w)
	before := w.StateObjects()[0].Attributes
	args := events[c.event](w, before.Name)
	if c.naming == "redeemed" {
		w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "etl")
	}
	got := w.Run(append([]string{"apply", "-no-color", "-auto-approve"}, args...)...)

	valid := c.event == "rotation" || c.event == "taint" || c.event == "replace"
	refused := valid && c.naming != "prefix" && (c.createFirst || !c.deleteOnDestroy)
	kept := refused || c.event == "conflict" || c.naming == "redeemed" && !valid
	objects := w.StateObjects()
	if len(objects) != 1 || (got.ExitCode != 0) != refused {
		t.Fatalf("exit code %d, %d objects in the state\n%s", got.ExitCode, len(objects), got.Output())
	}
	after := objects[0].Attributes
	if same := after.ID == before.ID && after.Token == before.Token; same != kept {
		t.Errorf("the state has the same token: %t, want %t", same, kept)
	}
	c.expectNothingLost(t, w, got, valid || !kept)

	switch plan := w.Run("plan", "-no-color", "-detailed-exitcode"); {
	case refused && c.event != "replace":
		if plan.ExitCode == 0 {
			t.Errorf("the refused replacement is no longer planned:\n%s", plan.Output())
		}
	case plan.ExitCode != 0:
		t.Errorf("the next plan: exit code %d\n%s", plan.ExitCode, plan.Output())
	}
}

// create creates or imports the token.
func (c crossing) create(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	rotation := ""
	if c.event == "rotation" {
		rotation = `rotate_before = "10d"`
	}
	switch c.naming {
	case "redeemed":
		w.Env["TF_VAR_register_token"] = registerTokenValue(t, w.Service, "etl")
	case "imported":
		w.Service.Seed(t, emulator.SeedToken{Name: "etl", TTL: 30 * dayLong})
		w.Write("import.tf", `
import {
  to = mlplatform_access_token.test
  id = "etl"
}
`)
	}
	w.Write("main.tf", fmt.Sprintf(`
variable "register_token" {
  default = null
}
resource "mlplatform_access_token" "test" {
  %s
  %s
  delete_on_destroy = %t
  lifecycle {
    create_before_destroy = %t
  }
}
`, namings[c.naming], rotation, c.deleteOnDestroy, c.createFirst))
	w.Apply()
}

// expectNothingLost checks that the state has each live token with its value, unless the output names it. With valid, the
// token of the state must be live.
func (c crossing) expectNothingLost(t *testing.T, w *acctest.Workspace, got acctest.Result, valid bool) {
	t.Helper()
	state := w.StateObjects()[0].Attributes
	live := w.Service.Emulator.LiveTokens()
	for _, token := range live {
		inState := token.ID == state.ID && (state.Token != "" || c.naming == "imported")
		if !inState && token.Name != acctest.AdminName && !got.Matches(acctest.Quote(token.Name)) {
			t.Errorf("%s is live, but neither in the state nor named:\n%s", token.Name, got.Output())
		}
	}
	isLive := slices.ContainsFunc(live, func(token emulator.Token) bool { return token.ID == state.ID })
	if isLive != valid || (state.Status == "active" || state.Status == "rotation_due") != valid {
		t.Errorf("the token of the state is %s, on the service it is live: %t, want %t", state.Status, isLive, valid)
	}
}

// Arguments that are unknown while planning, or turn out to be null, end in no error and lose no value.
func TestCrossingsOfUnknownArguments(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		naming, argument string
		replaced         bool // a replacement is shown, because the value could differ
	}{
		"null name beside a register token": {"redeemed", "name = terraform_data.settings.output.nothing", false},
		"role of an imported token":         {"imported", "role = terraform_data.settings.output.role", true},
		"delete_on_destroy":                 {"fixed", "delete_on_destroy = terraform_data.settings.output.delete", false},
		"recreate_if_invalid":               {"redeemed", "recreate_if_invalid = terraform_data.settings.output.policy", false},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.WriteOnlyArguments)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			c := crossing{naming: test.naming, deleteOnDestroy: true}
			c.create(t, w)
			before := w.StateObjects()[0].Attributes
			for round := range 2 {
				w.Write("main.tf", fmt.Sprintf(`
variable "register_token" {
  default = null
}
resource "terraform_data" "settings" {
  input = { round = %d, nothing = null, role = "USER", policy = "never", delete = false }
}
resource "mlplatform_access_token" "test" {
  %s
  %s
}
`, round, namings[test.naming], test.argument))
				w.Apply()
				w.ExpectEmptyPlan()
			}
			if same := w.Attribute(tokenAddress, "id") == before.ID; same == test.replaced {
				t.Errorf("the token is the same: %t", same)
			}
			svc.ExpectLiveTokens(t, "etl")
			w.Destroy()
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// named has a token that a destroy leaves behind. A new value of the trigger replaces it, which the provider cannot see in
// the plan.
const named = `
variable "trigger" {
  default = 1
}

resource "terraform_data" "trigger" {
  input = var.trigger
}

resource "mlplatform_access_token" "test" {
  name              = "precious"
  ttl               = "30d"
  delete_on_destroy = false

  lifecycle {
    create_before_destroy = %t
    replace_triggered_by  = [terraform_data.trigger]
  }
}
`

// redeemed has such a token, which redeems a register token.
const redeemed = `
variable "register_token" {
  sensitive = true
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false

  lifecycle {
    create_before_destroy = %t
  }
}
`

// privateData returns the private data of the resource under test in the state file.
func privateData(t *testing.T, w *acctest.Workspace) string {
	t.Helper()
	var resources []struct {
		Type      string
		Instances []struct{ Private []byte }
	}
	if err := json.Unmarshal([]byte(w.StateResources()), &resources); err != nil {
		t.Fatal(err)
	}
	for _, found := range resources {
		if found.Type == "mlplatform_access_token" {
			return string(found.Instances[0].Private)
		}
	}
	t.Fatal("the state has no access token")
	return ""
}

// The provider cannot see a taint, -replace or replace_triggered_by in a plan. If the replacement would leave a valid token
// behind and then fail because its name is taken, the deletion fails. With create_before_destroy, the creation fails first.
func TestHardening01ForcedReplacement(t *testing.T) {
	t.Parallel()
	forces := map[string]func(*acctest.Workspace) []string{
		"taint": func(w *acctest.Workspace) []string {
			w.MustRun("taint", tokenAddress)
			return nil
		},
		"replace":              func(*acctest.Workspace) []string { return []string{"-replace=" + tokenAddress} },
		"replace_triggered_by": func(*acctest.Workspace) []string { return []string{"-var=trigger=2"} },
	}
	for name, test := range acctest.Sample(2, map[string]struct {
		force, config string
		createFirst   bool
	}{
		"taint":                              {"taint", named, false},
		"taint, create first":                {"taint", named, true},
		"replace":                            {"replace", named, false},
		"replace, create first":              {"replace", named, true},
		"replace_triggered_by":               {"replace_triggered_by", named, false},
		"replace_triggered_by, create first": {"replace_triggered_by", named, true},
		"redeemed, taint":                    {"taint", redeemed, false},
		"redeemed, replace":                  {"replace", redeemed, false},
		"redeemed, replace, create first":    {"replace", redeemed, true},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Since("1.4.0"))
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			if test.config == redeemed {
				acctest.Needs(t, acctest.WriteOnlyArguments)
				w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "precious")
			}
			w.Write("main.tf", fmt.Sprintf(test.config, test.createFirst))
			w.Apply()
			value, private := w.Attribute(tokenAddress, "token"), privateData(t, w)
			if test.config == redeemed {
				w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "precious")
			}
			svc.Emulator.ResetJournal()
			// The plan is saved and then applied.
			w.MustRun(append([]string{"plan", "-no-color", "-out=tfplan"}, forces[test.force](w)...)...)
			got := w.Run("apply", "-no-color", "tfplan")
			switch {
			case !test.createFirst:
				expectOutput(t, got, 1, "The replacement would lose a valid token", "The old token is kept, and remains in the state")
				svc.ExpectWrites(t, "apply")
			case test.config == redeemed:
				expectOutput(t, got, 1, "A live access token has the name that the register token sets")
			default:
				expectOutput(t, got, 1, "the old token is still valid under this name")
			}
			svc.ExpectLiveTokens(t, "precious")
			if w.Attribute(tokenAddress, "token") != value || privateData(t, w) != private {
				t.Error("the value or the private data is no longer in the state")
			}
			expectOutput(t, w.Destroy(), 0, "The access token stays valid")
			svc.ExpectLiveTokens(t, "precious")
		})
	}
}

// A forced replacement that cannot lose anything is not refused.
func TestHardening01ForcedReplacementWithoutALoss(t *testing.T) {
	t.Parallel()
	const config = `
resource "mlplatform_access_token" "test" {
  name              = "precious"
  ttl               = "30d"
  delete_on_destroy = false
}
`
	const otherName = `
resource "mlplatform_access_token" "test" {
  name              = "other"
  ttl               = "30d"
  delete_on_destroy = false
}
`
	const prefix = `
resource "mlplatform_access_token" "test" {
  name_prefix       = "precious-"
  ttl               = "30d"
  delete_on_destroy = false
}
`
	for name, test := range acctest.Sample(1, map[string]struct {
		before, after string
		between       func(*acctest.Service)
		live          int
	}{
		"expired after the plan": {config, config, func(svc *acctest.Service) { svc.Clock.Advance(31 * dayLong) }, 1},
		"revoked after the plan": {config, config, func(svc *acctest.Service) { svc.Emulator.Revoke("precious") }, 1},
		"another name":           {config, otherName, nil, 2},
		"a prefix":               {prefix, prefix, nil, 2},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Since("1.4.0"))
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", test.before)
			w.Apply()
			w.MustRun("taint", tokenAddress)
			w.Write("main.tf", test.after)
			w.MustRun("plan", "-no-color", "-out=tfplan")
			if test.between != nil {
				test.between(svc)
			}
			w.MustRun("apply", "-no-color", "tfplan")
			w.ExpectEmptyPlan()
			if live := len(svc.Emulator.LiveTokens()) - 1; live != test.live { // one is the provider's own
				t.Errorf("the service has %d live tokens, want %d", live, test.live)
			}
			if private := privateData(t, w); strings.Contains(private, "successor") {
				t.Errorf("the state has private data that only a plan may have: %s", private)
			}
		})
	}
}

// The replacement works in the way that the error proposes.
func TestHardening01ReplacementAfterARefusal(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.4.0"))
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name              = "precious"
  ttl               = "30d"
  delete_on_destroy = false
}
`)
	w.Apply()
	w.MustRun("taint", tokenAddress)
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "run `terraform untaint` if the resource is tainted")
	w.MustRun("untaint", tokenAddress)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name              = "precious"
  ttl               = "30d"
  delete_on_destroy = true
}
`)
	svc.Emulator.ResetJournal()
	w.Apply()
	svc.ExpectWrites(t, "apply of delete_on_destroy")
	w.Apply("-replace=" + tokenAddress)
	svc.ExpectWrites(t, "apply -replace", emulator.OpDeleteAccessToken, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken)
}

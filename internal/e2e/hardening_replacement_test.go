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

// precious is a token that a destruction does not delete. A change of the trigger replaces it, which its plan cannot see.
const precious = `
variable "register_token" {
  default   = ""
  sensitive = true
}
variable "trigger" {
  default = 1
}
resource "terraform_data" "trigger" {
  input = var.trigger
}
resource "mlplatform_access_token" "test" {
  %s
  delete_on_destroy = false
  lifecycle {
    create_before_destroy = %t
    replace_triggered_by  = [terraform_data.trigger]
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

// A plan cannot see a taint, -replace or replace_triggered_by. If the replacement would forget a valid token and then find
// its name taken, the deletion is refused. With create_before_destroy, the creation fails first.
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
		force, naming string
		createFirst   bool
	}{
		"taint":                              {"taint", "name = \"precious\"\n  ttl = \"30d\"", false},
		"taint, create first":                {"taint", "name = \"precious\"\n  ttl = \"30d\"", true},
		"replace":                            {"replace", "name = \"precious\"\n  ttl = \"30d\"", false},
		"replace, create first":              {"replace", "name = \"precious\"\n  ttl = \"30d\"", true},
		"replace_triggered_by":               {"replace_triggered_by", "name = \"precious\"\n  ttl = \"30d\"", false},
		"replace_triggered_by, create first": {"replace_triggered_by", "name = \"precious\"\n  ttl = \"30d\"", true},
		"redeemed, taint":                    {"taint", "register_token_wo = var.register_token", false},
		"redeemed, replace":                  {"replace", "register_token_wo = var.register_token", false},
		"redeemed, replace, create first":    {"replace", "register_token_wo = var.register_token", true},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Since("1.4.0"))
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			redeemed := strings.HasPrefix(name, "redeemed")
			if redeemed {
				acctest.Needs(t, acctest.WriteOnlyArguments)
				w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "precious")
			}
			w.Write("main.tf", fmt.Sprintf(precious, test.naming, test.createFirst))
			w.Apply()
			value, private := w.Attribute(tokenAddress, "token"), privateData(t, w)
			if redeemed {
				w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "precious")
			}
			svc.Emulator.ResetJournal()
			// The plan is applied later, from a file.
			w.MustRun(append([]string{"plan", "-no-color", "-out=tfplan"}, forces[test.force](w)...)...)
			got := w.Run("apply", "-no-color", "tfplan")
			switch {
			case !test.createFirst:
				expectOutput(t, got, 1, "The replacement would lose a valid token", "The old token is kept, and remains in the state")
				svc.ExpectWrites(t, "apply")
			case redeemed:
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
	fixed := "name = \"precious\"\n  ttl = \"30d\""
	for name, test := range acctest.Sample(1, map[string]struct {
		before, after string
		between       func(*acctest.Service)
		live          int
	}{
		"expired after the plan": {fixed, fixed, func(svc *acctest.Service) { svc.Clock.Advance(31 * dayLong) }, 1},
		"revoked after the plan": {fixed, fixed, func(svc *acctest.Service) { svc.Emulator.Revoke("precious") }, 1},
		"another name":           {fixed, "name = \"other\"\n  ttl = \"30d\"", nil, 2},
		"a prefix":               {"name_prefix = \"precious-\"\n  ttl = \"30d\"", "name_prefix = \"precious-\"\n  ttl = \"30d\"", nil, 2},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Since("1.4.0"))
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", fmt.Sprintf(precious, test.before, false))
			w.Apply()
			w.MustRun("taint", tokenAddress)
			w.Write("main.tf", fmt.Sprintf(precious, test.after, false))
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
				t.Errorf("the state holds what only a plan should: %s", private)
			}
		})
	}
}

// The way that the error proposes.
func TestHardening01ReplacementAfterARefusal(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.4.0"))
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", fmt.Sprintf(precious, "name = \"precious\"\n  ttl = \"30d\"", false))
	w.Apply()
	w.MustRun("taint", tokenAddress)
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "run `terraform untaint` if the resource is tainted")
	w.MustRun("untaint", tokenAddress)
	w.Write("main.tf", strings.Replace(w.Read("main.tf"), "delete_on_destroy = false", "delete_on_destroy = true", 1))
	svc.Emulator.ResetJournal()
	w.Apply()
	svc.ExpectWrites(t, "apply of delete_on_destroy")
	w.Apply("-replace=" + tokenAddress)
	svc.ExpectWrites(t, "apply -replace", emulator.OpDeleteAccessToken, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken)
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// revokeAction writes an action block that revokes the token of a name, which is an expression.
func revokeAction(name string) string {
	return fmt.Sprintf("action \"mlplatform_revoke_access_token\" \"test\" {\n  config {\n    name = %s\n  }\n}\n", name)
}

// revokedBy is a resource that triggers the action when it is made and when it changes.
func revokedBy(input string) string {
	return fmt.Sprintf(`
resource "terraform_data" "incident" {
  input = %q
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.mlplatform_revoke_access_token.test]
    }
  }
}
`, input)
}

// invoke runs the action by itself.
func invoke(w *acctest.Workspace) acctest.Result {
	w.T.Helper()
	return w.Run("apply", "-no-color", "-auto-approve", "-invoke=action.mlplatform_revoke_access_token.test")
}

// Invoked by hand, it deletes the token of the name and no other, and says so. A plan deletes nothing.
func TestRevokeByHand(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]emulator.SeedToken{
		"user":     {Name: "leaked"},
		"admin":    {Name: "leaked", Role: "ADMIN"},
		"any text": {Name: `a "leaked" ${token}/ключ+?&`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Actions)
			svc := acctest.NewService(t)
			svc.Seed(t, seedToken("innocent"))
			row := svc.Seed(t, token)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", revokeAction(acctest.Quote(token.Name)))
			w.ExpectNoLeak(w.Plan("-invoke=action.mlplatform_revoke_access_token.test"))
			svc.ExpectWrites(t, "plan")
			got := invoke(w)
			w.ExpectNoLeak(got)
			svc.ExpectWrites(t, "apply", emulator.OpDeleteAccessToken)
			if want := fmt.Sprintf("Revoked the access token %q (ID %s).", token.Name, row.ID); got.ExitCode != 0 || !acctest.OutputMatches(want).MatchString(got.Output()) {
				t.Errorf("exit code %d, without %s:\n%s", got.ExitCode, want, got.Output())
			}
			if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"innocent"}) {
				t.Errorf("the service holds %q", held)
			}
		})
	}
}

// Triggered by a resource, it deletes each time that the resource changes, and not otherwise.
func TestRevokeByTrigger(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := func(input string) string { return svc.Config(revokeAction(`"leaked"`) + revokedBy(input)) }
	again := func() {
		svc.Seed(t, seedToken("leaked"))
	}
	acctest.Needs(t, acctest.Actions)
	acctest.Run(t,
		resource.TestStep{PreConfig: again, Config: config("first"), Check: svc.CheckWrites(emulator.OpDeleteAccessToken)},
		resource.TestStep{PreConfig: again, Config: config("first"), ConfigPlanChecks: acctest.EmptyPlan(), Check: svc.CheckWrites()},
		resource.TestStep{Config: config("second"), Check: resource.ComposeTestCheckFunc(
			svc.CheckWrites(emulator.OpDeleteAccessToken),
			func(*terraform.State) error {
				if held := svc.LiveTokenNames(t); len(held) != 0 {
					return fmt.Errorf("the service holds %q", held)
				}
				return nil
			},
		)},
	)
}

// A name that is not known while planning is known when it counts: here it is that of a token of the same run.
func TestRevokeOfALaterName(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Actions)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(lines(`name_prefix = "later-"`, `recreate_if_invalid = "never"`))+
		revokeAction("mlplatform_access_token.test.name")+
		strings.Replace(revokedBy("x"), `"x"`, "mlplatform_access_token.test.name", 1))
	w.Apply()
	svc.ExpectWrites(t, "apply", slices.Concat(acctest.MintWrites, []string{emulator.OpDeleteAccessToken})...)
	if held := svc.LiveTokenNames(t); len(held) != 0 {
		t.Errorf("the service holds %q", held)
	}
}

// What cannot be done is an error that says why and what to do, and nothing is deleted.
func TestRevokeRefused(t *testing.T) {
	t.Parallel()
	fault := func(operation string, f emulator.Fault) func(*testing.T, *acctest.Workspace) {
		return func(_ *testing.T, w *acctest.Workspace) {
			f.Operation, f.Times = operation, -1
			w.Service.Emulator.Inject(f)
		}
	}
	trouble := emulator.Fault{Kind: emulator.Respond, Status: 500}
	for name, test := range map[string]struct {
		token  string
		happen func(*testing.T, *acctest.Workspace)
		says   string
	}{
		"own token": {"emulator-admin", nil, `The access token "emulator-admin" is the provider's own.`},
		"near names": {
			"etl nightly", nil,
			`The project has no access token named "etl nightly". The closest names are: "ETL-nightly", "etl-nightly",`,
		},
		"empty name": {"", nil, "`name` is \"\", but it must not be empty"},
		"no token": {
			"etl-nightly", func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") },
			"This operation requires an access token with the ADMIN role.",
		},
		"weak role": {
			"etl-nightly", func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, seedToken("weak"))
			},
			`Access token "etl-nightly": .* has the USER role; ADMIN is required.`,
		},
		"no list":            {"etl-nightly", fault(emulator.OpListAccessTokens, trouble), "The service, or a proxy in front of it, is failing."},
		"broken list":        {"etl-nightly", fault(emulator.OpListAccessTokens, emulator.Fault{Kind: emulator.BadJSON, Body: "[{}]"}), `Access token "etl-nightly":`},
		"not known who asks": {"etl-nightly", fault(emulator.OpWhoAmI, trouble), "The service, or a proxy in front of it, is failing."},
		"not deleted":        {"etl-nightly", fault(emulator.OpDeleteAccessToken, trouble), `Access token "etl-nightly":`},
		"deletion lost":      {"etl-nightly", fault(emulator.OpDeleteAccessToken, emulator.Fault{Kind: emulator.Drop}), "The connection failed or was interrupted."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Actions)
			svc := acctest.NewService(t)
			svc.Seed(t, seedToken("etl-nightly"))
			svc.Seed(t, seedToken("ETL-nightly"))
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", acctest.NoRetriesSlow+revokeAction(acctest.Quote(test.token)))
			if test.happen != nil {
				test.happen(t, w)
			}
			got := invoke(w)
			svc.Emulator.ClearFaults()
			for part := range strings.SplitSeq(test.says, " .* ") {
				if got.ExitCode != 1 || !acctest.OutputMatches(part).MatchString(got.Output()) {
					t.Errorf("exit code %d, without %s:\n%s", got.ExitCode, part, got.Output())
				}
			}
			svc.ExpectNoLeak(t, got.Command(), got.Output())
			for _, name := range []string{"etl-nightly", "ETL-nightly"} {
				if held := svc.LiveTokenNames(t); !slices.Contains(held, name) {
					t.Errorf("the service holds %q", held)
				}
			}
		})
	}
}

// Somebody else was faster: what was to be achieved is achieved.
func TestRevokeOfWhatIsJustGone(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Actions)
	svc := acctest.NewService(t)
	svc.Seed(t, seedToken("leaked"))
	svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Kind: emulator.Respond, Status: 404, After: true})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", revokeAction(`"leaked"`))
	if got := invoke(w); got.ExitCode != 0 || !acctest.OutputMatches("Revoked the access token").MatchString(got.Output()) {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
}

// A token that the state holds is found to be missing by the next plan, which replaces it.
func TestRevokeOfATokenOfTheState(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Actions)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(`name = "leaked"`)+revokeAction("mlplatform_access_token.test.name"))
	w.Apply()
	svc.Emulator.ResetJournal()
	if got := invoke(w); got.ExitCode != 0 {
		t.Fatal(got.Output())
	}
	svc.ExpectWrites(t, "invoke", emulator.OpDeleteAccessToken)
	if got := w.Plan(); got.ExitCode != 2 || !acctest.OutputMatches("1 to add").MatchString(got.Output()) {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	w.Apply()
	svc.ExpectWrites(t, "apply", acctest.MintWrites...)
}

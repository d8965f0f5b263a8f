// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// invoke runs the action without applying anything else.
func invoke(w *acctest.Workspace) acctest.Result {
	w.T.Helper()
	return w.Run("apply", "-no-color", "-auto-approve", "-invoke=action.mlplatform_revoke_access_token.test")
}

// An invoked action deletes the token with the name and no other, and reports it. A plan deletes nothing.
func TestRevokeInvoked(t *testing.T) {
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
			svc.Seed(t, emulator.SeedToken{Name: "innocent"})
			row := svc.Seed(t, token)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", fmt.Sprintf(`
action "mlplatform_revoke_access_token" "test" {
  config {
    name = %s
  }
}
`, acctest.Quote(token.Name)))
			w.ExpectNoLeak(w.Plan("-invoke=action.mlplatform_revoke_access_token.test"))
			svc.ExpectWrites(t, "plan")
			got := invoke(w)
			w.ExpectNoLeak(got)
			svc.ExpectWrites(t, "apply", emulator.OpDeleteAccessToken)
			if want := fmt.Sprintf("Revoked the access token %q (ID %s).", token.Name, row.ID); got.ExitCode != 0 || !got.Matches(want) {
				t.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, want, got.Output())
			}
			svc.ExpectLiveTokens(t, "innocent")
		})
	}
}

// A triggered action deletes the token each time the resource changes, and not otherwise.
func TestRevokeTriggered(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := func(input string) string {
		return svc.Config(fmt.Sprintf(`
action "mlplatform_revoke_access_token" "test" {
  config {
    name = "leaked"
  }
}
resource "terraform_data" "incident" {
  input = %q
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.mlplatform_revoke_access_token.test]
    }
  }
}
`, input))
	}
	seed := func() { svc.Seed(t, emulator.SeedToken{Name: "leaked"}) }
	acctest.Needs(t, acctest.Actions)
	acctest.Run(t,
		resource.TestStep{PreConfig: seed, Config: config("first"), Check: svc.CheckWrites(emulator.OpDeleteAccessToken)},
		resource.TestStep{PreConfig: seed, Config: config("first"), ConfigPlanChecks: acctest.EmptyPlan(), Check: svc.CheckWrites()},
		resource.TestStep{Config: config("second"), Check: resource.ComposeTestCheckFunc(
			svc.CheckWrites(emulator.OpDeleteAccessToken),
			svc.CheckLiveTokens(t),
		)},
	)
}

// The name may be unknown in the plan: here it is generated for a token of the same run.
func TestRevokeUnknownName(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Actions)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name_prefix         = "later-"
  recreate_if_invalid = "never"
}
action "mlplatform_revoke_access_token" "test" {
  config {
    name = mlplatform_access_token.test.name
  }
}
resource "terraform_data" "incident" {
  input = mlplatform_access_token.test.name
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.mlplatform_revoke_access_token.test]
    }
  }
}
`)
	w.Apply()
	svc.ExpectWrites(t, "apply", slices.Concat(acctest.MintWrites, []string{emulator.OpDeleteAccessToken})...)
	svc.ExpectLiveTokens(t)
}

// A failed action reports the cause and the next step, and deletes nothing.
func TestRevokeErrors(t *testing.T) {
	t.Parallel()
	fault := func(operation string, f emulator.Fault) func(*testing.T, *acctest.Workspace) {
		return func(_ *testing.T, w *acctest.Workspace) {
			f.Operation, f.Times = operation, -1
			w.Service.Emulator.Inject(f)
		}
	}
	serverError := emulator.Fault{Kind: emulator.Respond, Status: 500}
	for name, test := range map[string]struct {
		token   string
		prepare func(*testing.T, *acctest.Workspace)
		want    string
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
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "weak"})
			},
			`Access token "etl-nightly": .* has the USER role; ADMIN is required.`,
		},
		"list failed":       {"etl-nightly", fault(emulator.OpListAccessTokens, serverError), "The service, or a proxy in front of it, is failing."},
		"invalid list":      {"etl-nightly", fault(emulator.OpListAccessTokens, emulator.Fault{Kind: emulator.BadJSON, Body: "[{}]"}), `Access token "etl-nightly":`},
		"own token unknown": {"etl-nightly", fault(emulator.OpWhoAmI, serverError), "The service, or a proxy in front of it, is failing."},
		"delete failed":     {"etl-nightly", fault(emulator.OpDeleteAccessToken, serverError), `Access token "etl-nightly":`},
		"delete dropped":    {"etl-nightly", fault(emulator.OpDeleteAccessToken, emulator.Fault{Kind: emulator.Drop}), "The connection failed or was interrupted."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Actions)
			svc := acctest.NewService(t)
			svc.Seed(t, emulator.SeedToken{Name: "etl-nightly"})
			svc.Seed(t, emulator.SeedToken{Name: "ETL-nightly"})
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", fmt.Sprintf(`
provider "mlplatform" {
  max_retries = 0
}
action "mlplatform_revoke_access_token" "test" {
  config {
    name = %s
  }
}
`, acctest.Quote(test.token)))
			if test.prepare != nil {
				test.prepare(t, w)
			}
			got := invoke(w)
			svc.Emulator.ClearFaults()
			for part := range strings.SplitSeq(test.want, " .* ") {
				if got.ExitCode != 1 || !got.Matches(part) {
					t.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, part, got.Output())
				}
			}
			svc.ExpectNoLeak(t, got.Command(), got.Output())
			for _, name := range []string{"etl-nightly", "ETL-nightly"} {
				if names := svc.LiveTokenNames(t); !slices.Contains(names, name) {
					t.Errorf("the service has the live access tokens %q, without %q", names, name)
				}
			}
		})
	}
}

// Revoking a token that was deleted in the meantime is not an error.
func TestRevokeDeletedToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Actions)
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "leaked"})
	svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Kind: emulator.Respond, Status: 404, After: true})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
action "mlplatform_revoke_access_token" "test" {
  config {
    name = "leaked"
  }
}
`)
	if got := invoke(w); got.ExitCode != 0 || !got.Matches("Revoked the access token") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
}

// After the action revokes a token in the state, the next plan finds it missing and creates it again.
func TestRevokeManagedToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Actions)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "leaked"
}
action "mlplatform_revoke_access_token" "test" {
  config {
    name = mlplatform_access_token.test.name
  }
}
`)
	w.Apply()
	svc.Emulator.ResetJournal()
	if got := invoke(w); got.ExitCode != 0 {
		t.Fatal(got.Output())
	}
	svc.ExpectWrites(t, "invoke", emulator.OpDeleteAccessToken)
	if got := w.Plan(); got.ExitCode != 2 || !got.Matches("1 to add") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	w.Apply()
	svc.ExpectWrites(t, "apply", acctest.MintWrites...)
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

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
func (w *workspace) invoke() outcome {
	w.t.Helper()
	return w.run("apply", "-no-color", "-auto-approve", "-invoke=action.mlplatform_revoke_access_token.test")
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
			needs(t, actions)
			b := emulated(t)
			b.seed(t, seedToken("innocent"))
			row := b.seed(t, token)
			w := newWorkspace(t, b).traced()
			w.write("main.tf", revokeAction(hcl(token.Name)))
			wantNoLeak(t, b, w.plan("-invoke=action.mlplatform_revoke_access_token.test"))
			b.wantWrites(t, "plan")
			got := w.invoke()
			wantNoLeak(t, b, got)
			b.wantWrites(t, "apply", emulator.OpDeleteAccessToken)
			if want := fmt.Sprintf("Revoked the access token %q (ID %s).", token.Name, row.ID); got.exitCode != 0 || !says(want).MatchString(got.shown()) {
				t.Errorf("exit code %d, without %s:\n%s", got.exitCode, want, got.shown())
			}
			if held := b.held(t); !slices.Equal(held, []string{"innocent"}) {
				t.Errorf("the service holds %q", held)
			}
		})
	}
}

// Triggered by a resource, it deletes each time that the resource changes, and not otherwise.
func TestRevokeByTrigger(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	config := func(input string) string { return b.config(revokeAction(`"leaked"`) + revokedBy(input)) }
	again := func() {
		b.seed(t, seedToken("leaked"))
	}
	b.runWith(t, actions,
		resource.TestStep{PreConfig: again, Config: config("first"), Check: b.expectWrites(emulator.OpDeleteAccessToken)},
		resource.TestStep{PreConfig: again, Config: config("first"), ConfigPlanChecks: emptyPlan(), Check: b.expectWrites()},
		resource.TestStep{Config: config("second"), Check: resource.ComposeTestCheckFunc(
			b.expectWrites(emulator.OpDeleteAccessToken),
			func(*terraform.State) error {
				if held := b.held(t); len(held) != 0 {
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
	needs(t, actions)
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", accessToken(lines(`name_prefix = "later-"`, `recreate_if_invalid = "never"`))+
		revokeAction("mlplatform_access_token.test.name")+
		strings.Replace(revokedBy("x"), `"x"`, "mlplatform_access_token.test.name", 1))
	w.apply()
	b.wantWrites(t, "apply", slices.Concat(mintWrites, []string{emulator.OpDeleteAccessToken})...)
	if held := b.held(t); len(held) != 0 {
		t.Errorf("the service holds %q", held)
	}
}

// What cannot be done is an error that says why and what to do, and nothing is deleted.
func TestRevokeRefused(t *testing.T) {
	t.Parallel()
	fault := func(operation string, f emulator.Fault) func(*testing.T, *workspace) {
		return func(_ *testing.T, w *workspace) {
			f.Operation, f.Times = operation, -1
			w.b.emulator.Inject(f)
		}
	}
	trouble := emulator.Fault{Kind: emulator.Respond, Status: 500}
	for name, test := range map[string]struct {
		token  string
		happen func(*testing.T, *workspace)
		says   string
	}{
		"own token": {"emulator-admin", nil, `The access token "emulator-admin" is the provider's own.`},
		"near names": {
			"etl nightly", nil,
			`The project has no access token named "etl nightly". The closest names are: "ETL-nightly", "etl-nightly",`,
		},
		"empty name": {"", nil, "`name` is \"\", but it must not be empty"},
		"no token": {
			"etl-nightly", func(_ *testing.T, w *workspace) { delete(w.env, "MLPLATFORM_TOKEN") },
			"This operation requires an access token with the ADMIN role.",
		},
		"weak role": {
			"etl-nightly", func(t *testing.T, w *workspace) {
				t.Helper()
				w.env["MLPLATFORM_TOKEN"] = w.b.valueOf(t, seedToken("weak"))
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
			needs(t, actions)
			b := emulated(t)
			b.seed(t, seedToken("etl-nightly"))
			b.seed(t, seedToken("ETL-nightly"))
			w := newWorkspace(t, b)
			w.write("main.tf", patient+revokeAction(hcl(test.token)))
			if test.happen != nil {
				test.happen(t, w)
			}
			got := w.invoke()
			b.emulator.ClearFaults()
			for part := range strings.SplitSeq(test.says, " .* ") {
				if got.exitCode != 1 || !says(part).MatchString(got.shown()) {
					t.Errorf("exit code %d, without %s:\n%s", got.exitCode, part, got.shown())
				}
			}
			wantNoLeakIn(t, b, got.command, got.shown())
			for _, name := range []string{"etl-nightly", "ETL-nightly"} {
				if held := b.held(t); !slices.Contains(held, name) {
					t.Errorf("the service holds %q", held)
				}
			}
		})
	}
}

// Somebody else was faster: what was to be achieved is achieved.
func TestRevokeOfWhatIsJustGone(t *testing.T) {
	t.Parallel()
	needs(t, actions)
	b := emulated(t)
	b.seed(t, seedToken("leaked"))
	b.emulator.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Kind: emulator.Respond, Status: 404, After: true})
	w := newWorkspace(t, b)
	w.write("main.tf", revokeAction(`"leaked"`))
	if got := w.invoke(); got.exitCode != 0 || !says("Revoked the access token").MatchString(got.shown()) {
		t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
	}
}

// A token that the state holds is found to be missing by the next plan, which replaces it.
func TestRevokeOfATokenOfTheState(t *testing.T) {
	t.Parallel()
	needs(t, actions)
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", accessToken(`name = "leaked"`)+revokeAction("mlplatform_access_token.test.name"))
	w.apply()
	b.emulator.ResetJournal()
	if got := w.invoke(); got.exitCode != 0 {
		t.Fatal(got.shown())
	}
	b.wantWrites(t, "invoke", emulator.OpDeleteAccessToken)
	if got := w.plan(); got.exitCode != 2 || !says("1 to add").MatchString(got.shown()) {
		t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
	}
	w.apply()
	b.wantWrites(t, "apply", mintWrites...)
}

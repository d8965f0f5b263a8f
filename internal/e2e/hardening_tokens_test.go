// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// expectOutput fails the test unless a command ended with this exit code and its output has these texts.
func expectOutput(t *testing.T, got acctest.Result, exitCode int, texts ...string) {
	t.Helper()
	if got.ExitCode != exitCode {
		t.Errorf("exit code %d, want %d\n%s", got.ExitCode, exitCode, got.Output())
	}
	for _, text := range texts {
		if !got.Matches(text) {
			t.Errorf("%q is not in the output:\n%s", text, got.Output())
		}
	}
}

// A planned replacement that would forget a valid token is refused; `destroy` is not, and says what stays valid.
func TestHardening01PlannedReplacementKeepsTheValue(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	config := func(keeper, more string) string {
		return fmt.Sprintf(`
resource "mlplatform_access_token" "test" {
  name              = "precious"
  ttl               = "30d"
  rotate_before     = "7d"
  delete_on_destroy = false
  keepers           = { round = %q }
  %s
}
`, keeper, more)
	}
	w.Write("main.tf", config("1", ""))
	w.Apply()
	value := w.Attribute(tokenAddress, "token")
	w.Write("main.tf", config("2", ""))
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "The replacement would lose a valid token", "`name_prefix`")
	w.Write("main.tf", config("1", ""))
	svc.Clock.Advance(25 * dayLong) // now the rotation is due
	expectOutput(t, w.Run("plan", "-no-color"), 1, "reason: `status`")
	if w.Attribute(tokenAddress, "token") != value {
		t.Error("the value is no longer in the state")
	}
	// Terraform plans the configuration before it plans the destruction, so the error names the way around.
	expectOutput(t, w.Run("destroy", "-no-color", "-auto-approve"), 1, "`terraform destroy -refresh=false`")
	expectOutput(t, w.Run("destroy", "-no-color", "-auto-approve", "-refresh=false"), 0, "The access token stays valid", "It expires at 2031-03-31T12:00:00Z")
	svc.ExpectLiveTokens(t, "precious")
}

// A value that has arrived is kept, untainted, whatever happens to the description; the next plan completes it.
func TestHardening02ArrivedValueIsKept(t *testing.T) {
	t.Parallel()
	broken := func(svc *acctest.Service, operations ...string) {
		for _, operation := range operations {
			svc.Emulator.Inject(emulator.Fault{Operation: operation, Kind: emulator.Respond, Status: 500, Times: -1})
		}
	}
	for name, test := range map[string]struct {
		redeemed bool
		fail     []string
		skipList int
		warned   bool
	}{
		"list works": {fail: []string{emulator.OpWhoAmI}},
		"list fails": {fail: []string{emulator.OpWhoAmI}, skipList: 1, warned: true},
		"redeemed":   {redeemed: true, fail: []string{emulator.OpWhoAmI}, warned: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			if test.redeemed {
				acctest.Needs(t, acctest.WriteOnlyArguments)
				w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "kept")
				delete(w.Env, "MLPLATFORM_TOKEN")
				w.Write("main.tf", "variable \"register_token\" {}\n"+accessToken("register_token_wo = var.register_token\ndelete_on_destroy = false"))
			} else {
				w.Write("main.tf", accessToken(`name = "kept"`+"\n"+`ttl = "1d"`))
			}
			broken(svc, test.fail...)
			if test.skipList > 0 {
				svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Skip: test.skipList, Kind: emulator.Respond, Status: 500, Times: -1})
			}
			got := w.Apply()
			if warned := got.Matches("is not described yet"); warned != test.warned {
				t.Errorf("warned: %v\n%s", warned, got.Output())
			}
			value := w.Attribute(tokenAddress, "token")
			if w.Resource(tokenAddress).Tainted || value == "" {
				t.Error("the token is tainted or has no value")
			}
			svc.Emulator.ClearFaults()
			svc.Emulator.ResetJournal()
			w.Apply()
			w.ExpectEmptyPlan()
			svc.ExpectWrites(t, "apply")
			if w.Attribute(tokenAddress, "token") != value || w.Attribute(tokenAddress, "id") == "" || w.Attribute(tokenAddress, "name") != "kept" || w.Attribute(tokenAddress, "expires_at") == "" {
				t.Error("the token is not complete")
			}
		})
	}
}

// importBlock imports the token with this name into the resource under test.
func importBlock(name string) string {
	return fmt.Sprintf("import {\n  to = mlplatform_access_token.test\n  id = %q\n}\n", name)
}

// registerTokenValue has an administrator create a register token for a day-long access token.
func registerTokenValue(t *testing.T, svc *acctest.Service, name string) string {
	t.Helper()
	token, err := svc.Client(t).CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
		AccessTokenName: name, Role: mlplatform.RoleUser, AccessTokenLifetime: dayLong, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	svc.Emulator.ResetJournal()
	return token.Value.Reveal()
}

// With the ADMIN token of another project, nothing is planned: the token's own value shows that it is valid.
func TestHardening03ListOfAnotherProject(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(`name = "ours"`))
	w.Apply()
	_, other, err := svc.Emulator.Seed(emulator.SeedToken{Name: "their admin", Role: "ADMIN", Issuer: "boris", Project: "theirs"})
	if err != nil {
		t.Fatal(err)
	}
	w.Env["MLPLATFORM_TOKEN"] = other
	expectOutput(t, w.Run("plan", "-no-color"), 1, "A valid token is not in the list", `"their admin", issued by "boris"`, "or the list is incomplete")
	w.Env["MLPLATFORM_TOKEN"] = svc.Token
	w.ExpectEmptyPlan()
	svc.Emulator.SetHidden("ours")
	expectOutput(t, w.Run("plan", "-no-color"), 1, "A valid token is not in the list")
	svc.Emulator.SetHidden()
	svc.Emulator.Revoke("ours")
	expectOutput(t, w.Run("plan", "-no-color", "-detailed-exitcode"), 2, "must be replaced")
}

// Without a value in the state, the plan warns once and names the provider's token.
func TestHardening03NothingListedWithoutAValue(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.5.0"))
	svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
	w := acctest.NewWorkspace(t, svc)
	var text strings.Builder
	for i := range 3 {
		svc.Seed(t, emulator.SeedToken{Name: fmt.Sprintf("old-%d", i)})
		fmt.Fprintf(&text, "resource \"mlplatform_access_token\" \"t%[1]d\" {\n  name = \"old-%[1]d\"\n}\nimport {\n  to = mlplatform_access_token.t%[1]d\n  id = \"old-%[1]d\"\n}\n", i)
	}
	w.Write("main.tf", text.String())
	got := w.Apply()
	if count := strings.Count(got.Output(), "Values of imported tokens are not recoverable"); count != 1 {
		t.Errorf("the warning about values is shown %d times:\n%s", count, got.Output())
	}
	_, other, err := svc.Emulator.Seed(emulator.SeedToken{Name: "their admin", Role: "ADMIN", Issuer: "boris", Project: "theirs"})
	if err != nil {
		t.Fatal(err)
	}
	w.Env["MLPLATFORM_TOKEN"] = other
	got = w.Plan()
	expectOutput(t, got, 2, "No token of the state is in the list", `"their admin", issued by "boris"`)
	if count := strings.Count(got.Output(), "No token of the state is in the list"); count != 1 {
		t.Errorf("the warning is shown %d times:\n%s", count, got.Output())
	}
}

// What an imported token is and the configuration does not say is a warning, and an error once it would be replaced.
func TestHardening06ImportedAdminIsNotRemade(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.5.0"))
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "legacy", Role: "ADMIN", TTL: 30 * dayLong})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken("name = \"legacy\"\nkeepers = { round = 1 }")+importBlock("legacy"))
	expectOutput(t, w.Apply(), 0, "The configuration does not describe the token", "Set `role = \"ADMIN\"` and `ttl`")
	w.ExpectEmptyPlan()
	w.Write("main.tf", accessToken("name = \"legacy\"\nkeepers = { round = 2 }"))
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "The replacement would be a different token")
	svc.Clock.Advance(31 * dayLong) // expired, so it would be replaced anyway
	w.Write("main.tf", accessToken("name = \"legacy\"\nkeepers = { round = 1 }"))
	expectOutput(t, w.Run("plan", "-no-color"), 1, "The replacement would be a different token")
	state := w.Read("terraform.tfstate")
	expectOutput(t, w.Run("destroy", "-no-color", "-auto-approve"), 1, "`terraform destroy -refresh=false`")
	w.Destroy("-refresh=false")
	w.Write("terraform.tfstate", state)
	w.Write("main.tf", accessToken("name = \"legacy\"\nrole = \"ADMIN\"\nttl = \"30d\"\nkeepers = { round = 1 }"))
	w.Apply()
	w.ExpectEmptyPlan()
	if w.Attribute(tokenAddress, "role") != "ADMIN" || w.Attribute(tokenAddress, "token") == "" {
		t.Error("the replacement is another token")
	}
}

// A lifetime that the service caps is said at creation and replaces nothing before it ends.
func TestHardening08ShorterLifeIsSaid(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Emulator.SetGrant(emulator.CapLifetime(7 * dayLong))
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken("name = \"capped\"\nttl = \"90d\"\nrotate_before = \"14d\""))
	expectOutput(t, w.Apply(), 0, "The service granted a shorter lifetime", "`ttl` is \"90d\"", "only 7d")
	svc.Emulator.ResetJournal()
	for range 2 {
		svc.Clock.Advance(dayLong)
		expectOutput(t, w.Apply(), 0, "The token lives shorter than `rotate_before`")
	}
	svc.ExpectWrites(t, "apply")
	svc.Clock.Advance(7 * dayLong)
	w.Apply()
	svc.ExpectWrites(t, "apply", emulator.OpDeleteAccessToken, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken)
}

// Values that are unknown while planning never end in "inconsistent final plan".
func TestHardening11UnknownWhilePlanning(t *testing.T) {
	t.Parallel()
	const config = `
resource "terraform_data" "settings" {
  input = { policy = "%s", window = "%s", round = "%s" }
}
resource "mlplatform_access_token" "test" {
  name                = "steady"
  ttl                 = "20d"
  rotate_before       = terraform_data.settings.output.window
  recreate_if_invalid = terraform_data.settings.output.policy
}
resource "mlplatform_register_token" "test" {
  access_token_name   = "invited"
  ttl                 = "1d"
  recreate_if_invalid = terraform_data.settings.output.policy
}
`
	for name, test := range map[string]struct {
		prior, later string
		change       func(*acctest.Service)
	}{
		"rotation due":              {"always", "always", func(svc *acctest.Service) { svc.Clock.Advance(11 * dayLong) }},
		"missing, always to never":  {"always", "never", func(svc *acctest.Service) { svc.Emulator.Revoke("steady") }},
		"missing, never to always":  {"never", "always", func(svc *acctest.Service) { svc.Emulator.Revoke("steady") }},
		"missing, always unchanged": {"always", "always", func(svc *acctest.Service) { svc.Emulator.Revoke("steady") }},
		"expired, never to always":  {"never", "always", func(svc *acctest.Service) { svc.Clock.Advance(21 * dayLong) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Since("1.4.0"))
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", fmt.Sprintf(config, test.prior, "10d", "1"))
			w.Apply()
			test.change(svc)
			w.Write("main.tf", fmt.Sprintf(config, test.later, "10d", "2"))
			w.Apply()
			w.Apply() // what was not shown in the first plan may be due now
			w.ExpectEmptyPlan()
		})
	}
}

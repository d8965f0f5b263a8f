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

const dayLong = 24 * time.Hour

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

// A plan that would replace a valid token and leave it behind is an error. A destroy may do so, and warns that the token
// stays valid.
func TestHardening01PlannedReplacementKeepsTheValue(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	const config = `
resource "mlplatform_access_token" "test" {
  name              = "precious"
  ttl               = "30d"
  rotate_before     = "7d"
  delete_on_destroy = false
  keepers           = { round = %d }
}
`
	w.Write("main.tf", fmt.Sprintf(config, 1))
	w.Apply()
	value := w.Attribute(tokenAddress, "token")
	w.Write("main.tf", fmt.Sprintf(config, 2))
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "The replacement would lose a valid token", "`name_prefix`")
	w.Write("main.tf", fmt.Sprintf(config, 1))
	svc.Clock.Advance(25 * dayLong) // now the rotation is due
	expectOutput(t, w.Run("plan", "-no-color"), 1, "reason: `status`")
	if w.Attribute(tokenAddress, "token") != value {
		t.Error("the value is no longer in the state")
	}
	// Terraform plans the configuration before it plans to destroy it, so the error names the option that prevents that.
	expectOutput(t, w.Run("destroy", "-no-color", "-auto-approve"), 1, "`terraform destroy -refresh=false`")
	expectOutput(t, w.Run("destroy", "-no-color", "-auto-approve", "-refresh=false"), 0, "The access token stays valid", "It expires at 2031-03-31T12:00:00Z")
	svc.ExpectLiveTokens(t, "precious")
}

// A value that has arrived is kept, untainted, even if the requests for the description fail. The next apply completes the
// state.
func TestHardening02ArrivedValueIsKept(t *testing.T) {
	t.Parallel()
	const created = `
resource "mlplatform_access_token" "test" {
  name = "kept"
  ttl  = "1d"
}
`
	const redeemed = `
variable "register_token" {}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false
}
`
	failing := func(operation string, skip int) emulator.Fault {
		return emulator.Fault{Operation: operation, Skip: skip, Kind: emulator.Respond, Status: 500, Times: -1}
	}
	for name, test := range acctest.Sample(1, map[string]struct {
		config string
		faults []emulator.Fault
		warned bool
	}{
		"list works": {created, []emulator.Fault{failing(emulator.OpWhoAmI, 0)}, false},
		"list fails": {created, []emulator.Fault{failing(emulator.OpWhoAmI, 0), failing(emulator.OpListAccessTokens, 1)}, true},
		"redeemed":   {redeemed, []emulator.Fault{failing(emulator.OpWhoAmI, 0)}, true},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			if test.config == redeemed {
				acctest.Needs(t, acctest.WriteOnlyArguments)
				w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "kept")
				delete(w.Env, "MLPLATFORM_TOKEN")
			}
			w.Write("main.tf", test.config)
			for _, fault := range test.faults {
				svc.Emulator.Inject(fault)
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
			if w.Attribute(tokenAddress, "token") != value || w.Attribute(tokenAddress, "id") == "" ||
				w.Attribute(tokenAddress, "name") != "kept" || w.Attribute(tokenAddress, "expires_at") == "" {
				t.Error("the token is not complete")
			}
		})
	}
}

// registerTokenValue creates a register token as an administrator, for an access token with a lifetime of one day.
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
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "ours"
}
`)
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
	for _, name := range []string{"old-0", "old-1", "old-2"} {
		svc.Seed(t, emulator.SeedToken{Name: name})
		w.Write(name+".tf", fmt.Sprintf(`
resource "mlplatform_access_token" %[1]q {
  name = %[1]q
}

import {
  to = mlplatform_access_token.%[1]s
  id = %[1]q
}
`, name))
	}
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

// A warning says which settings of an imported token the configuration does not have. To replace the token without them
// is an error.
func TestHardening06ImportedAdminIsNotRemade(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.5.0"))
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "legacy", Role: "ADMIN", TTL: 30 * dayLong})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name    = "legacy"
  keepers = { round = 1 }
}

import {
  to = mlplatform_access_token.test
  id = "legacy"
}
`)
	expectOutput(t, w.Apply(), 0, "The configuration does not describe the token", "Set `role = \"ADMIN\"` and `ttl`")
	w.ExpectEmptyPlan()
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name    = "legacy"
  keepers = { round = 2 }
}
`)
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "The replacement would be a different token")
	svc.Clock.Advance(31 * dayLong) // expired, so it would be replaced anyway
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name    = "legacy"
  keepers = { round = 1 }
}
`)
	expectOutput(t, w.Run("plan", "-no-color"), 1, "The replacement would be a different token")
	state := w.Read("terraform.tfstate")
	expectOutput(t, w.Run("destroy", "-no-color", "-auto-approve"), 1, "`terraform destroy -refresh=false`")
	w.Destroy("-refresh=false")
	w.Write("terraform.tfstate", state)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name    = "legacy"
  role    = "ADMIN"
  ttl     = "30d"
  keepers = { round = 1 }
}
`)
	w.Apply()
	w.ExpectEmptyPlan()
	if w.Attribute(tokenAddress, "role") != "ADMIN" || w.Attribute(tokenAddress, "token") == "" {
		t.Error("the replacement is another token")
	}
}

// A creation warns that the service granted a shorter lifetime. The token is not replaced before that lifetime ends.
func TestHardening08ShorterLifeIsSaid(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Emulator.SetGrant(emulator.CapLifetime(7 * dayLong))
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name          = "capped"
  ttl           = "90d"
  rotate_before = "14d"
}
`)
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

// Values that are unknown while planning never cause the error "inconsistent final plan".
func TestHardening11UnknownWhilePlanning(t *testing.T) {
	t.Parallel()
	const config = `
resource "terraform_data" "settings" {
  input = { policy = %q, window = "10d", round = %d }
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
	for name, test := range acctest.Sample(1, map[string]struct {
		prior, later string
		change       func(*acctest.Service)
	}{
		"rotation due":              {"always", "always", func(svc *acctest.Service) { svc.Clock.Advance(11 * dayLong) }},
		"missing, always to never":  {"always", "never", func(svc *acctest.Service) { svc.Emulator.Revoke("steady") }},
		"missing, never to always":  {"never", "always", func(svc *acctest.Service) { svc.Emulator.Revoke("steady") }},
		"missing, always unchanged": {"always", "always", func(svc *acctest.Service) { svc.Emulator.Revoke("steady") }},
		"expired, never to always":  {"never", "always", func(svc *acctest.Service) { svc.Clock.Advance(21 * dayLong) }},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Since("1.4.0"))
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", fmt.Sprintf(config, test.prior, 1))
			w.Apply()
			test.change(svc)
			w.Write("main.tf", fmt.Sprintf(config, test.later, 2))
			w.Apply()
			w.Apply() // a change that the first plan did not show may be due now
			w.ExpectEmptyPlan()
		})
	}
}

// Terraform converts text to the Unicode form NFC. A token whose name has another form is found and deleted all the same.
func TestHardening14DecomposedNames(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "caf\u00e9", "cafe\u0301"
	for name, id := range map[string]string{"as the service shows it": decomposed, "as a configuration can name it": composed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			svc.Seed(t, emulator.SeedToken{Name: decomposed})
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", fmt.Sprintf(`
resource "mlplatform_access_token" "test" {
  name = %q
}
data "mlplatform_access_token" "test" {
  name = %q
}
`, decomposed, decomposed))
			w.MustRun("import", "-no-color", tokenAddress, id)
			w.Apply()
			w.ExpectEmptyPlan()
			w.Destroy()
			svc.ExpectLiveTokens(t)
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// amendments are what a service can change about a token on the way.
var amendments = map[string]func(*emulator.SeedToken){
	"trimmed name":     func(token *emulator.SeedToken) { token.Name = strings.TrimSpace(token.Name) },
	"lower-case name":  func(token *emulator.SeedToken) { token.Name = strings.ToLower(token.Name) },
	"another role":     func(token *emulator.SeedToken) { token.Role = "USER" },
	"capped expiry":    func(token *emulator.SeedToken) { token.TTL = time.Hour },
	"extended expiry":  func(token *emulator.SeedToken) { token.TTL = 30 * dayLong },
	"no expiry at all": func(token *emulator.SeedToken) { token.TTL = 0 },
}

// amending returns a service that changes each new token.
func amending(t *testing.T, amend func(*emulator.SeedToken)) *acctest.Service {
	t.Helper()
	svc := acctest.NewService(t)
	svc.Emulator.SetGrant(func(token emulator.SeedToken) emulator.SeedToken { amend(&token); return token })
	return svc
}

// Of a new token, the service changes the name, the role or the expiry. The value is in the state in any case.
func TestServiceAmendsCreation(t *testing.T) {
	t.Parallel()
	const longer = "The service granted a longer lifetime"
	for name, test := range acctest.Sample(1, map[string]struct {
		exitCode                         int
		message, tokenName, role, expiry string
	}{
		"trimmed name":     {1, "`name` is \"Nightly \", but the service created the access token with the name \"Nightly\"", "Nightly", "ADMIN", "2031-03-03T12:00:00Z"},
		"lower-case name":  {1, "with the name \"nightly \"", "nightly ", "ADMIN", "2031-03-03T12:00:00Z"},
		"another role":     {1, "`role` is \"ADMIN\", but the service created the access token with the role \"USER\"", "Nightly ", "USER", "2031-03-03T12:00:00Z"},
		"capped expiry":    {0, "`ttl` is \"2d\", but the service granted the access token \"Nightly \" only 1h", "Nightly ", "ADMIN", "2031-03-01T13:00:00Z"},
		"extended expiry":  {0, longer, "Nightly ", "ADMIN", "2031-03-31T12:00:00Z"},
		"no expiry at all": {0, "the access token \"Nightly \" never expires", "Nightly ", "ADMIN", ""},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := amending(t, amendments[name])
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "Nightly "
  role = "ADMIN"
  ttl  = "2d"
}
`)
			got := w.Run("apply", "-no-color", "-auto-approve")
			expectOutput(t, got, test.exitCode, test.message)
			if got.Matches("inconsistent") {
				t.Errorf("Terraform blames the provider:\n%s", got.Output())
			}
			for attribute, want := range map[string]string{
				"token": svc.LastValue(), "name": test.tokenName, "role": test.role, "expires_at": test.expiry,
			} {
				if got, _ := w.Resource(tokenAddress).Values[attribute].(string); got != want {
					t.Errorf("%s in the state is not as the service has it", attribute)
				}
			}
			if test.exitCode == 0 {
				w.ExpectEmptyPlan()
			}
			// The token is deleted by the name that it has.
			w.Run("destroy", "-no-color", "-auto-approve")
			svc.ExpectLiveTokens(t)
		})
	}
}

// With the name that the service uses, the error is gone, and so is the first token.
func TestServiceAmendsNameUntilCorrected(t *testing.T) {
	t.Parallel()
	svc := amending(t, amendments["trimmed name"])
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = " nightly"
}
`)
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "The service created a different token", "Set `name` to \"nightly\"")
	value := w.Attribute(tokenAddress, "token")
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "nightly"
}
`)
	w.MustRun("untaint", tokenAddress)
	w.ExpectEmptyPlan()
	if w.Attribute(tokenAddress, "token") != value {
		t.Error("the value has changed")
	}
	svc.ExpectLiveTokens(t, "nightly")
}

// What a redemption creates is not planned, so the state has what the service says.
func TestServiceAmendsRedemption(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.WriteOnlyArguments)
	for name, want := range acctest.Sample(1, map[string]string{
		"trimmed name": "Nightly", "another role": "USER", "capped expiry": "2031-03-01T13:00:00Z", "no expiry at all": "",
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := amending(t, amendments[name])
			value, err := svc.Emulator.SeedRegisterToken(emulator.SeedToken{Name: "Nightly ", Role: "ADMIN", TTL: 2 * dayLong})
			if err != nil {
				t.Fatal(err)
			}
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", `
variable "register_token" {
  type      = string
  ephemeral = true
}
resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
}
`)
			w.Env["TF_VAR_register_token"] = value
			w.Apply()
			attribute := map[string]string{"trimmed name": "name", "another role": "role"}[name]
			if attribute == "" {
				attribute = "expires_at"
			}
			if got, _ := w.Resource(tokenAddress).Values[attribute].(string); got != want {
				t.Errorf("%s is %q, want %q", attribute, got, want)
			}
			if w.Attribute(tokenAddress, "token") != svc.LastValue() {
				t.Error("the value is not in the state")
			}
			w.ExpectEmptyPlan()
			w.Destroy()
			svc.ExpectLiveTokens(t)
		})
	}
}

// After the creation, the service changes a token of the state. A refresh follows, and the plan says what it would do.
func TestServiceAmendsExistingToken(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		amend    func(*emulator.Token)
		exitCode int
		text     string
	}{
		"renamed":      {func(token *emulator.Token) { token.Name = "another" }, 2, `-> "nightly" # forces replacement`},
		"another role": {func(token *emulator.Token) { token.Role = "ADMIN" }, 2, `-> "USER" # forces replacement`},
		"extended": {func(token *emulator.Token) {
			later := token.ExpiresAt.Add(dayLong)
			token.ExpiresAt = &later
		}, 0, "No changes"},
		"no expiry": {func(token *emulator.Token) { token.ExpiresAt = nil }, 0, "No changes"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "nightly"
  ttl  = "2d"
}
`)
			w.Apply()
			if !svc.Emulator.Amend("nightly", test.amend) {
				t.Fatal("the token does not exist")
			}
			expectOutput(t, w.Run("plan", "-no-color", "-detailed-exitcode"), test.exitCode, test.text)
			w.Apply()
			w.ExpectEmptyPlan()
			svc.ExpectLiveTokens(t, "nightly")
		})
	}
}

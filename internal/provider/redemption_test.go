// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// redeemAndLeave redeems a register token; a destroy leaves the access token to its expiry.
const redeemAndLeave = `
variable "register_token" {
  type      = string
  ephemeral = true
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false
}
`

// redeemAndDelete redeems a register token; a destroy deletes the access token.
const redeemAndDelete = `
variable "register_token" {
  type      = string
  ephemeral = true
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
}
`

// registerTokenVariable creates a register token as an administrator, and returns it as the variable register_token.
func registerTokenVariable(t *testing.T, svc *acctest.Service, name string, role mlplatform.Role, lifetime time.Duration) config.Variables {
	t.Helper()
	token, err := svc.Client(t).CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
		AccessTokenName: name, Role: role, AccessTokenLifetime: lifetime, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	svc.Emulator.ResetJournal()
	return config.Variables{"register_token": config.StringVariable(token.Value.Reveal())}
}

// Without a provider token, the access token is created, read with its own value, and left to its expiry.
func TestRedemptionWithoutAdministrator(t *testing.T) {
	t.Parallel()
	for name, blocks := range acctest.Sample(1, map[string]string{
		"ephemeral variable": redeemAndLeave,
		"plain variable": `
variable "register_token" {
  type = string
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false
}
`,
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			variables := registerTokenVariable(t, svc, "Anna's notebook", mlplatform.RoleAdmin, 24*time.Hour)
			redemption := svc.ConfigAs("", blocks)
			acctest.Needs(t, acctest.Since("1.11.0"))
			acctest.Run(t,
				resource.TestStep{
					Config:          redemption,
					ConfigVariables: variables,
					ConfigStateChecks: []statecheck.StateCheck{
						attribute("name", knownvalue.StringExact("Anna's notebook")),
						attribute("role", knownvalue.StringExact("ADMIN")),
						attribute("ttl", knownvalue.Null()),
						attribute("register_token_wo", knownvalue.Null()),
						attribute("recreate_if_invalid", knownvalue.StringExact("never")),
						attribute("expires_at", knownvalue.StringExact(acctest.Start.Add(24*time.Hour).Format(time.RFC3339))),
						attribute("status", knownvalue.StringExact("active")),
						attribute("token", knownvalue.NotNull()),
					},
				},
				resource.TestStep{
					PreConfig:        svc.Later(time.Hour),
					Config:           redemption,
					ConfigVariables:  variables,
					ConfigPlanChecks: acctest.EmptyPlan(),
					Check: func(*terraform.State) error {
						for _, request := range svc.Emulator.Journal() {
							if request.Operation != emulator.OpWhoAmI {
								return fmt.Errorf("reading made the request %s", request.Operation)
							}
						}
						return svc.CheckWrites()(nil)
					},
				},
				resource.TestStep{
					PreConfig:         svc.Later(24 * time.Hour),
					Config:            redemption,
					ConfigVariables:   variables,
					ConfigPlanChecks:  acctest.EmptyPlan(),
					ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("expired"))},
				},
				resource.TestStep{Config: svc.ConfigAs("", ""), Check: svc.CheckWrites()},
			)
		})
	}
}

// A revoked token has the status missing until keepers change, which redeems a new register token.
func TestRedemptionAgain(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	first := registerTokenVariable(t, svc, "one", mlplatform.RoleUser, 0)
	second := registerTokenVariable(t, svc, "two", mlplatform.RoleUser, 0)
	before := svc.ConfigAs("", `
variable "register_token" {
  type      = string
  ephemeral = true
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false
  keepers           = { n = 1 }
}
`)
	after := svc.ConfigAs("", `
variable "register_token" {
  type      = string
  ephemeral = true
}

resource "mlplatform_access_token" "test" {
  register_token_wo = var.register_token
  delete_on_destroy = false
  keepers           = { n = 2 }
}
`)
	acctest.Needs(t, acctest.Since("1.11.0"))
	acctest.Run(t,
		resource.TestStep{Config: before, ConfigVariables: first},
		resource.TestStep{
			PreConfig:         func() { svc.Emulator.Revoke("one") },
			Config:            before,
			ConfigVariables:   first,
			ConfigPlanChecks:  acctest.EmptyPlan(),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("missing"))},
		},
		resource.TestStep{
			Config:            after,
			ConfigVariables:   second,
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
			ConfigStateChecks: []statecheck.StateCheck{attribute("name", knownvalue.StringExact("two"))},
		},
	)
}

// The error for a register token that was redeemed or has expired names both causes and says what to ask for.
func TestRedemptionRefused(t *testing.T) {
	t.Parallel()
	for name, invalidate := range acctest.Sample(1, map[string]func(*testing.T, *acctest.Service, string){
		"spent": func(t *testing.T, svc *acctest.Service, value string) {
			t.Helper()
			if _, err := svc.Client(t).RedeemRegisterToken(t.Context(), mlplatform.Secret(value)); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(_ *testing.T, svc *acctest.Service, _ string) { svc.Clock.Advance(2 * time.Hour) },
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			token, err := svc.Client(t).CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
				AccessTokenName: "late", Role: mlplatform.RoleUser, Lifetime: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			invalidate(t, svc, token.Value.Reveal())
			acctest.Needs(t, acctest.Since("1.11.0"))
			acctest.Run(t, resource.TestStep{
				Config:          svc.ConfigAs("", redeemAndLeave),
				ConfigVariables: config.Variables{"register_token": config.StringVariable(token.Value.Reveal())},
				ExpectError: acctest.OutputMatches("The register token was already redeemed (it works once) or has expired; " +
					"the service does not say which. Ask the administrator for a new register token"),
			})
		})
	}
}

// When the response is lost, the error names the tokens that may have been created, if the provider can list them.
// Otherwise it says what to ask the administrator.
func TestRedemptionAnswerLost(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		administrator bool
		want          string
	}{
		"to an administrator": {true, `These access tokens have appeared since: "redeemed". Delete the one that the register token was created for`},
		"to somebody else":    {false, "Ask the administrator to delete the access token that the register token was created for"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			variables := registerTokenVariable(t, svc, "redeemed", mlplatform.RoleUser, 0)
			redemption := svc.ConfigAs("", redeemAndDelete)
			if test.administrator {
				redemption = svc.Config(redeemAndDelete)
			}
			svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Truncate})
			acctest.Needs(t, acctest.Since("1.11.0"))
			acctest.Run(t, resource.TestStep{Config: redemption, ConfigVariables: variables, ExpectError: acctest.OutputMatches(test.want)})
		})
	}
}

// A destroy requires an ADMIN token. Without one, the error says how to destroy the resource all the same.
func TestRedemptionDestroyed(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	variables := registerTokenVariable(t, svc, "redeemed", mlplatform.RoleUser, 0)
	acctest.Needs(t, acctest.Since("1.11.0"))
	acctest.Run(t,
		resource.TestStep{Config: svc.ConfigAs("", redeemAndDelete), ConfigVariables: variables},
		resource.TestStep{Config: svc.ConfigAs("", ""), ExpectError: acctest.OutputMatches("delete_on_destroy = false")},
		resource.TestStep{Config: svc.Config(""), Check: svc.CheckLiveTokens(t)},
	)
}

// A redemption also works with a USER token in the provider block: the access token is read with its own value.
func TestRedemptionByUser(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	variables := registerTokenVariable(t, svc, "redeemed", mlplatform.RoleUser, 0)
	redemption := svc.ConfigAs(svc.SeedValue(t, emulator.SeedToken{Name: "user"}), redeemAndLeave)
	acctest.Needs(t, acctest.Since("1.11.0"))
	acctest.Run(t,
		resource.TestStep{Config: redemption, ConfigVariables: variables},
		resource.TestStep{Config: redemption, ConfigVariables: variables, ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// redemption is a configuration without a provider token. Its variable is ephemeral or not.
func redemption(svc *acctest.Service, ephemeral bool, attributes string) string {
	return svc.ConfigAs("", fmt.Sprintf("variable \"register_token\" {\n  type = string\n  ephemeral = %t\n}\n", ephemeral)+
		accessToken("register_token_wo = var.register_token\n"+attributes))
}

// registerTokenFor has an administrator make a register token, and returns it as the variable of a redemption.
func registerTokenFor(t *testing.T, svc *acctest.Service, name string, role mlplatform.Role, lifetime time.Duration) config.Variables {
	t.Helper()
	token, err := svc.Client(t).CreateRegisterToken(context.Background(), mlplatform.RegisterTokenRequest{
		AccessTokenName: name, Role: role, AccessTokenLifetime: lifetime, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	svc.Emulator.ResetJournal()
	return config.Variables{"register_token": config.StringVariable(token.Value.Reveal())}
}

// Without any administrator: create, read with the token's own value, and leave it to its expiry at the end.
func TestRedemptionWithoutAdministrator(t *testing.T) {
	t.Parallel()
	for name, ephemeral := range map[string]bool{"ephemeral variable": true, "plain variable": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			variables := registerTokenFor(t, svc, "Anna's notebook", mlplatform.RoleAdmin, 24*time.Hour)
			redemption := redemption(svc, ephemeral, "delete_on_destroy = false")
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

// A revoked one is missing, and stays so until a fresh register token comes with a change of keepers.
func TestRedemptionAgain(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	first := registerTokenFor(t, svc, "one", mlplatform.RoleUser, 0)
	second := registerTokenFor(t, svc, "two", mlplatform.RoleUser, 0)
	before := redemption(svc, true, "delete_on_destroy = false\nkeepers = { n = 1 }")
	after := redemption(svc, true, "delete_on_destroy = false\nkeepers = { n = 2 }")
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

// The error of a register token that is not good says which two things can be the case and what to ask for.
func TestRedemptionRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*testing.T, *acctest.Service, string){
		"spent": func(t *testing.T, svc *acctest.Service, value string) {
			t.Helper()
			if _, err := svc.Client(t).RedeemRegisterToken(context.Background(), mlplatform.Secret(value)); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(_ *testing.T, svc *acctest.Service, _ string) { svc.Clock.Advance(2 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			token, err := svc.Client(t).CreateRegisterToken(context.Background(), mlplatform.RegisterTokenRequest{
				AccessTokenName: "late", Role: mlplatform.RoleUser, Lifetime: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, svc, token.Value.Reveal())
			acctest.Needs(t, acctest.Since("1.11.0"))
			acctest.Run(t, resource.TestStep{
				Config:          redemption(svc, true, "delete_on_destroy = false"),
				ConfigVariables: config.Variables{"register_token": config.StringVariable(token.Value.Reveal())},
				ExpectError: acctest.OutputMatches("The register token was already redeemed (it works once) or has expired; " +
					"the service does not say which. Ask the administrator for a new register token"),
			})
		})
	}
}

// Where the answer is lost, an administrator is told which token it may be; anybody else has to ask one.
func TestRedemptionAnswerLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		administrator bool
		says          string
	}{
		"to an administrator": {true, `These access tokens have appeared since: "redeemed". Delete the one that the register token was created for`},
		"to somebody else":    {false, "Ask the administrator to delete the access token that the register token was created for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			variables := registerTokenFor(t, svc, "redeemed", mlplatform.RoleUser, 0)
			redemption := redemption(svc, true, "")
			if test.administrator {
				redemption = strings.Replace(redemption, "= null", "= "+acctest.Quote(svc.Token), 1)
			}
			svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Truncate})
			acctest.Needs(t, acctest.Since("1.11.0"))
			acctest.Run(t, resource.TestStep{Config: redemption, ConfigVariables: variables, ExpectError: acctest.OutputMatches(test.says)})
		})
	}
}

// Deleting needs an administrator: without one the error names the way out, and with one it works.
func TestRedemptionDestroyed(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	variables := registerTokenFor(t, svc, "redeemed", mlplatform.RoleUser, 0)
	acctest.Needs(t, acctest.Since("1.11.0"))
	acctest.Run(t,
		resource.TestStep{Config: redemption(svc, true, ""), ConfigVariables: variables},
		resource.TestStep{Config: svc.ConfigAs("", ""), ExpectError: acctest.OutputMatches("delete_on_destroy = false")},
		resource.TestStep{Config: svc.Config(""), Check: func(*terraform.State) error {
			if held := svc.LiveTokenNames(t); len(held) != 0 {
				return errors.New("the token is still there")
			}
			return nil
		}},
	)
}

// Whoever redeems a register token need not be an administrator: with a USER token in the provider block, the access
// token is read with its own value too.
func TestRedemptionByUser(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	variables := registerTokenFor(t, svc, "redeemed", mlplatform.RoleUser, 0)
	_, user, err := svc.Emulator.Seed(emulator.SeedToken{Name: "user"})
	if err != nil {
		t.Fatal(err)
	}
	redemption := strings.Replace(redemption(svc, true, "delete_on_destroy = false"), "= null", "= "+acctest.Quote(user), 1)
	acctest.Needs(t, acctest.Since("1.11.0"))
	acctest.Run(t,
		resource.TestStep{Config: redemption, ConfigVariables: variables},
		resource.TestStep{Config: redemption, ConfigVariables: variables, ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

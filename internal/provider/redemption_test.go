// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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
func (b *bench) redemption(ephemeral bool, attributes string) string {
	return b.configAs("", fmt.Sprintf("variable \"register_token\" {\n  type = string\n  ephemeral = %t\n}\n", ephemeral)+
		accessToken("register_token_wo = var.register_token\n"+attributes))
}

// registerTokenFor has an administrator make a register token, and returns it as the variable of a redemption.
func (b *bench) registerTokenFor(t *testing.T, name string, role mlplatform.Role, lifetime time.Duration) config.Variables {
	t.Helper()
	token, err := b.client(t).CreateRegisterToken(context.Background(), mlplatform.RegisterTokenRequest{
		AccessTokenName: name, Role: role, AccessTokenLifetime: lifetime, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.emulator.ResetJournal()
	return config.Variables{"register_token": config.StringVariable(token.Value.Reveal())}
}

// Without any administrator: create, read with the token's own value, and leave it to its expiry at the end.
func TestRedemptionWithoutAdministrator(t *testing.T) {
	t.Parallel()
	for name, ephemeral := range map[string]bool{"ephemeral variable": true, "plain variable": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			variables := b.registerTokenFor(t, "Anna's notebook", mlplatform.RoleAdmin, 24*time.Hour)
			redemption := b.redemption(ephemeral, "delete_on_destroy = false")
			b.runFrom(t, "1.11.0",
				resource.TestStep{
					Config:          redemption,
					ConfigVariables: variables,
					ConfigStateChecks: []statecheck.StateCheck{
						attribute("name", knownvalue.StringExact("Anna's notebook")),
						attribute("role", knownvalue.StringExact("ADMIN")),
						attribute("ttl", knownvalue.Null()),
						attribute("register_token_wo", knownvalue.Null()),
						attribute("recreate_if_invalid", knownvalue.StringExact("never")),
						attribute("expires_at", knownvalue.StringExact(epoch.Add(24*time.Hour).Format(time.RFC3339))),
						attribute("status", knownvalue.StringExact("active")),
						attribute("token", knownvalue.NotNull()),
					},
				},
				resource.TestStep{
					PreConfig:        b.later(time.Hour),
					Config:           redemption,
					ConfigVariables:  variables,
					ConfigPlanChecks: emptyPlan(),
					Check: func(*terraform.State) error {
						for _, request := range b.emulator.Journal() {
							if request.Operation != emulator.OpWhoAmI {
								return fmt.Errorf("reading made the request %s", request.Operation)
							}
						}
						return b.expectWrites()(nil)
					},
				},
				resource.TestStep{
					PreConfig:         b.later(24 * time.Hour),
					Config:            redemption,
					ConfigVariables:   variables,
					ConfigPlanChecks:  emptyPlan(),
					ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("expired"))},
				},
				resource.TestStep{Config: b.configAs("", ""), Check: b.expectWrites()},
			)
		})
	}
}

// A revoked one is missing, and stays so until a fresh register token comes with a change of keepers.
func TestRedemptionAgain(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	first := b.registerTokenFor(t, "one", mlplatform.RoleUser, 0)
	second := b.registerTokenFor(t, "two", mlplatform.RoleUser, 0)
	before := b.redemption(true, "delete_on_destroy = false\nkeepers = { n = 1 }")
	after := b.redemption(true, "delete_on_destroy = false\nkeepers = { n = 2 }")
	b.runFrom(t, "1.11.0",
		resource.TestStep{Config: before, ConfigVariables: first},
		resource.TestStep{
			PreConfig:         func() { b.emulator.Revoke("one") },
			Config:            before,
			ConfigVariables:   first,
			ConfigPlanChecks:  emptyPlan(),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("missing"))},
		},
		resource.TestStep{
			Config:            after,
			ConfigVariables:   second,
			ConfigPlanChecks:  checks(action(plancheck.ResourceActionReplace)),
			ConfigStateChecks: []statecheck.StateCheck{attribute("name", knownvalue.StringExact("two"))},
		},
	)
}

// The error of a register token that is not good says which two things can be the case and what to ask for.
func TestRedemptionRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*testing.T, *bench, string){
		"spent": func(t *testing.T, b *bench, value string) {
			t.Helper()
			if _, err := b.client(t).RedeemRegisterToken(context.Background(), mlplatform.Secret(value)); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(_ *testing.T, b *bench, _ string) { b.clock.Advance(2 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			token, err := b.client(t).CreateRegisterToken(context.Background(), mlplatform.RegisterTokenRequest{
				AccessTokenName: "late", Role: mlplatform.RoleUser, Lifetime: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, b, token.Value.Reveal())
			b.runFrom(t, "1.11.0", resource.TestStep{
				Config:          b.redemption(true, "delete_on_destroy = false"),
				ConfigVariables: config.Variables{"register_token": config.StringVariable(token.Value.Reveal())},
				ExpectError: says("The register token was already redeemed (it works once) or has expired; " +
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
		"to somebody else":    {false, "Ask the administrator to delete the access token of the name that the register token was made for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			variables := b.registerTokenFor(t, "redeemed", mlplatform.RoleUser, 0)
			redemption := b.redemption(true, "")
			if test.administrator {
				redemption = strings.ReplaceAll(redemption, "max_retries = 1", fmt.Sprintf("token = %q", b.token))
			}
			b.emulator.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Truncate})
			b.runFrom(t, "1.11.0", resource.TestStep{Config: redemption, ConfigVariables: variables, ExpectError: says(test.says)})
		})
	}
}

// Deleting needs an administrator: without one the error names the way out, and with one it works.
func TestRedemptionDestroyed(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	variables := b.registerTokenFor(t, "redeemed", mlplatform.RoleUser, 0)
	b.runFrom(t, "1.11.0",
		resource.TestStep{Config: b.redemption(true, ""), ConfigVariables: variables},
		resource.TestStep{Config: b.configAs("", ""), ExpectError: says("delete_on_destroy = false")},
		resource.TestStep{Config: b.config(""), Check: func(*terraform.State) error {
			if held := b.held(t); len(held) != 0 {
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
	b := emulated(t)
	variables := b.registerTokenFor(t, "redeemed", mlplatform.RoleUser, 0)
	_, user, err := b.emulator.Seed(emulator.SeedToken{Name: "user"})
	if err != nil {
		t.Fatal(err)
	}
	redemption := strings.ReplaceAll(b.redemption(true, "delete_on_destroy = false"), "max_retries = 1", fmt.Sprintf("token = %q", user))
	b.runFrom(t, "1.11.0",
		resource.TestStep{Config: redemption, ConfigVariables: variables},
		resource.TestStep{Config: redemption, ConfigVariables: variables, ConfigPlanChecks: emptyPlan()},
	)
}

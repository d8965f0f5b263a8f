// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

const tokenAddress = "mlplatform_access_token.test"

// accessToken writes a resource block with the given attributes.
func accessToken(attributes string) string {
	return fmt.Sprintf("resource \"mlplatform_access_token\" \"test\" {\n%s\n}\n", attributes)
}

// attribute checks an attribute of the resource under test.
func attribute(name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(tokenAddress, tfjsonpath.New(name), want)
}

// emptyPlan checks that there is nothing to do.
func emptyPlan() resource.ConfigPlanChecks { return checks(plancheck.ExpectEmptyPlan()) }

// accessTokenLife is the life of a token from its creation to its destruction, with an import in between. It runs
// against the emulator and, unchanged, against the live service.
func accessTokenLife(t *testing.T, b *bench) []resource.TestStep {
	t.Helper()
	holds := func(want ...string) func(*terraform.State) error {
		return func(*terraform.State) error {
			if held := b.held(t); !slices.Equal(held, want) {
				return fmt.Errorf("the service holds %q instead of %q", held, want)
			}
			return nil
		}
	}
	return []resource.TestStep{
		{
			Config: b.config(accessToken(`name = "NAME-life"` + "\n" + `ttl = "2h"`)),
			Check:  holds("life"),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("name", knownvalue.StringExact(b.name("life"))),
				attribute("role", knownvalue.StringExact("USER")),
				attribute("ttl", knownvalue.StringExact("2h")),
				attribute("id", knownvalue.NotNull()),
				attribute("issuer_name", knownvalue.NotNull()),
				attribute("expires_at", knownvalue.NotNull()),
				attribute("token", knownvalue.NotNull()),
				attribute("status", knownvalue.StringExact("active")),
			},
		},
		{
			Config:           b.config(accessToken(`name = "NAME-life"` + "\n" + `ttl = "120m"`)),
			ConfigPlanChecks: emptyPlan(),
		},
		{
			ResourceName:                         tokenAddress,
			ImportState:                          true,
			ImportStateId:                        b.name("life"),
			ImportStateVerify:                    true,
			ImportStateVerifyIdentifierAttribute: "name",
			ImportStateVerifyIgnore:              []string{"token", "ttl"},
		},
		{
			Config:           b.config(accessToken(`name = "NAME-life"` + "\n" + `role = "ADMIN"`)),
			ConfigPlanChecks: checks(action(plancheck.ResourceActionReplace)),
			Check:            holds("life"),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("role", knownvalue.StringExact("ADMIN")),
				attribute("expires_at", knownvalue.Null()),
			},
		},
		{
			Config:           b.config(accessToken(`name = "NAME-other life"` + "\n" + `role = "ADMIN"`)),
			ConfigPlanChecks: checks(action(plancheck.ResourceActionReplace)),
			Check:            holds("other life"),
		},
		{Config: b.config(""), Check: holds()},
	}
}

func TestAccessTokenLife(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.run(t, accessTokenLife(t, b)...)
}

func TestAccAccessTokenLife(t *testing.T) { //nolint:paralleltest // one project, one list
	b := live(t)
	b.run(t, accessTokenLife(t, b)...)
}

func TestAccessTokenNames(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"space": "my user token", "slash": "team/etl", "query": "what?=&x#y", "percent": "100% %2F", "plus": "a+b",
		"cyrillic": "токен Анны", "quote": `say "hi"`, "emoji": "🔑", "dots": "..", "long": longName,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			config := b.config(accessToken(fmt.Sprintf("name = %s", hcl(text))))
			b.run(t,
				resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
					attribute("name", knownvalue.StringExact(text)),
				}},
				resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
				resource.TestStep{Config: b.config(""), Check: func(*terraform.State) error {
					if held := b.held(t); len(held) != 0 {
						return fmt.Errorf("the service still holds %q", held)
					}
					return nil
				}},
			)
		})
	}
}

func TestAccessTokenExpiryIsTheServices(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.run(t, resource.TestStep{
		Config: b.config(accessToken(`name = "month"` + "\n" + `ttl = "30d"`)),
		ConfigStateChecks: []statecheck.StateCheck{
			attribute("expires_at", knownvalue.StringExact(epoch.Add(30*24*time.Hour).Format(time.RFC3339))),
		},
	})
}

// Two applies in a row with nothing to do, and the plans around them, change nothing on the service.
func TestAccessTokenIdleAppliesWriteNothing(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	config := b.config(accessToken(`name = "idle"`) + registerToken(`access_token_name = "x"`+"\n"+`ttl = "1h"`) +
		`data "mlplatform_access_tokens" "all" {}`)
	b.run(t,
		resource.TestStep{Config: config},
		resource.TestStep{PreConfig: b.emulator.ResetJournal, Config: config, ConfigPlanChecks: emptyPlan()},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan(), Check: func(*terraform.State) error {
			if writes := b.writes(); len(writes) != 0 {
				return fmt.Errorf("idle applies made the requests %v", writes)
			}
			if len(b.emulator.Journal()) == 0 {
				return errors.New("the journal is empty, so it shows nothing")
			}
			return nil
		}},
	)
}

func TestAccessTokenDestroyOfWhatIsGone(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.run(t,
		resource.TestStep{Config: b.config(accessToken(`name = "gone"`))},
		resource.TestStep{PreConfig: func() { b.emulator.Revoke("gone") }, Config: b.config("")},
	)
}

// It is gone between the list and the deletion, so the service answers 404.
func TestAccessTokenDestroyRaces(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.run(t,
		resource.TestStep{Config: b.config(accessToken(`name = "raced"`))},
		resource.TestStep{
			PreConfig: func() {
				b.emulator.Inject(emulator.Fault{Operation: "deleteAccessToken", After: true, Kind: emulator.Respond, Status: 404})
			},
			Config: b.config(""),
		},
	)
}

func TestAccessTokenNameTaken(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	if _, _, err := b.emulator.Seed(emulator.SeedToken{Name: "taken"}); err != nil {
		t.Fatal(err)
	}
	b.run(t, resource.TestStep{
		Config:      b.config(accessToken(`name = "taken"`)),
		ExpectError: says("terraform import"),
	})
	if writes := b.writes(); len(writes) != 0 {
		t.Errorf("before it said so, the provider made the requests %v", writes)
	}
}

// Older versions of Terraform do not say in a state's JSON what is sensitive.
func TestValuesAreSensitive(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.runFrom(t, "1.4.6", resource.TestStep{
		Config: b.config(accessToken(`name = "secret"`) + registerToken("access_token_name = \"x\"\nttl = \"1h\"")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectSensitiveValue(tokenAddress, tfjsonpath.New("token")),
			statecheck.ExpectSensitiveValue(registerAddress, tfjsonpath.New("token")),
		},
	})
}

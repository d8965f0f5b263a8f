// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

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

// accessTokenLife is the life of a token from its creation to its destruction, with an import in between. It runs
// against the emulator and, unchanged, against the live service.
func accessTokenLife(t *testing.T, svc *acctest.Service) []resource.TestStep {
	t.Helper()
	holds := func(want ...string) func(*terraform.State) error {
		return func(*terraform.State) error {
			if held := svc.LiveTokenNames(t); !slices.Equal(held, want) {
				return fmt.Errorf("the service holds %q instead of %q", held, want)
			}
			return nil
		}
	}
	return []resource.TestStep{
		{
			Config: svc.Config(accessToken(`name = "tf-acc-life"` + "\n" + `ttl = "2h"`)),
			Check:  holds("tf-acc-life"),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("name", knownvalue.StringExact("tf-acc-life")),
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
			Config:           svc.Config(accessToken(`name = "tf-acc-life"` + "\n" + `ttl = "120m"`)),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		{
			ResourceName:                         tokenAddress,
			ImportState:                          true,
			ImportStateId:                        "tf-acc-life",
			ImportStateVerify:                    true,
			ImportStateVerifyIdentifierAttribute: "name",
			ImportStateVerifyIgnore:              []string{"token", "ttl"},
		},
		{
			Config:           svc.Config(accessToken(`name = "tf-acc-life"` + "\n" + `role = "ADMIN"`)),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
			Check:            holds("tf-acc-life"),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("role", knownvalue.StringExact("ADMIN")),
				attribute("expires_at", knownvalue.Null()),
			},
		},
		{
			Config:           svc.Config(accessToken(`name = "tf-acc-other life"` + "\n" + `role = "ADMIN"`)),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
			Check:            holds("tf-acc-other life"),
		},
		{Config: svc.Config(""), Check: holds()},
	}
}

func TestAccessTokenLife(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t, accessTokenLife(t, svc)...)
}

func TestAccAccessTokenLife(t *testing.T) { //nolint:paralleltest // one project, one list
	svc := acctest.LiveService(t)
	acctest.Run(t, accessTokenLife(t, svc)...)
}

func TestAccessTokenNames(t *testing.T) {
	t.Parallel()
	for name, text := range acctest.Sample(2, map[string]string{
		"space": "my user token", "slash": "team/etl", "query": "what?=&x#y", "percent": "100% %2F", "plus": "a+b",
		"cyrillic": "токен Анны", "quote": `say "hi"`, "emoji": "🔑", "dots": "..", "long": longName,
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := svc.Config(accessToken(fmt.Sprintf("name = %s", acctest.Quote(text))))
			acctest.Run(t,
				resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
					attribute("name", knownvalue.StringExact(text)),
				}},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{Config: svc.Config(""), Check: func(*terraform.State) error {
					if held := svc.LiveTokenNames(t); len(held) != 0 {
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
	svc := acctest.NewService(t)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(accessToken(`name = "month"` + "\n" + `ttl = "30d"`)),
		ConfigStateChecks: []statecheck.StateCheck{
			attribute("expires_at", knownvalue.StringExact(acctest.Start.Add(30*24*time.Hour).Format(time.RFC3339))),
		},
	})
}

// Two applies in a row with nothing to do, and the plans around them, change nothing on the service.
func TestAccessTokenIdleAppliesWriteNothing(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(accessToken(`name = "idle"`) + registerToken(`access_token_name = "x"`+"\n"+`ttl = "1h"`) +
		`data "mlplatform_access_tokens" "all" {}`)
	acctest.Run(t,
		resource.TestStep{Config: config},
		resource.TestStep{PreConfig: svc.Emulator.ResetJournal, Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan(), Check: func(*terraform.State) error {
			if writes := svc.Writes(); len(writes) != 0 {
				return fmt.Errorf("idle applies made the requests %v", writes)
			}
			if len(svc.Emulator.Journal()) == 0 {
				return errors.New("the journal is empty, so it shows nothing")
			}
			return nil
		}},
	)
}

func TestAccessTokenDestroyOfWhatIsGone(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(accessToken(`name = "gone"`))},
		resource.TestStep{PreConfig: func() { svc.Emulator.Revoke("gone") }, Config: svc.Config("")},
	)
}

// It is gone between the list and the deletion, so the service answers 404.
func TestAccessTokenDestroyRaces(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(accessToken(`name = "raced"`))},
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.Inject(emulator.Fault{Operation: "deleteAccessToken", After: true, Kind: emulator.Respond, Status: 404})
			},
			Config: svc.Config(""),
		},
	)
}

func TestAccessTokenNameTaken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	if _, _, err := svc.Emulator.Seed(emulator.SeedToken{Name: "taken"}); err != nil {
		t.Fatal(err)
	}
	acctest.Run(t, resource.TestStep{
		Config:      svc.Config(accessToken(`name = "taken"`)),
		ExpectError: acctest.OutputMatches("terraform import"),
	})
	if writes := svc.Writes(); len(writes) != 0 {
		t.Errorf("before it said so, the provider made the requests %v", writes)
	}
}

// Older versions of Terraform do not say in a state's JSON what is sensitive.
func TestValuesAreSensitive(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Needs(t, acctest.Since("1.4.6"))
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(accessToken(`name = "secret"`) + registerToken("access_token_name = \"x\"\nttl = \"1h\"")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectSensitiveValue(tokenAddress, tfjsonpath.New("token")),
			statecheck.ExpectSensitiveValue(registerAddress, tfjsonpath.New("token")),
		},
	})
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"fmt"
	"strings"
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

// attribute checks an attribute of the access token under test.
func attribute(name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(tokenAddress, tfjsonpath.New(name), want)
}

// accessTokenLife is the life of a token from its creation to its destruction, with an import in between. It runs
// against the emulator and, unchanged, against the live service.
func accessTokenLife(t *testing.T, svc *acctest.Service) []resource.TestStep {
	t.Helper()
	return []resource.TestStep{
		{
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "tf-acc-life"
  ttl  = "2h"
}
`),
			Check: svc.CheckLiveTokens(t, "tf-acc-life"),
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
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "tf-acc-life"
  ttl  = "120m"
}
`),
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
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "tf-acc-life"
  role = "ADMIN"
}
`),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
			Check:            svc.CheckLiveTokens(t, "tf-acc-life"),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("role", knownvalue.StringExact("ADMIN")),
				attribute("expires_at", knownvalue.Null()),
			},
		},
		{
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "tf-acc-other life"
  role = "ADMIN"
}
`),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
			Check:            svc.CheckLiveTokens(t, "tf-acc-other life"),
		},
		{Config: svc.Config(""), Check: svc.CheckLiveTokens(t)},
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

// A name may have any characters, and at least 243 of them.
func TestAccessTokenNames(t *testing.T) {
	t.Parallel()
	for name, text := range acctest.Sample(1, map[string]string{
		"space": "my user token", "slash": "team/etl", "query": "what?=&x#y", "percent": "100% %2F", "plus": "a+b",
		"cyrillic": "токен Анны", "quote": `say "hi"`, "emoji": "🔑", "dots": "..",
		"long": strings.Repeat("a long name ", 20) + "end",
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := svc.Config(fmt.Sprintf(`
resource "mlplatform_access_token" "test" {
  name = %s
}
`, acctest.Quote(text)))
			acctest.Run(t,
				resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
					attribute("name", knownvalue.StringExact(text)),
				}},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{Config: svc.Config(""), Check: svc.CheckLiveTokens(t)},
			)
		})
	}
}

// The expiry in the state is computed by the service's clock.
func TestAccessTokenExpiryIsTheServices(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "month"
  ttl  = "30d"
}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			attribute("expires_at", knownvalue.StringExact(acctest.Start.Add(30*24*time.Hour).Format(time.RFC3339))),
		},
	})
}

// Two applies in a row with nothing to do, and the plans around them, change nothing on the service.
func TestAccessTokenIdleAppliesWriteNothing(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "idle"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "x"
  ttl               = "1h"
}

data "mlplatform_access_tokens" "all" {}
`)
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

// Destroying a token that is already gone is not an error.
func TestAccessTokenDestroyOfWhatIsGone(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "gone"
}
`)},
		resource.TestStep{PreConfig: func() { svc.Emulator.Revoke("gone") }, Config: svc.Config("")},
	)
}

// A token that is deleted between the list and the deletion, so that the service responds with 404, is not an error.
func TestAccessTokenDestroyRaces(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "raced"
}
`)},
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, After: true, Kind: emulator.Respond, Status: 404})
			},
			Config: svc.Config(""),
		},
	)
}

// A creation with a name that is taken fails before any write, and the error points to the import.
func TestAccessTokenNameTaken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "taken"})
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "taken"
}
`),
		ExpectError: acctest.OutputMatches("terraform import"),
	})
	svc.ExpectWrites(t, "apply")
}

// The values are marked as sensitive. Older versions of Terraform do not print that in the JSON of a state.
func TestValuesAreSensitive(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Needs(t, acctest.Since("1.4.6"))
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "secret"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "x"
  ttl               = "1h"
}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectSensitiveValue(tokenAddress, tfjsonpath.New("token")),
			statecheck.ExpectSensitiveValue(registerAddress, tfjsonpath.New("token")),
		},
	})
}

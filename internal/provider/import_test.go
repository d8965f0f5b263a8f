// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// An import sets everything but the value, so that the next plan is empty.
func TestCase05Import(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		token     emulator.SeedToken
		config    string
		expiresAt knownvalue.Check
	}{
		"USER, never expires": {emulator.SeedToken{Name: "hand made", Role: "USER"}, `
resource "mlplatform_access_token" "test" {
  name = "hand made"
}
`, knownvalue.Null()},
		"ADMIN, configured": {emulator.SeedToken{Name: "hand made", Role: "ADMIN"}, `
resource "mlplatform_access_token" "test" {
  name = "hand made"
  role = "ADMIN"
}
`, knownvalue.Null()},
		"ADMIN, not configured": {emulator.SeedToken{Name: "hand made", Role: "ADMIN", TTL: time.Hour}, `
resource "mlplatform_access_token" "test" {
  name = "hand made"
}
`, knownvalue.StringExact(acctest.Start.Add(time.Hour).Format(time.RFC3339))},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
			row := svc.Seed(t, test.token)
			config := svc.Config(test.config)
			acctest.Needs(t, acctest.Since("1.5.0"))
			acctest.Run(t,
				resource.TestStep{
					Config: config + `
import {
  to = mlplatform_access_token.test
  id = "hand made"
}
`,
					ConfigStateChecks: []statecheck.StateCheck{
						attribute("id", knownvalue.StringExact(row.ID)),
						attribute("name", knownvalue.StringExact("hand made")),
						attribute("role", knownvalue.StringExact(test.token.Role)),
						attribute("issuer_name", knownvalue.StringExact(row.IssuerName)),
						attribute("expires_at", test.expiresAt),
						attribute("token", knownvalue.Null()),
						attribute("ttl", knownvalue.Null()),
						attribute("recreate_if_invalid", knownvalue.StringExact("always")),
						attribute("delete_on_destroy", knownvalue.Bool(true)),
						attribute("status", knownvalue.StringExact("active")),
					},
					Check: svc.CheckWrites(),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
			)
		})
	}
}

// Attributes that describe an imported token can be added in any order: none of them replaces the token.
func TestCase06AttributesAddedAfterImport(t *testing.T) {
	t.Parallel()
	const onlyName = `
resource "mlplatform_access_token" "test" {
  name = "imported-1"
}
`
	const allAttributes = `
resource "mlplatform_access_token" "test" {
  name_prefix   = "imported-"
  ttl           = "90d"
  rotate_before = "7d"
  keepers       = { team = "ml" }
}
`
	for name, configs := range acctest.Sample(1, map[string][]string{
		"ttl, keepers, window, prefix": {onlyName, `
resource "mlplatform_access_token" "test" {
  name = "imported-1"
  ttl  = "90d"
}
`, `
resource "mlplatform_access_token" "test" {
  name    = "imported-1"
  ttl     = "90d"
  keepers = { team = "ml" }
}
`, `
resource "mlplatform_access_token" "test" {
  name          = "imported-1"
  ttl           = "90d"
  rotate_before = "7d"
  keepers       = { team = "ml" }
}
`, allAttributes},
		"keepers, prefix, ttl, window": {onlyName, `
resource "mlplatform_access_token" "test" {
  name    = "imported-1"
  keepers = { team = "ml" }
}
`, `
resource "mlplatform_access_token" "test" {
  name_prefix = "imported-"
  keepers     = { team = "ml" }
}
`, `
resource "mlplatform_access_token" "test" {
  name_prefix = "imported-"
  ttl         = "90d"
  keepers     = { team = "ml" }
}
`, allAttributes},
		"prefix, ttl, window, keepers": {onlyName, `
resource "mlplatform_access_token" "test" {
  name_prefix = "imported-"
}
`, `
resource "mlplatform_access_token" "test" {
  name_prefix = "imported-"
  ttl         = "90d"
}
`, `
resource "mlplatform_access_token" "test" {
  name_prefix   = "imported-"
  ttl           = "90d"
  rotate_before = "7d"
}
`, allAttributes},
		"window and ttl, then others": {onlyName, `
resource "mlplatform_access_token" "test" {
  name          = "imported-1"
  ttl           = "90d"
  rotate_before = "7d"
}
`, allAttributes},
		"all at once":         {onlyName, allAttributes},
		"all with the import": {allAttributes},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			row := svc.Seed(t, emulator.SeedToken{Name: "imported-1", TTL: 80 * 24 * time.Hour})
			steps := []resource.TestStep{{Config: svc.Config(configs[0]) + `
import {
  to = mlplatform_access_token.test
  id = "imported-1"
}
`}}
			for _, config := range configs[1:] {
				config = svc.Config(config)
				steps = append(steps,
					resource.TestStep{
						Config:           config,
						ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionUpdate)),
					},
					resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
				)
			}
			steps = append(steps,
				// The same lifetimes in other units are no change.
				resource.TestStep{
					Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name_prefix   = "imported-"
  ttl           = "2160h"
  rotate_before = "168h"
  keepers       = { team = "ml" }
}
`),
					ConfigPlanChecks: acctest.EmptyPlan(),
					Check:            svc.CheckWrites(),
					ConfigStateChecks: []statecheck.StateCheck{
						attribute("id", knownvalue.StringExact(row.ID)),
						attribute("token", knownvalue.Null()),
					},
				},
				// Another lifetime replaces the token.
				resource.TestStep{
					Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name_prefix   = "imported-"
  ttl           = "30d"
  rotate_before = "7d"
  keepers       = { team = "ml" }
}
`),
					ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
					ConfigStateChecks: []statecheck.StateCheck{attribute("token", knownvalue.NotNull())},
				},
			)
			acctest.Needs(t, acctest.Since("1.5.0"))
			acctest.Run(t, steps...)
		})
	}
}

// The error for a name that no token has lists the closest names, at most five.
func TestImportOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	for _, name := range []string{"etl-night", "etl-nightly-1", "etl-nightly-2", "ETL-nightly", "etl nightly", "unrelated"} {
		svc.Seed(t, emulator.SeedToken{Name: name})
	}
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "etl-nightly"
}
`),
		ResourceName:  tokenAddress,
		ImportState:   true,
		ImportStateId: "etl-nightly",
		ExpectError: acctest.OutputMatches(`The project has no access token named "etl-nightly". The closest names are: "ETL-nightly", ` +
			`"etl nightly", "etl-nightly-1", "etl-nightly-2", "etl-night". Write the name`),
	})
}

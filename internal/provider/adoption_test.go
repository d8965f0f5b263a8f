// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// importBlock imports the token of a name into the resource under test.
func importBlock(name string) string {
	return fmt.Sprintf("import {\n  to = mlplatform_access_token.test\n  id = %s\n}\n", acctest.Quote(name))
}

// An import fills in everything but the value, so that the next plan is empty.
func TestCase05Import(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		token      emulator.SeedToken
		attributes string
		expiresAt  knownvalue.Check
	}{
		"user, eternal":    {emulator.SeedToken{Name: "hand made"}, "", knownvalue.Null()},
		"admin, described": {emulator.SeedToken{Name: "hand made", Role: "ADMIN"}, `role = "ADMIN"`, knownvalue.Null()},
		"admin, not described": {
			emulator.SeedToken{Name: "hand made", Role: "ADMIN", TTL: time.Hour}, "",
			knownvalue.StringExact(acctest.Start.Add(time.Hour).Format(time.RFC3339)),
		},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
			row := svc.Seed(t, test.token)
			role := "USER"
			if test.token.Role != "" {
				role = test.token.Role
			}
			config := svc.Config(accessToken(`name = "hand made"` + "\n" + test.attributes))
			acctest.Needs(t, acctest.Since("1.5.0"))
			acctest.Run(t,
				resource.TestStep{
					Config: config + importBlock("hand made"),
					ConfigStateChecks: []statecheck.StateCheck{
						attribute("id", knownvalue.StringExact(row.ID)),
						attribute("name", knownvalue.StringExact("hand made")),
						attribute("role", knownvalue.StringExact(role)),
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

// An adopted token never loses its life to a configuration that merely describes it, in whatever order it is told.
func TestCase06AdoptionInAnyOrder(t *testing.T) {
	t.Parallel()
	const name, prefix = `name = "adopted-1"`, `name_prefix = "adopted-"`
	const ttl, keepers, window = `ttl = "90d"`, `keepers = { team = "ml" }`, `rotate_before = "7d"`
	for order, stages := range acctest.Sample(1, map[string][][]string{
		"ttl, keepers, window, prefix": {{name, ttl}, {name, ttl, keepers}, {name, ttl, keepers, window}, {prefix, ttl, keepers, window}},
		"keepers, prefix, ttl, window": {{name, keepers}, {prefix, keepers}, {prefix, keepers, ttl}, {prefix, keepers, ttl, window}},
		"prefix, ttl, window, keepers": {{prefix}, {prefix, ttl}, {prefix, ttl, window}, {prefix, ttl, window, keepers}},
		"window and ttl, then others":  {{name, ttl, window}, {prefix, ttl, window, keepers}},
		"all at once":                  {{prefix, ttl, keepers, window}},
		"all with the import":          {},
	}) {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			row := svc.Seed(t, emulator.SeedToken{Name: "adopted-1", TTL: 80 * 24 * time.Hour})
			describe := func(lines ...string) string { return svc.Config(accessToken(strings.Join(lines, "\n"))) }
			first := []string{name}
			if len(stages) == 0 {
				first = []string{prefix, ttl, keepers, window}
			}
			steps := []resource.TestStep{{Config: describe(first...) + importBlock("adopted-1")}}
			for _, lines := range stages {
				steps = append(steps,
					resource.TestStep{Config: describe(lines...), ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionUpdate))},
					resource.TestStep{Config: describe(lines...), ConfigPlanChecks: acctest.EmptyPlan()},
				)
			}
			steps = append(steps,
				// Another spelling of what is described is no change.
				resource.TestStep{
					Config:           describe(prefix, `ttl = "2160h"`, keepers, `rotate_before = "168h"`),
					ConfigPlanChecks: acctest.EmptyPlan(),
					Check:            svc.CheckWrites(),
					ConfigStateChecks: []statecheck.StateCheck{
						attribute("id", knownvalue.StringExact(row.ID)),
						attribute("token", knownvalue.Null()),
					},
				},
				// A change of meaning is one.
				resource.TestStep{
					Config:            describe(prefix, `ttl = "30d"`, keepers, window),
					ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
					ConfigStateChecks: []statecheck.StateCheck{attribute("token", knownvalue.NotNull())},
				},
			)
			acctest.Needs(t, acctest.Since("1.5.0"))
			acctest.Run(t, steps...)
		})
	}
}

// A wrong name is told apart from the near ones, of which at most five are named.
func TestImportOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	for _, name := range []string{"etl-night", "etl-nightly-1", "etl-nightly-2", "ETL-nightly", "etl nightly", "unrelated"} {
		svc.Seed(t, emulator.SeedToken{Name: name})
	}
	acctest.Run(t, resource.TestStep{
		Config:        svc.Config(accessToken(`name = "etl-nightly"`)),
		ResourceName:  tokenAddress,
		ImportState:   true,
		ImportStateId: "etl-nightly",
		ExpectError: acctest.OutputMatches(`The project has no access token named "etl-nightly". The closest names are: "ETL-nightly", ` +
			`"etl nightly", "etl-nightly-1", "etl-nightly-2", "etl-night". Write the name`),
	})
}

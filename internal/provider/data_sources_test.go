// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// newServiceWithTokens returns a service with tokens of every kind, and these tokens by name. They were created an hour
// ago, so two of them have expired.
func newServiceWithTokens(t *testing.T) (*acctest.Service, map[string]emulator.Token) {
	t.Helper()
	svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
	rows := map[string]emulator.Token{}
	for _, token := range []emulator.SeedToken{
		// Not in the order of their names.
		{Name: "etl/weekly", TTL: 8 * time.Hour},
		{Name: "etl/nightly", TTL: 3 * time.Hour},
		{Name: "etl/old", TTL: time.Hour},
		{Name: "etl/endless"},
		{Name: "Anna's notebook", Role: "ADMIN", TTL: 3 * time.Hour, Issuer: "anna@example.com"},
		{Name: "anna's notebook", Role: "ADMIN"},
		{Name: "ci-old", Role: "ADMIN", TTL: time.Minute},
		{Name: "токен"},
	} {
		rows[token.Name] = svc.Seed(t, token)
	}
	svc.Clock.Advance(time.Hour)
	for _, row := range svc.Emulator.Tokens() {
		rows[row.Name] = row
	}
	return svc, rows
}

// timeOrNull checks for a time; an empty one stands for null.
func timeOrNull(at string) knownvalue.Check {
	if at == "" {
		return knownvalue.Null()
	}
	return knownvalue.StringExact(at)
}

// tokenList checks for the tokens with these names, in this order, with all attributes.
func tokenList(t *testing.T, svc *acctest.Service, rows map[string]emulator.Token, names []string) knownvalue.Check {
	t.Helper()
	out := []knownvalue.Check{}
	for _, name := range names {
		row, ok := rows[name]
		if !ok {
			t.Fatalf("there is no token %q", name)
		}
		status, expiresAt := "active", knownvalue.Check(knownvalue.Null())
		if row.ExpiresAt != nil {
			expiresAt = knownvalue.StringExact(row.ExpiresAt.Format(time.RFC3339))
			if !svc.Clock.Now().Before(*row.ExpiresAt) {
				status = "expired"
			}
		}
		// No other attribute: an object with a value would not match.
		out = append(out, knownvalue.ObjectExact(map[string]knownvalue.Check{
			"id":          knownvalue.StringExact(row.ID),
			"name":        knownvalue.StringExact(name),
			"role":        knownvalue.StringExact(row.Role),
			"issuer_name": knownvalue.StringExact(row.IssuerName),
			"expires_at":  expiresAt,
			"status":      knownvalue.StringExact(status),
		}))
	}
	return knownvalue.ListExact(out)
}

// The filters and their combinations select the expected tokens, sorted by name. A result may be empty.
func TestAccessTokensFilters(t *testing.T) {
	t.Parallel()
	svc, rows := newServiceWithTokens(t)
	all := slices.Sorted(maps.Keys(rows))
	const anna, anna2, admin = "Anna's notebook", "anna's notebook", "emulator-admin"
	want := map[string][]string{
		"all":            all,
		"users":          {"etl/endless", "etl/nightly", "etl/old", "etl/weekly", "токен"},
		"admins":         {anna, anna2, "ci-old", admin},
		"anywhere":       {"ci-old", "etl/old"},
		"anchored":       {"etl/endless", "etl/nightly", "etl/old", "etl/weekly"},
		"any_case":       {anna, anna2},
		"cyrillic":       {"токен"},
		"empty_regex":    all,
		"active":         {anna, anna2, admin, "etl/endless", "etl/nightly", "etl/weekly", "токен"},
		"expired":        {"ci-old", "etl/old"},
		"within":         {anna, "etl/nightly"},
		"just_not":       nil,
		"within_long":    {anna, "etl/nightly", "etl/weekly"},
		"role_regex":     {"etl/old"},
		"status_role":    {"ci-old"},
		"within_role":    {"etl/nightly"},
		"within_regex":   {"etl/nightly", "etl/weekly"},
		"all_four":       {"etl/nightly", "etl/weekly"},
		"within_expired": nil,
		"none":           nil,
	}
	// One configuration has all of them, so that the CLI runs only once.
	config := svc.Config(`
data "mlplatform_access_tokens" "all" {}

data "mlplatform_access_tokens" "users" {
  role = "USER"
}

data "mlplatform_access_tokens" "admins" {
  role = "ADMIN"
}

data "mlplatform_access_tokens" "anywhere" {
  name_regex = "old"
}

data "mlplatform_access_tokens" "anchored" {
  name_regex = "^etl/"
}

data "mlplatform_access_tokens" "any_case" {
  name_regex = "(?i)^ANNA"
}

data "mlplatform_access_tokens" "cyrillic" {
  name_regex = "^\\p{Cyrillic}+$"
}

data "mlplatform_access_tokens" "empty_regex" {
  name_regex = ""
}

data "mlplatform_access_tokens" "active" {
  status = "active"
}

data "mlplatform_access_tokens" "expired" {
  status = "expired"
}

data "mlplatform_access_tokens" "within" {
  expires_within = "2h"
}

data "mlplatform_access_tokens" "just_not" {
  expires_within = "1h59m59s"
}

data "mlplatform_access_tokens" "within_long" {
  expires_within = "30d"
}

data "mlplatform_access_tokens" "role_regex" {
  role       = "USER"
  name_regex = "old"
}

data "mlplatform_access_tokens" "status_role" {
  status = "expired"
  role   = "ADMIN"
}

data "mlplatform_access_tokens" "within_role" {
  expires_within = "2h"
  role           = "USER"
}

data "mlplatform_access_tokens" "within_regex" {
  expires_within = "1d"
  name_regex     = "ly$"
}

data "mlplatform_access_tokens" "all_four" {
  role           = "USER"
  name_regex     = "^etl"
  status         = "active"
  expires_within = "1d"
}

data "mlplatform_access_tokens" "within_expired" {
  expires_within = "30d"
  status         = "expired"
}

data "mlplatform_access_tokens" "none" {
  name_regex = "^nobody$"
}
`)
	var checks []statecheck.StateCheck
	for name, names := range want {
		checks = append(checks, statecheck.ExpectKnownValue(
			"data.mlplatform_access_tokens."+name, tfjsonpath.New("tokens"), tokenList(t, svc, rows, names)))
	}
	acctest.Run(t,
		resource.TestStep{Config: config, ConfigStateChecks: checks},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
	)
	requests := map[string]int{}
	for _, request := range svc.Emulator.Journal() {
		requests[request.Operation]++
	}
	// Each data source reads a list that is requested after the read began; concurrent reads share one. There are five
	// reads in the two steps.
	if len(requests) != 1 || requests[emulator.OpListAccessTokens] == 0 || requests[emulator.OpListAccessTokens] > 5*20 {
		t.Errorf("to read 20 data sources, the provider made the requests %v", requests)
	}
}

// Expired tokens that the service does not list are missing from the result.
func TestAccessTokensWithoutExpired(t *testing.T) {
	t.Parallel()
	svc, rows := newServiceWithTokens(t)
	svc.Emulator.SetHideExpired(true)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
data "mlplatform_access_tokens" "test" {
  name_regex = "old|weekly"
}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.mlplatform_access_tokens.test", tfjsonpath.New("tokens"),
				tokenList(t, svc, rows, []string{"etl/weekly"})),
		},
	})
}

// The data source finds a token by name, and has all attributes but the value.
func TestAccessTokenDataSource(t *testing.T) {
	t.Parallel()
	svc, rows := newServiceWithTokens(t)
	for name, want := range acctest.Sample(1, map[string]struct{ status, expiresAt string }{
		"etl/nightly":     {"active", "2031-03-01T15:00:00Z"},
		"etl/old":         {"expired", "2031-03-01T13:00:00Z"},
		"etl/endless":     {"active", ""},
		"Anna's notebook": {"active", "2031-03-01T15:00:00Z"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attribute := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
				return statecheck.ExpectKnownValue("data.mlplatform_access_token.test", tfjsonpath.New(attribute), want)
			}
			acctest.Run(t, resource.TestStep{
				Config: svc.Config(fmt.Sprintf(`
data "mlplatform_access_token" "test" {
  name = %q
}
`, name)),
				ConfigStateChecks: []statecheck.StateCheck{
					attribute("id", knownvalue.StringExact(rows[name].ID)),
					attribute("name", knownvalue.StringExact(name)),
					attribute("role", knownvalue.StringExact(rows[name].Role)),
					attribute("issuer_name", knownvalue.StringExact(rows[name].IssuerName)),
					attribute("expires_at", timeOrNull(want.expiresAt)),
					attribute("status", knownvalue.StringExact(want.status)),
				},
			})
		})
	}
}

// A name that no token has is an error at the attribute, with the closest names.
func TestAccessTokenDataSourceAbsent(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct{ name, want string }{
		"typing error": {"etl/nightli", `The closest names are: "etl/nightly", "etl/old",`},
		"other case":   {"ANNA'S NOTEBOOK", `The closest names are: "Anna's notebook", "anna's notebook",`},
		"at most five": {"etl", `The closest names are: "etl/old", "etl/weekly", "etl/endless", "etl/nightly", "ci-old". Write the name exactly`},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc, _ := newServiceWithTokens(t)
			acctest.Run(t, resource.TestStep{
				Config: svc.Config(fmt.Sprintf(`
data "mlplatform_access_token" "test" {
  name = %q
}
`, test.name)),
				ExpectError: acctest.OutputMatches(fmt.Sprintf("name = %q The project has no access token named %q. ", test.name, test.name) + test.want),
			})
		})
	}
}

// The data source describes the provider's token, whatever its role. It only requests whoAmI, which any role may do.
func TestCurrentToken(t *testing.T) {
	t.Parallel()
	for role, ttl := range acctest.Sample(1, map[string]time.Duration{"USER": 2 * time.Hour, "ADMIN": 0}) {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
			expiresAt := ""
			if ttl != 0 {
				expiresAt = acctest.Start.Add(ttl).Format(time.RFC3339)
			}
			attribute := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
				return statecheck.ExpectKnownValue("data.mlplatform_current_token.test", tfjsonpath.New(attribute), want)
			}
			row, value, err := svc.Emulator.Seed(emulator.SeedToken{Name: "mine", Role: role, TTL: ttl, Issuer: "anna@example.com"})
			if err != nil {
				t.Fatal(err)
			}
			config := svc.ConfigAs(value, `data "mlplatform_current_token" "test" {}`)
			acctest.Run(t,
				resource.TestStep{
					Config: config,
					ConfigStateChecks: []statecheck.StateCheck{
						attribute("id", knownvalue.StringExact(row.ID)),
						attribute("name", knownvalue.StringExact("mine")),
						attribute("role", knownvalue.StringExact(role)),
						attribute("issuer_name", knownvalue.StringExact("anna@example.com")),
						attribute("expires_at", timeOrNull(expiresAt)),
						attribute("status", knownvalue.StringExact("active")),
					},
				},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
			)
			if len(svc.Emulator.Journal()) == 0 {
				t.Error("the journal is empty")
			}
			for _, request := range svc.Emulator.Journal() {
				if request.Operation != emulator.OpWhoAmI {
					t.Errorf("the provider made the request %s", request.Operation)
				}
			}
		})
	}
}

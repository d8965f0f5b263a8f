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

// dataSource writes a data source with the given attributes; its label is its type.
func dataSource(kind, attributes string) string {
	return fmt.Sprintf("data \"mlplatform_%[1]s\" \"%[1]s\" {\n%[2]s\n}\n", kind, attributes)
}

// ofDataSource checks an attribute of a data source that dataSource wrote.
func ofDataSource(kind, name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(fmt.Sprintf("data.mlplatform_%[1]s.%[1]s", kind), tfjsonpath.New(name), want)
}

// populated is a project with a token of each kind. The emulator's own is among them. An hour has passed since they
// were made, so two are expired; one of these and the endless one differ from others in nothing but that.
func populated(t *testing.T) (*acctest.Service, map[string]emulator.Token) {
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

// orNever checks for a time; an empty one means never, which is null.
func orNever(at string) knownvalue.Check {
	if at == "" {
		return knownvalue.Null()
	}
	return knownvalue.StringExact(at)
}

// listed is the list of these tokens as the data source shows it.
func listed(t *testing.T, svc *acctest.Service, rows map[string]emulator.Token, names []string) knownvalue.Check {
	t.Helper()
	out := []knownvalue.Check{}
	for _, name := range names {
		row, there := rows[name]
		if !there {
			t.Fatalf("there is no token %q", name)
		}
		status, expiresAt := "active", orNever("")
		if row.ExpiresAt != nil {
			expiresAt = orNever(row.ExpiresAt.Format(time.RFC3339))
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

// Each filter, their combinations, the order, and what an empty result is.
func TestAccessTokensFilters(t *testing.T) {
	t.Parallel()
	svc, rows := populated(t)
	all := slices.Sorted(maps.Keys(rows))
	const admin = "emulator-admin"
	config, states := "", []statecheck.StateCheck{}
	for name, test := range map[string]struct {
		attributes []string
		want       []string
	}{
		"all":            {nil, all},
		"users":          {[]string{`role = "USER"`}, []string{"etl/endless", "etl/nightly", "etl/old", "etl/weekly", "токен"}},
		"admins":         {[]string{`role = "ADMIN"`}, []string{"Anna's notebook", "anna's notebook", "ci-old", admin}},
		"anywhere":       {[]string{`name_regex = "old"`}, []string{"ci-old", "etl/old"}},
		"anchored":       {[]string{`name_regex = "^etl/"`}, []string{"etl/endless", "etl/nightly", "etl/old", "etl/weekly"}},
		"any_case":       {[]string{`name_regex = "(?i)^ANNA"`}, []string{"Anna's notebook", "anna's notebook"}},
		"cyrillic":       {[]string{`name_regex = "^\\p{Cyrillic}+$"`}, []string{"токен"}},
		"empty_regex":    {[]string{`name_regex = ""`}, all},
		"active":         {[]string{`status = "active"`}, []string{"Anna's notebook", "anna's notebook", admin, "etl/endless", "etl/nightly", "etl/weekly", "токен"}},
		"expired":        {[]string{`status = "expired"`}, []string{"ci-old", "etl/old"}},
		"within":         {[]string{`expires_within = "2h"`}, []string{"Anna's notebook", "etl/nightly"}},
		"just_not":       {[]string{`expires_within = "1h59m59s"`}, nil},
		"within_long":    {[]string{`expires_within = "30d"`}, []string{"Anna's notebook", "etl/nightly", "etl/weekly"}},
		"role_regex":     {[]string{`role = "USER"`, `name_regex = "old"`}, []string{"etl/old"}},
		"status_role":    {[]string{`status = "expired"`, `role = "ADMIN"`}, []string{"ci-old"}},
		"within_role":    {[]string{`expires_within = "2h"`, `role = "USER"`}, []string{"etl/nightly"}},
		"within_regex":   {[]string{`expires_within = "1d"`, `name_regex = "ly$"`}, []string{"etl/nightly", "etl/weekly"}},
		"all_four":       {[]string{`role = "USER"`, `name_regex = "^etl"`, `status = "active"`, `expires_within = "1d"`}, []string{"etl/nightly", "etl/weekly"}},
		"within_expired": {[]string{`expires_within = "30d"`, `status = "expired"`}, nil},
		"none":           {[]string{`name_regex = "^nobody$"`}, nil},
	} {
		// All in one configuration, so that they cost one run.
		config += fmt.Sprintf("data \"mlplatform_access_tokens\" %q {\n%s\n}\n", name, lines(test.attributes...))
		states = append(states, statecheck.ExpectKnownValue(
			"data.mlplatform_access_tokens."+name, tfjsonpath.New("tokens"), listed(t, svc, rows, test.want)))
	}
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(config), ConfigStateChecks: states},
		resource.TestStep{Config: svc.Config(config), ConfigPlanChecks: acctest.EmptyPlan()},
	)
	lists := map[string]int{}
	for _, request := range svc.Emulator.Journal() {
		lists[request.Operation]++
	}
	// Each data source reads a list that is requested after the read began; concurrent reads share one. There are five
	// reads in the two steps.
	if len(lists) != 1 || lists[emulator.OpListAccessTokens] == 0 || lists[emulator.OpListAccessTokens] > 5*20 {
		t.Errorf("for the readings of 20 data sources the provider made the requests %v", lists)
	}
}

// A service that hides what has expired is no trouble.
func TestAccessTokensWithoutExpired(t *testing.T) {
	t.Parallel()
	svc, rows := populated(t)
	svc.Emulator.SetHideExpired(true)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(dataSource("access_tokens", `name_regex = "old|weekly"`)),
		ConfigStateChecks: []statecheck.StateCheck{
			ofDataSource("access_tokens", "tokens", listed(t, svc, rows, []string{"etl/weekly"})),
		},
	})
}

func TestAccessTokenDataSource(t *testing.T) {
	t.Parallel()
	svc, rows := populated(t)
	for name, want := range acctest.Sample(2, map[string]struct{ status, expiresAt string }{
		"etl/nightly":     {"active", "2031-03-01T15:00:00Z"},
		"etl/old":         {"expired", "2031-03-01T13:00:00Z"},
		"etl/endless":     {"active", ""},
		"Anna's notebook": {"active", "2031-03-01T15:00:00Z"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
				return ofDataSource("access_token", attribute, want)
			}
			acctest.Run(t, resource.TestStep{
				Config: svc.Config(dataSource("access_token", "name = "+acctest.Quote(name))),
				ConfigStateChecks: []statecheck.StateCheck{
					of("id", knownvalue.StringExact(rows[name].ID)),
					of("name", knownvalue.StringExact(name)),
					of("role", knownvalue.StringExact(rows[name].Role)),
					of("issuer_name", knownvalue.StringExact(rows[name].IssuerName)),
					of("expires_at", orNever(want.expiresAt)),
					of("status", knownvalue.StringExact(want.status)),
				},
			})
		})
	}
}

// A name that is not there is an error at the attribute, with the nearest names that are.
func TestAccessTokenDataSourceAbsent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ name, want string }{
		"typing error": {"etl/nightli", `The closest names are: "etl/nightly", "etl/old",`},
		"other case":   {"ANNA'S NOTEBOOK", `The closest names are: "Anna's notebook", "anna's notebook",`},
		"at most five": {"etl", `The closest names are: "etl/old", "etl/weekly", "etl/endless", "etl/nightly", "ci-old". Write the name exactly`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc, _ := populated(t)
			line := "name = " + acctest.Quote(test.name)
			acctest.Run(t, resource.TestStep{
				Config:      svc.Config(dataSource("access_token", line)),
				ExpectError: acctest.OutputMatches(line + fmt.Sprintf(" The project has no access token named %q. ", test.name) + test.want),
			})
		})
	}
}

// Who the provider is, in either role. Nothing but whoAmI is asked, which is all that a USER may do.
func TestCurrentToken(t *testing.T) {
	t.Parallel()
	for role, ttl := range map[string]time.Duration{"USER": 2 * time.Hour, "ADMIN": 0} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
			expiresAt := ""
			if ttl != 0 {
				expiresAt = acctest.Start.Add(ttl).Format(time.RFC3339)
			}
			of := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
				return ofDataSource("current_token", attribute, want)
			}
			row, value, err := svc.Emulator.Seed(emulator.SeedToken{Name: "mine", Role: role, TTL: ttl, Issuer: "anna@example.com"})
			if err != nil {
				t.Fatal(err)
			}
			config := svc.ConfigAs(value, dataSource("current_token", ""))
			acctest.Run(t,
				resource.TestStep{
					Config: config,
					ConfigStateChecks: []statecheck.StateCheck{
						of("id", knownvalue.StringExact(row.ID)),
						of("name", knownvalue.StringExact("mine")),
						of("role", knownvalue.StringExact(role)),
						of("issuer_name", knownvalue.StringExact("anna@example.com")),
						of("expires_at", orNever(expiresAt)),
						of("status", knownvalue.StringExact("active")),
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

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// queriedToken is a token in the output of `terraform query -json`.
type queriedToken struct {
	DisplayName string            `json:"display_name"`
	Identity    map[string]string `json:"identity"`
	Resource    map[string]any    `json:"resource_object"`
}

// query runs `terraform query -json` and returns the tokens in the order of its output.
func query(w *acctest.Workspace) []queriedToken {
	w.T.Helper()
	got := w.MustRun("query", "-json")
	w.Service.ExpectNoLeak(w.T, "query -json", got.Output())
	found := []queriedToken{}
	for line := range strings.Lines(got.Stdout) {
		var message struct {
			Type  string       `json:"type"`
			Found queriedToken `json:"list_resource_found"`
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			w.T.Fatalf("%v: %s", err, line)
		}
		if message.Type == "list_resource_found" {
			found = append(found, message.Found)
		}
	}
	return found
}

// newQueryWorkspace returns a workspace with a provider block and a query.
func newQueryWorkspace(t *testing.T, svc *acctest.Service, query string) *acctest.Workspace {
	t.Helper()
	acctest.Needs(t, acctest.Queries)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", acctest.NoRetriesSlow)
	w.Write("tokens.tfquery.hcl", query)
	return w
}

// A query generates the import blocks and the resources for fifty tokens, an apply imports them, and the next plan is
// empty. No token is changed, and no value is printed, logged or stored.
func TestQueryImportsManyTokens(t *testing.T) {
	t.Parallel()
	const many = 50
	svc := acctest.NewService(t)
	names := []string{}
	for i := range many {
		token := emulator.SeedToken{Name: fmt.Sprintf("hand-made %02d", i)}
		switch i % 5 {
		case 1:
			token.Role = "ADMIN"
		case 2:
			token.TTL = time.Duration(i) * time.Hour
		case 3:
			token.Name += ` "of" ${anna}/%{ключ}`
		case 4:
			token.Role, token.TTL, token.Issuer = "ADMIN", 30*24*time.Hour, "anna@example.com"
		}
		names = append(names, token.Name)
		svc.Seed(t, token)
	}
	svc.Seed(t, emulator.SeedToken{Name: "not imported"})
	before := svc.Emulator.Tokens()
	w := newQueryWorkspace(t, svc, `
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    name_regex = "^hand-made "
  }
}
`).Traced()
	w.ExpectNoLeak(w.MustRun("query", "-no-color", "-generate-config-out=generated.tf"))
	if imports := strings.Count(w.Read("generated.tf"), "\nimport {"); imports != many {
		t.Errorf("there are %d import blocks", imports)
	}
	got := w.Apply()
	w.ExpectNoLeak(got)
	if !got.Matches(fmt.Sprintf("Resources: %d imported, 0 added, 0 changed, 0 destroyed.", many)) {
		t.Error(got.Output())
	}
	w.ExpectEmptyPlan()
	if addresses := w.Addresses(); len(addresses) != many {
		t.Errorf("the state has %q", addresses)
	}
	for _, i := range []int{0, 13, many - 1} {
		address := fmt.Sprintf("mlplatform_access_token.test_%d", i)
		if name := w.Resource(address).Values["name"]; name != names[i] {
			t.Errorf("%s has the name %v instead of %q", address, name, names[i])
		}
	}
	w.ExpectNoLeakInFiles()

	// The import blocks, and the arguments that only repeat a default, can be removed.
	var config strings.Builder
	for i, name := range names {
		fmt.Fprintf(&config, `
resource "mlplatform_access_token" "test_%d" {
  name = %s
}
`, i, acctest.Quote(name))
	}
	w.Write("generated.tf", config.String())
	w.ExpectEmptyPlan()

	svc.ExpectWrites(t, "the import")
	if after := svc.Emulator.Tokens(); len(after) != len(before) {
		t.Errorf("the service has %d tokens instead of %d", len(after), len(before))
	}
}

// A query has the filters of the data source, is sorted by name, and stops at the limit.
func TestQueryFilters(t *testing.T) {
	t.Parallel()
	all := []string{"adm-1", "adm-2", "emulator-admin", "usr-1", "usr-2", "usr-3"}
	for name, test := range acctest.Sample(2, map[string]struct {
		query string
		want  []string
	}{
		"all": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform
}
`, all},
		"role": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    role = "ADMIN"
  }
}
`, []string{"adm-1", "adm-2", "emulator-admin"}},
		"name": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    name_regex = "-[12]$"
  }
}
`, []string{"adm-1", "adm-2", "usr-1", "usr-2"}},
		"active": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    status = "active"
  }
}
`, []string{"adm-1", "adm-2", "emulator-admin", "usr-1", "usr-2"}},
		"expired": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    status = "expired"
  }
}
`, []string{"usr-3"}},
		"expires within": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    expires_within = "1d"
  }
}
`, []string{"usr-2"}},
		"expires later": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    expires_within = "100d"
  }
}
`, []string{"adm-2", "usr-2"}},
		"several": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    role       = "USER"
    status     = "active"
    name_regex = "2"
  }
}
`, []string{"usr-2"}},
		"nothing": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    name_regex = "^x"
  }
}
`, []string{}},
		"limit": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform
  limit    = 3

  config {}
}
`, all[:3]},
		"limit of one": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform
  limit    = 1

  config {
    role = "USER"
  }
}
`, []string{"usr-1"}},
		"limit above all": {`
list "mlplatform_access_token" "test" {
  provider = mlplatform
  limit    = 100

  config {}
}
`, all},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Queries)
			svc := acctest.NewService(t)
			svc.Seed(t, emulator.SeedToken{Name: "usr-3", TTL: time.Hour})
			svc.Clock.Advance(2 * time.Hour)
			svc.Seed(t, emulator.SeedToken{Name: "usr-2", TTL: time.Hour})
			svc.Seed(t, emulator.SeedToken{Name: "adm-2", Role: "ADMIN", TTL: 30 * 24 * time.Hour})
			svc.Seed(t, emulator.SeedToken{Name: "adm-1", Role: "ADMIN"})
			svc.Seed(t, emulator.SeedToken{Name: "usr-1"})
			names := []string{}
			for _, found := range query(newQueryWorkspace(t, svc, test.query)) {
				names = append(names, found.DisplayName)
				if found.Identity["name"] != found.DisplayName {
					t.Errorf("%q has the identity %v", found.DisplayName, found.Identity)
				}
				if found.Resource != nil {
					t.Errorf("%q comes with its resource, which include_resource did not request", found.DisplayName)
				}
			}
			if !slices.Equal(names, test.want) {
				t.Errorf("the query lists %q instead of %q", names, test.want)
			}
		})
	}
}

// An included resource has all attributes but the value, which `query -json` would print.
func TestQueryIncludesResources(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t, acctest.Without(acctest.NoIssuer))
	row := svc.Seed(t, emulator.SeedToken{Name: "hand-made", Role: "ADMIN", TTL: time.Hour})
	found := query(newQueryWorkspace(t, svc, `
list "mlplatform_access_token" "test" {
  provider         = mlplatform
  include_resource = true
}
`))
	if len(found) != 2 {
		t.Fatalf("the query lists %d tokens", len(found))
	}
	for name, want := range map[string]any{
		"id": row.ID, "name": "hand-made", "role": "ADMIN", "issuer_name": row.IssuerName, "status": "active",
		"expires_at": acctest.Start.Add(time.Hour).Format(time.RFC3339), "token": nil, "ttl": nil,
	} {
		if got := found[1].Resource[name]; got != want {
			t.Errorf("%s is not %v but %v", name, want, got)
		}
	}

	// The value of a token that Terraform created is in the state, but not in the output of a query.
	w := newQueryWorkspace(t, svc, `
list "mlplatform_access_token" "test" {
  provider         = mlplatform
  include_resource = true

  config {
    name_regex = "^created$"
  }
}
`)
	w.Write("token.tf", `
resource "mlplatform_access_token" "test" {
  name = "created"
}
`)
	w.Apply()
	if found := query(w); len(found) != 1 || found[0].Resource["token"] != nil {
		t.Errorf("the token that Terraform created is listed as %v", found)
	}
	svc.ExpectNoLeak(t, "query", w.MustRun("query", "-no-color").Output())
}

// The checks of the test framework find the identity, the display name and the known values.
func TestQueryChecks(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand-made"})
	const address = "mlplatform_access_token.test" // of the list block
	acctest.Needs(t, acctest.Queries)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(`data "mlplatform_current_token" "test" {}`)},
		resource.TestStep{
			Query: true,
			Config: `
list "mlplatform_access_token" "test" {
  provider         = mlplatform
  include_resource = true

  config {
    role = "USER"
  }
}
`,
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength(address, 1),
				querycheck.ExpectIdentity(address, map[string]knownvalue.Check{"name": knownvalue.StringExact("hand-made")}),
				querycheck.ExpectResourceKnownValues(address, queryfilter.ByDisplayName(knownvalue.StringExact("hand-made")),
					[]querycheck.KnownValueCheck{
						{Path: tfjsonpath.New("role"), KnownValue: knownvalue.StringExact("USER")},
						{Path: tfjsonpath.New("token"), KnownValue: knownvalue.Null()},
					}),
			},
		},
	)
}

// Of an expired token and a live one with the same name, a query lists only the live one: both would be imported by the
// same name.
func TestQueryOfAReusedName(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	row := func(id, name, expiry string) string {
		return fmt.Sprintf(`{"id":%q,"name":%q,"type":"USER","issuer_name":"anna","exp":%s}`, id, name, expiry)
	}
	past := fmt.Sprintf("%q", acctest.Start.Add(-time.Hour).Format(time.RFC3339))
	svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.BadJSON, Times: -1, Body: "[" + strings.Join([]string{
		row("1", "reused", past), row("2", "reused", "null"), row("3", "once", past),
	}, ",") + "]"})
	ids := []any{}
	for _, found := range query(newQueryWorkspace(t, svc, `
list "mlplatform_access_token" "test" {
  provider         = mlplatform
  include_resource = true
}
`)) {
		ids = append(ids, found.Resource["id"])
	}
	if !slices.Equal(ids, []any{"3", "2"}) {
		t.Errorf("the query lists the IDs %v", ids)
	}
}

// An invalid argument of a query is an error that says what is valid.
func TestQueryArgumentErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct{ argument, want string }{
		"regular expression": {`name_regex = "("`, "Invalid regular expression"},
		"role":               {`role = "admin"`, "For example: `role = \"ADMIN\"`"},
		"status":             {`status = "missing"`, "it must be one of `active`, `expired`"},
		"lifetime":           {`expires_within = "soon"`, "Invalid lifetime"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectQueryError(newQueryWorkspace(t, acctest.NewService(t), fmt.Sprintf(`
list "mlplatform_access_token" "test" {
  provider = mlplatform

  config {
    %s
  }
}
`, test.argument)), test.want)
		})
	}
}

// A failed request of a query is an error that says what to do next.
func TestQueryErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		prepare func(*testing.T, *acctest.Workspace)
		want    string
	}{
		"no token": {
			func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") },
			"This operation requires an access token with the ADMIN role.",
		},
		"weak role": {
			func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "weak"})
			},
			"has the USER role; ADMIN is required.",
		},
		"server error": {
			func(_ *testing.T, w *acctest.Workspace) {
				w.Service.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.Respond, Status: 500, Times: -1})
			},
			"The service, or a proxy in front of it, is failing.",
		},
		"broken list": {
			func(_ *testing.T, w *acctest.Workspace) {
				w.Service.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.BadJSON, Body: "[{}]", Times: -1})
			},
			"Unable to list access tokens",
		},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newQueryWorkspace(t, acctest.NewService(t), `
list "mlplatform_access_token" "test" {
  provider = mlplatform
}
`)
			test.prepare(t, w)
			expectQueryError(w, test.want)
		})
	}
}

// expectQueryError fails the test unless a query fails with a text, also when it is to generate a configuration.
func expectQueryError(w *acctest.Workspace, want string) {
	w.T.Helper()
	for _, args := range [][]string{{"query", "-no-color"}, {"query", "-no-color", "-generate-config-out=generated.tf"}} {
		got := w.Run(args...)
		if got.ExitCode == 0 || !got.Matches(want) {
			w.T.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, want, got.Output())
		}
		w.Service.ExpectNoLeak(w.T, got.Command(), got.Output())
	}
}

// The queries in the examples run and list the tokens that their comments mention.
func TestExamplesOfQueries(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string][]string{
		"list-resources/mlplatform_access_token": {"pipeline-1", "pipeline-2", "ending"},
		"adoption":                               {"ending", "pipeline-1", "pipeline-2", "emulator-admin"},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Queries)
			svc := acctest.NewService(t)
			svc.Seed(t, emulator.SeedToken{Name: "pipeline-1"})
			svc.Seed(t, emulator.SeedToken{Name: "pipeline-2"})
			svc.Seed(t, emulator.SeedToken{Name: "ending", Role: "ADMIN", TTL: 24 * time.Hour})
			w := acctest.NewWorkspace(t, svc)
			w.CopyFrom(filepath.Join(acctest.ExamplesFolder, folder))
			w.MustRun("validate", "-query")
			names := []string{}
			for _, found := range query(w) {
				names = append(names, found.DisplayName)
			}
			slices.Sort(names)
			slices.Sort(want)
			if !slices.Equal(names, want) {
				t.Errorf("the query lists %q instead of %q", names, want)
			}
		})
	}
}

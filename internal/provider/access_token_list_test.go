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

// listBlock writes a list block with arguments of its own, such as limit, and with a configuration.
func listBlock(arguments, config string) string {
	return fmt.Sprintf("list \"mlplatform_access_token\" \"test\" {\n  provider = mlplatform\n%s\n  config {\n%s\n  }\n}\n", arguments, config)
}

// queried is what `terraform query -json` tells of one token.
type queried struct {
	DisplayName string            `json:"display_name"`
	Identity    map[string]string `json:"identity"`
	Resource    map[string]any    `json:"resource_object"`
}

// query runs `terraform query -json` and returns what it found, in its order.
func query(w *acctest.Workspace) []queried {
	w.T.Helper()
	got := w.MustRun("query", "-json")
	w.Service.ExpectNoLeak(w.T, "query -json", got.Output())
	found := []queried{}
	for line := range strings.Lines(got.Stdout) {
		var message struct {
			Type  string  `json:"type"`
			Found queried `json:"list_resource_found"`
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

// newQuery makes a workspace with a list block.
func newQuery(t *testing.T, svc *acctest.Service, block string) *acctest.Workspace {
	t.Helper()
	acctest.Needs(t, acctest.Queries)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", acctest.NoRetriesSlow)
	w.Write("tokens.tfquery.hcl", block)
	return w
}

// Fifty tokens that were made by hand come under Terraform in one go: a query writes the import blocks and the resources,
// an apply imports them, and then there is nothing to do. No token is touched, and no value is shown, logged or kept.
func TestQueryAdoptsManyTokens(t *testing.T) {
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
	svc.Seed(t, emulator.SeedToken{Name: "not to be adopted"})
	before := svc.Emulator.Tokens()
	w := newQuery(t, svc, listBlock("", `name_regex = "^hand-made "`)).Traced()

	w.ExpectNoLeak(w.MustRun("query", "-no-color", "-generate-config-out=generated.tf"))
	if imports := strings.Count(w.Read("generated.tf"), "\nimport {"); imports != many {
		t.Errorf("there are %d import blocks", imports)
	}
	got := w.Apply()
	w.ExpectNoLeak(got)
	if !acctest.OutputMatches(fmt.Sprintf("Resources: %d imported, 0 added, 0 changed, 0 destroyed.", many)).MatchString(got.Stdout) {
		t.Error(got.Output())
	}
	w.ExpectEmptyPlan()
	if addresses := w.Addresses(); len(addresses) != many {
		t.Errorf("the state holds %q", addresses)
	}
	for _, i := range []int{0, 13, many - 1} {
		address := fmt.Sprintf("mlplatform_access_token.test_%d", i)
		if name := w.Resource(address).Values["name"]; name != names[i] {
			t.Errorf("%s has the name %v instead of %q", address, name, names[i])
		}
	}
	w.ExpectNoLeakInFiles()

	// Nothing of it has to stay: neither the import blocks nor the arguments that only repeat a default.
	var config strings.Builder
	for i, name := range names {
		fmt.Fprintf(&config, "resource \"mlplatform_access_token\" \"test_%d\" {\n  name = %s\n}\n", i, acctest.Quote(name))
	}
	w.Write("generated.tf", config.String())
	w.ExpectEmptyPlan()

	if writes := svc.Writes(); len(writes) != 0 {
		t.Errorf("the requests %v were made", writes)
	}
	if after := svc.Emulator.Tokens(); len(after) != len(before) {
		t.Errorf("of %d tokens the service holds %d", len(before), len(after))
	}
}

// The filters are those of the data source, the order is that of the names, and a limit cuts it off.
func TestQueryFilters(t *testing.T) {
	t.Parallel()
	all := []string{"adm-1", "adm-2", "emulator-admin", "usr-1", "usr-2", "usr-3"}
	for name, test := range acctest.Sample(3, map[string]struct {
		arguments, config string
		want              []string
	}{
		"all":             {"", "", all},
		"role":            {"", `role = "ADMIN"`, []string{"adm-1", "adm-2", "emulator-admin"}},
		"name":            {"", `name_regex = "-[12]$"`, []string{"adm-1", "adm-2", "usr-1", "usr-2"}},
		"active":          {"", `status = "active"`, []string{"adm-1", "adm-2", "emulator-admin", "usr-1", "usr-2"}},
		"expired":         {"", `status = "expired"`, []string{"usr-3"}},
		"expires within":  {"", `expires_within = "1d"`, []string{"usr-2"}},
		"expires later":   {"", `expires_within = "100d"`, []string{"adm-2", "usr-2"}},
		"several":         {"", lines(`role = "USER"`, `status = "active"`, `name_regex = "2"`), []string{"usr-2"}},
		"nothing":         {"", `name_regex = "^x"`, []string{}},
		"limit":           {"limit = 3", "", all[:3]},
		"limit of one":    {"limit = 1", `role = "USER"`, []string{"usr-1"}},
		"limit above all": {"limit = 100", "", all},
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
			w := newQuery(t, svc, listBlock(test.arguments, test.config))
			names := []string{}
			for _, found := range query(w) {
				names = append(names, found.DisplayName)
				if found.Identity["name"] != found.DisplayName {
					t.Errorf("%q has the identity %v", found.DisplayName, found.Identity)
				}
				if found.Resource != nil {
					t.Errorf("%q comes with its resource, which was not asked for", found.DisplayName)
				}
			}
			if !slices.Equal(names, test.want) {
				t.Errorf("it lists %q instead of %q", names, test.want)
			}
		})
	}
}

// A resource that is included has all but the value, which `query -json` would print.
func TestQueryIncludesResources(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	row := svc.Seed(t, emulator.SeedToken{Name: "hand-made", Role: "ADMIN", TTL: time.Hour})
	w := newQuery(t, svc, listBlock("include_resource = true", ""))
	found := query(w)
	if len(found) != 2 {
		t.Fatalf("it lists %d tokens", len(found))
	}
	for name, want := range map[string]any{
		"id": row.ID, "name": "hand-made", "role": "ADMIN", "issuer_name": row.IssuerName, "status": "active",
		"expires_at": acctest.Start.Add(time.Hour).Format(time.RFC3339), "token": nil, "ttl": nil,
	} {
		if got := found[1].Resource[name]; got != want {
			t.Errorf("%s is not %v but %v", name, want, got)
		}
	}

	// A token that Terraform made is no exception, though its value is in the state.
	made := newQuery(t, svc, listBlock("include_resource = true", `name_regex = "^made$"`))
	made.Write("token.tf", accessToken(`name = "made"`))
	made.Apply()
	if found := query(made); len(found) != 1 || found[0].Resource["token"] != nil {
		t.Errorf("the token that Terraform made is listed as %v", found)
	}
	svc.ExpectNoLeak(t, "query", made.MustRun("query", "-no-color").Output())
}

// With the test framework: identity, display name and known values.
func TestQueryChecks(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand-made"})
	const address = "mlplatform_access_token.test"
	acctest.Needs(t, acctest.Queries)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(dataSource("current_token", ""))},
		resource.TestStep{
			Query:  true,
			Config: listBlock("include_resource = true", `role = "USER"`),
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

// Where an expired token is still listed beside a live one of its name, only the live one is given: both would be
// imported by the same name.
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
	for _, found := range query(newQuery(t, svc, listBlock("include_resource = true", ""))) {
		ids = append(ids, found.Resource["id"])
	}
	if !slices.Equal(ids, []any{"3", "2"}) {
		t.Errorf("it lists the ids %v", ids)
	}
}

// Errors reach the user, with what to do.
func TestQueryErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(3, map[string]struct {
		config string
		happen func(*testing.T, *acctest.Workspace)
		says   string
	}{
		"regular expression": {`name_regex = "("`, nil, "Invalid regular expression"},
		"role":               {`role = "admin"`, nil, "For example: `role = \"ADMIN\"`"},
		"status":             {`status = "missing"`, nil, "it must be one of `active`, `expired`"},
		"lifetime":           {`expires_within = "soon"`, nil, "Invalid lifetime"},
		"no token": {"", func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") },
			"This operation requires an access token with the ADMIN role."},
		"weak role": {"", func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "weak"})
		}, "has the USER role; ADMIN is required."},
		"trouble": {"", func(_ *testing.T, w *acctest.Workspace) {
			w.Service.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.Respond, Status: 500, Times: -1})
		}, "The service, or a proxy in front of it, is failing."},
		"broken list": {"", func(_ *testing.T, w *acctest.Workspace) {
			w.Service.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.BadJSON, Body: "[{}]", Times: -1})
		}, "Unable to list access tokens"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newQuery(t, acctest.NewService(t), listBlock("", test.config))
			if test.happen != nil {
				test.happen(t, w)
			}
			for _, args := range [][]string{{"query", "-no-color"}, {"query", "-no-color", "-generate-config-out=generated.tf"}} {
				got := w.Run(args...)
				if got.ExitCode == 0 || !acctest.OutputMatches(test.says).MatchString(got.Output()) {
					t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
				}
				w.Service.ExpectNoLeak(t, got.Command(), got.Output())
			}
		})
	}
}

// Every example of a query can be run, and finds the tokens that it is about.
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
				t.Errorf("it lists %q instead of %q", names, want)
			}
		})
	}
}

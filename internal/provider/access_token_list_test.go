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
func (w *workspace) query() []queried {
	w.t.Helper()
	got := w.succeed("query", "-json")
	wantNoLeakIn(w.t, w.b, "query -json", got.shown())
	found := []queried{}
	for line := range strings.Lines(got.stdout) {
		var message struct {
			Type  string  `json:"type"`
			Found queried `json:"list_resource_found"`
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			w.t.Fatalf("%v: %s", err, line)
		}
		if message.Type == "list_resource_found" {
			found = append(found, message.Found)
		}
	}
	return found
}

// newQuery makes a workspace with a list block.
func newQuery(t *testing.T, b *bench, block string) *workspace {
	t.Helper()
	needs(t, queries)
	w := newWorkspace(t, b)
	w.write("main.tf", patient)
	w.write("tokens.tfquery.hcl", block)
	return w
}

// Fifty tokens that were made by hand come under Terraform in one go: a query writes the import blocks and the resources,
// an apply imports them, and then there is nothing to do. No token is touched, and no value is shown, logged or kept.
func TestQueryAdoptsManyTokens(t *testing.T) {
	t.Parallel()
	const many = 50
	b := emulated(t)
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
		b.seed(t, token)
	}
	b.seed(t, seedToken("not to be adopted"))
	before := b.emulator.Tokens()
	w := newQuery(t, b, listBlock("", `name_regex = "^hand-made "`)).traced()

	wantNoLeak(t, b, w.succeed("query", "-no-color", "-generate-config-out=generated.tf"))
	if imports := strings.Count(w.read("generated.tf"), "\nimport {"); imports != many {
		t.Errorf("there are %d import blocks", imports)
	}
	got := w.apply()
	wantNoLeak(t, b, got)
	if !says(fmt.Sprintf("Resources: %d imported, 0 added, 0 changed, 0 destroyed.", many)).MatchString(got.stdout) {
		t.Error(got.shown())
	}
	w.planIsEmpty()
	if addresses := w.addresses(); len(addresses) != many {
		t.Errorf("the state holds %q", addresses)
	}
	for _, i := range []int{0, 13, many - 1} {
		address := fmt.Sprintf("mlplatform_access_token.test_%d", i)
		if name := w.resource(address).Values["name"]; name != names[i] {
			t.Errorf("%s has the name %v instead of %q", address, name, names[i])
		}
	}
	w.wantNoValueInFiles()

	// Nothing of it has to stay: neither the import blocks nor the arguments that only repeat a default.
	var config strings.Builder
	for i, name := range names {
		fmt.Fprintf(&config, "resource \"mlplatform_access_token\" \"test_%d\" {\n  name = %s\n}\n", i, hcl(name))
	}
	w.write("generated.tf", config.String())
	w.planIsEmpty()

	if writes := b.writes(); len(writes) != 0 {
		t.Errorf("the requests %v were made", writes)
	}
	if after := b.emulator.Tokens(); len(after) != len(before) {
		t.Errorf("of %d tokens the service holds %d", len(before), len(after))
	}
}

// The filters are those of the data source, the order is that of the names, and a limit cuts it off.
func TestQueryFilters(t *testing.T) {
	t.Parallel()
	all := []string{"adm-1", "adm-2", "emulator-admin", "usr-1", "usr-2", "usr-3"}
	for name, test := range map[string]struct {
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, queries)
			b := emulated(t)
			b.seed(t, emulator.SeedToken{Name: "usr-3", TTL: time.Hour})
			b.clock.Advance(2 * time.Hour)
			b.seed(t, emulator.SeedToken{Name: "usr-2", TTL: time.Hour})
			b.seed(t, emulator.SeedToken{Name: "adm-2", Role: "ADMIN", TTL: 30 * 24 * time.Hour})
			b.seed(t, emulator.SeedToken{Name: "adm-1", Role: "ADMIN"})
			b.seed(t, emulator.SeedToken{Name: "usr-1"})
			w := newQuery(t, b, listBlock(test.arguments, test.config))
			names := []string{}
			for _, found := range w.query() {
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
	b := emulated(t)
	row := b.seed(t, emulator.SeedToken{Name: "hand-made", Role: "ADMIN", TTL: time.Hour})
	w := newQuery(t, b, listBlock("include_resource = true", ""))
	found := w.query()
	if len(found) != 2 {
		t.Fatalf("it lists %d tokens", len(found))
	}
	for name, want := range map[string]any{
		"id": row.ID, "name": "hand-made", "role": "ADMIN", "issuer_name": row.IssuerName, "status": "active",
		"expires_at": epoch.Add(time.Hour).Format(time.RFC3339), "token": nil, "ttl": nil,
	} {
		if got := found[1].Resource[name]; got != want {
			t.Errorf("%s is not %v but %v", name, want, got)
		}
	}

	// A token that Terraform made is no exception, though its value is in the state.
	made := newQuery(t, b, listBlock("include_resource = true", `name_regex = "^made$"`))
	made.write("token.tf", accessToken(`name = "made"`))
	made.apply()
	if found := made.query(); len(found) != 1 || found[0].Resource["token"] != nil {
		t.Errorf("the token that Terraform made is listed as %v", found)
	}
	wantNoLeakIn(t, b, "query", made.succeed("query", "-no-color").shown())
}

// With the test framework: identity, display name and known values.
func TestQueryChecks(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.seed(t, seedToken("hand-made"))
	const address = "mlplatform_access_token.test"
	b.runWith(t, queries,
		resource.TestStep{Config: b.config(dataSource("current_token", ""))},
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
	b := emulated(t)
	row := func(id, name, expiry string) string {
		return fmt.Sprintf(`{"id":%q,"name":%q,"type":"USER","issuer_name":"anna","exp":%s}`, id, name, expiry)
	}
	past := fmt.Sprintf("%q", epoch.Add(-time.Hour).Format(time.RFC3339))
	b.emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.BadJSON, Times: -1, Body: "[" + strings.Join([]string{
		row("1", "reused", past), row("2", "reused", "null"), row("3", "once", past),
	}, ",") + "]"})
	ids := []any{}
	for _, found := range newQuery(t, b, listBlock("include_resource = true", "")).query() {
		ids = append(ids, found.Resource["id"])
	}
	if !slices.Equal(ids, []any{"3", "2"}) {
		t.Errorf("it lists the ids %v", ids)
	}
}

// Errors reach the user, with what to do.
func TestQueryErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config string
		happen func(*testing.T, *workspace)
		says   string
	}{
		"regular expression": {`name_regex = "("`, nil, "Invalid regular expression"},
		"role":               {`role = "admin"`, nil, "For example: `role = \"ADMIN\"`"},
		"status":             {`status = "missing"`, nil, "it must be one of `active`, `expired`"},
		"lifetime":           {`expires_within = "soon"`, nil, "Invalid lifetime"},
		"no token": {"", func(_ *testing.T, w *workspace) { delete(w.env, "MLPLATFORM_TOKEN") },
			"This operation requires an access token with the ADMIN role."},
		"weak role": {"", func(t *testing.T, w *workspace) {
			t.Helper()
			w.env["MLPLATFORM_TOKEN"] = w.b.valueOf(t, seedToken("weak"))
		}, "has the USER role; ADMIN is required."},
		"trouble": {"", func(_ *testing.T, w *workspace) {
			w.b.emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.Respond, Status: 500, Times: -1})
		}, "The service, or a proxy in front of it, is failing."},
		"broken list": {"", func(_ *testing.T, w *workspace) {
			w.b.emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.BadJSON, Body: "[{}]", Times: -1})
		}, "Unable to list access tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newQuery(t, emulated(t), listBlock("", test.config))
			if test.happen != nil {
				test.happen(t, w)
			}
			for _, args := range [][]string{{"query", "-no-color"}, {"query", "-no-color", "-generate-config-out=generated.tf"}} {
				got := w.run(args...)
				if got.exitCode == 0 || !says(test.says).MatchString(got.shown()) {
					t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
				}
				wantNoLeakIn(t, w.b, got.command, got.shown())
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
			needs(t, queries)
			b := emulated(t)
			b.seed(t, seedToken("pipeline-1"))
			b.seed(t, seedToken("pipeline-2"))
			b.seed(t, emulator.SeedToken{Name: "ending", Role: "ADMIN", TTL: 24 * time.Hour})
			w := newWorkspace(t, b)
			w.copyFrom(filepath.Join(examplesFolder, folder))
			w.succeed("validate", "-query")
			names := []string{}
			for _, found := range w.query() {
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

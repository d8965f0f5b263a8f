// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// valueMarks begin every value of the emulator's. To search for them too finds values that were cut.
var valueMarks = []string{"emulated-access", "emulated-register"}

// randomPart is what tells one value of the emulator's from another. It is spelled the same in JSON and in a URL.
var randomPart = regexp.MustCompile(`[0-9a-f]{32}`)

// spellings returns what a value may look like in a text: itself, in a URL, and in base64 of itself or of anything
// around it.
func spellings(value string) map[string]string {
	out := map[string]string{"as it is": value, "in a query": url.QueryEscape(value), "in a path": url.PathEscape(value)}
	if random := randomPart.FindString(value); random != "" {
		out["in part"] = random
	}
	for before := range 3 {
		// Characters at both ends of the encoding depend on what stands around the value.
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "URL base64": base64.RawURLEncoding} {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("x", before) + value))
			encoded = encoded[(before*8+5)/6:]
			if (before+len(value))%3 != 0 {
				encoded = encoded[:len(encoded)-1]
			}
			out[fmt.Sprintf("%s after %d bytes", name, before)] = encoded
		}
	}
	return out
}

// leaksIn searches a text for values. It says what it found without repeating it.
func leaksIn(text string, values []string) []string {
	var found []string
	for i, value := range append(slices.Clone(valueMarks), values...) {
		for name, spelling := range spellings(value) {
			if at := strings.Index(text, spelling); at >= 0 {
				found = append(found, fmt.Sprintf("value %d %s at byte %d", i-len(valueMarks), name, at))
			}
		}
	}
	return found
}

// wantNoLeak fails the test if a command showed or logged a value.
func wantNoLeak(t *testing.T, b *bench, got outcome) {
	t.Helper()
	wantNoLeakIn(t, b, got.command+": stdout", got.stdout)
	wantNoLeakIn(t, b, got.command+": stderr", got.stderr)
	wantNoLeakIn(t, b, got.command+": log", got.log)
	if !strings.Contains(got.log, "[TRACE]") {
		t.Errorf("%s: the log is not at the level TRACE, so it shows nothing", got.command)
	}
}

func wantNoLeakIn(t *testing.T, b *bench, where, text string) {
	t.Helper()
	for _, leak := range leaksIn(text, b.emulator.IssuedValues()) {
		t.Errorf("%s holds %s", where, leak)
	}
}

// pathsOf returns where in a JSON document the texts are that hold a value, keys included. In place of its number, an
// item of a list has its mode and type, so that places of a kind are one and resources are told from data sources.
func pathsOf(document any, values []string) []string {
	found := map[string]bool{}
	var walk func(at string, node any)
	walk = func(at string, node any) {
		switch node := node.(type) {
		case map[string]any:
			for key, child := range node {
				walk(at+"<key>", key)
				walk(strings.TrimPrefix(at+"."+key, "."), child)
			}
		case []any:
			for _, child := range node {
				kind, _ := child.(map[string]any)
				walk(fmt.Sprintf("%s[%v %v]", at, kind["mode"], kind["type"]), child)
			}
		case string:
			if len(leaksIn(node, values)) > 0 {
				found[at] = true
			}
		}
	}
	walk("", document)
	paths := []string{}
	for at := range found {
		paths = append(paths, at)
	}
	slices.Sort(paths)
	return paths
}

// The search finds a value in each of its spellings, alone and inside of something, whole and cut.
func TestLeakSearchFinds(t *testing.T) {
	t.Parallel()
	const value = "emulated-access/0123456789abcdef0123456789abcdef+=="
	encode := base64.StdEncoding.EncodeToString
	for name, text := range map[string]string{
		"itself":         value,
		"quoted":         fmt.Sprintf("%q", value),
		"header":         "Bearer " + value,
		"query":          url.Values{"token": {value}}.Encode(),
		"path":           "/tokens/" + url.PathEscape(value),
		"base64":         encode([]byte(value)),
		"base64 of more": encode([]byte("user:" + value + ":more")),
		"base64 of JSON": encode([]byte(`{"refresh_token":"` + value + `"}`)),
		"URL base64":     base64.URLEncoding.EncodeToString([]byte("?" + value)),
		"random part":    value[16:48],
		"beginning":      value[:20],
		"cut base64":     encode([]byte(`{"a":"` + value))[:36],
	} {
		if len(leaksIn("before "+text+" after", []string{value})) == 0 {
			t.Errorf("%s: nothing was found in %s", name, text)
		}
	}
	if found := leaksIn("an emulated access token, 0123456789abcdef", []string{value}); len(found) != 0 {
		t.Errorf("found what is not there: %v", found)
	}
	document := map[string]any{
		"a": []any{map[string]any{"mode": "data", "type": "x", "token": value, "name": "etl"}, value},
		"b": map[string]any{value: 1.0},
	}
	want := []string{"a[<nil> <nil>]", "a[data x].token", "b<key>"}
	if got := pathsOf(document, []string{value}); !slices.Equal(got, want) {
		t.Errorf("found it at %q instead of %q", got, want)
	}
}

// leakConfig has every resource and data source. Redemption joins in where the CLI has write-only attributes.
func leakConfig(w *workspace) string {
	text := accessToken(`name = "user"`+"\n"+`ttl = "2h"`) +
		registerToken(`access_token_name = "redeemed"`+"\n"+`ttl = "1h"`) + `
data "mlplatform_access_tokens" "all" {
  depends_on = [mlplatform_access_token.test]
}
data "mlplatform_access_token" "user" {
  name = mlplatform_access_token.test.name
}
data "mlplatform_current_token" "me" {}
output "tokens" {
  value = data.mlplatform_access_tokens.all.tokens
}
output "value" {
  value     = mlplatform_access_token.test.token
  sensitive = true
}
`
	if cliUnderTest(w.t).has(writeOnlyArguments) {
		text += `
resource "mlplatform_access_token" "redeemed" {
  register_token_wo = mlplatform_register_token.test.token
}
`
	}
	return text
}

// In a life without trouble, no value is shown or logged; the plan and the state hold it where they must.
func TestCase15NoValueIsShown(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b).traced()
	check := func(got outcome) {
		t.Helper()
		wantNoLeak(t, b, got)
	}
	w.write("main.tf", leakConfig(w))
	check(w.succeed("validate", "-no-color"))
	check(w.plan("-out=create"))
	w.wantPaths(w.show("create"))
	check(w.succeed("apply", "-no-color", "create"))
	check(w.apply("-refresh-only"))
	check(w.plan())
	check(w.succeed("show", "-no-color"))
	check(w.succeed("state", "show", "-no-color", tokenAddress))
	check(w.succeed("output", "-no-color"))

	// The places where a value has to be, in documents with one place for each resource.
	tokens := func(before, after string) []string {
		return []string{
			before + "[managed mlplatform_access_token]" + after, before + "[managed mlplatform_register_token]" + after,
		}
	}
	// A plan holds what was before it and what stays.
	check(w.plan("-out=replace", "-replace=mlplatform_register_token.test"))
	w.wantPaths(w.show("replace"), slices.Concat(
		[]string{
			"output_changes.value.after", "output_changes.value.before",
			"planned_values.outputs.value.value", "prior_state.values.outputs.value.value",
			"planned_values.root_module.resources[managed mlplatform_access_token].values.token",
			"resource_changes[managed mlplatform_access_token].change.after.token",
		},
		tokens("prior_state.values.root_module.resources", ".values.token"),
		tokens("resource_changes", ".change.before.token"))...)
	check(w.succeed("apply", "-no-color", "replace"))
	w.wantPaths(w.show(), append(tokens("values.root_module.resources", ".values.token"), "values.outputs.value.value")...)

	// The state file: here the search finds each value that is held, which shows that it can.
	var state any
	if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
		t.Fatal(err)
	}
	w.wantPaths(state, append(tokens("resources", ".instances[<nil> <nil>].attributes.token"), "outputs.value.value")...)

	imported := newWorkspace(t, b).traced()
	imported.write("main.tf", accessToken(`name = "user"`))
	check(imported.succeed("import", "-no-color", tokenAddress, "user"))
	imported.wantPaths(imported.show())
	check(w.destroy())
}

// wantPaths checks that a document has values at these places and at no other.
func (w *workspace) wantPaths(document any, want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if found := pathsOf(document, w.b.emulator.IssuedValues()); !slices.Equal(found, want) {
		w.t.Errorf("values are at\n\t%s\ninstead of\n\t%s", strings.Join(found, "\n\t"), strings.Join(want, "\n\t"))
	}
}

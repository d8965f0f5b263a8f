// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
)

// leakConfig has every resource and data source. Redemption joins in where the CLI has write-only attributes.
func leakConfig(w *acctest.Workspace) string {
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
	if acctest.WriteOnlyArguments.Has(acctest.CLIVersion(w.T)) {
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
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	check := func(got acctest.Result) {
		t.Helper()
		w.ExpectNoLeak(got)
	}
	w.Write("main.tf", leakConfig(w))
	check(w.MustRun("validate", "-no-color"))
	check(w.Plan("-out=create"))
	w.ExpectValuesAt(w.Show("create"))
	check(w.MustRun("apply", "-no-color", "create"))
	check(w.Apply("-refresh-only"))
	check(w.Plan())
	check(w.MustRun("show", "-no-color"))
	check(w.MustRun("state", "show", "-no-color", tokenAddress))
	check(w.MustRun("output", "-no-color"))

	// The places where a value has to be, in documents with one place for each resource.
	tokens := func(before, after string) []string {
		return []string{
			before + "[managed mlplatform_access_token]" + after, before + "[managed mlplatform_register_token]" + after,
		}
	}
	// A plan holds what was before it and what stays.
	check(w.Plan("-out=replace", "-replace=mlplatform_register_token.test"))
	w.ExpectValuesAt(w.Show("replace"), slices.Concat(
		[]string{
			"output_changes.value.after", "output_changes.value.before",
			"planned_values.outputs.value.value", "prior_state.values.outputs.value.value",
			"planned_values.root_module.resources[managed mlplatform_access_token].values.token",
			"resource_changes[managed mlplatform_access_token].change.after.token",
		},
		tokens("prior_state.values.root_module.resources", ".values.token"),
		tokens("resource_changes", ".change.before.token"))...)
	check(w.MustRun("apply", "-no-color", "replace"))
	w.ExpectValuesAt(w.Show(), append(tokens("values.root_module.resources", ".values.token"), "values.outputs.value.value")...)

	// The state file: here the search finds each value that is held, which shows that it can.
	var state any
	if err := json.Unmarshal([]byte(w.Read("terraform.tfstate")), &state); err != nil {
		t.Fatal(err)
	}
	w.ExpectValuesAt(state, append(tokens("resources", ".instances[<nil> <nil>].attributes.token"), "outputs.value.value")...)

	imported := acctest.NewWorkspace(t, svc).Traced()
	imported.Write("main.tf", accessToken(`name = "user"`))
	check(imported.MustRun("import", "-no-color", tokenAddress, "user"))
	imported.ExpectValuesAt(imported.Show())
	check(w.Destroy())
}

// The search finds a value in a plan file, which is packed, and in a state.
func TestSearchOfFilesFinds(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Env["TF_VAR_value"] = svc.Token
	w.Write("main.tf", "variable \"value\" {}\n"+dataSource("current_token", "")+"output \"value\" {\n  value = var.value\n}\n")
	for file, command := range map[string][]string{
		"workspace/saved:tfplan":      {"plan", "-out=saved"},
		"workspace/terraform.tfstate": {"apply", "-auto-approve"},
	} {
		w.MustRun(command...)
		found := func(leak leakcheck.Finding) bool { return leak.File == file && leak.Spelling == "plain text" }
		if leaks := w.LeaksInFiles(); !slices.ContainsFunc(leaks, found) {
			t.Errorf("%s: nothing was found in %s, but %v", command, file, leaks)
		}
	}
}

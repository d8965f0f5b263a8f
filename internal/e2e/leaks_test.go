// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
)

// allResources has every resource and data source.
const allResources = `
resource "mlplatform_access_token" "test" {
  name = "user"
  ttl  = "2h"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "redeemed"
  ttl               = "1h"
}

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

// redemptionOfAllResources is added to allResources if the CLI has write-only arguments.
const redemptionOfAllResources = `
resource "mlplatform_access_token" "redeemed" {
  register_token_wo = mlplatform_register_token.test.token
}
`

// No value is printed or logged by any command. The plan and the state have the values only where they must.
func TestCase15NoValueIsShown(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	check := func(got acctest.Result) {
		t.Helper()
		w.ExpectNoLeak(got)
	}
	w.Write("main.tf", allResources)
	if acctest.WriteOnlyArguments.Has(acctest.CLIVersion(t)) {
		w.Write("redemption.tf", redemptionOfAllResources)
	}
	check(w.MustRun("validate", "-no-color"))
	check(w.Plan("-out=create"))
	w.ExpectValuesAt(w.Show("create"))
	check(w.MustRun("apply", "-no-color", "create"))
	check(w.Apply("-refresh-only"))
	check(w.Plan())
	check(w.MustRun("show", "-no-color"))
	check(w.MustRun("state", "show", "-no-color", tokenAddress))
	check(w.MustRun("output", "-no-color"))

	// tokens returns the paths of the attribute token of both resources.
	tokens := func(before, after string) []string {
		return []string{
			before + "[managed mlplatform_access_token]" + after, before + "[managed mlplatform_register_token]" + after,
		}
	}
	// A plan has the prior values and those that it does not change.
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

	// In the state file, the search finds every value, so it would find one in another place.
	var state any
	if err := json.Unmarshal([]byte(w.Read("terraform.tfstate")), &state); err != nil {
		t.Fatal(err)
	}
	w.ExpectValuesAt(state, append(tokens("resources", ".instances[<nil> <nil>].attributes.token"), "outputs.value.value")...)

	imported := acctest.NewWorkspace(t, svc).Traced()
	imported.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "user"
}
`)
	check(imported.MustRun("import", "-no-color", tokenAddress, "user"))
	imported.ExpectValuesAt(imported.Show())
	check(w.Destroy())
}

// The search finds a value in a plan file, which is a ZIP archive, and in a state.
func TestSearchOfFilesFinds(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Env["TF_VAR_value"] = svc.Token
	w.Write("main.tf", `
variable "value" {}

data "mlplatform_current_token" "test" {}

output "value" {
  value = var.value
}
`)
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

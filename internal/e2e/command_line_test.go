// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

// tokenAddress is the address of the access token in most configurations.
const tokenAddress = "mlplatform_access_token.test"

// A user plans, applies, imports and destroys with the program that is released.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "first"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "later"
  ttl               = "1h"
}
`)
	if got := w.Plan("-out=saved"); got.ExitCode != 2 || !got.Matches("2 to add, 0 to change, 0 to destroy") {
		t.Errorf("exit code %d of a first plan:\n%s", got.ExitCode, got.Output())
	}
	svc.ExpectWrites(t, "plan")
	w.MustRun("apply", "saved")
	w.ExpectEmptyPlan()

	other := acctest.NewWorkspace(t, svc)
	other.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "first"
}
`)
	if got := other.MustRun("import", "-no-color", tokenAddress, "first"); !got.Matches("not recoverable") {
		t.Errorf("the import does not warn that the value is not recoverable:\n%s", got.Output())
	}
	other.ExpectEmptyPlan()

	if got := w.Destroy(); !got.Matches("The register token stays valid") {
		t.Errorf("the destroy does not warn that the register token stays valid:\n%s", got.Output())
	}
	if addresses := w.Addresses(); len(addresses) != 0 {
		t.Errorf("the state still has %q", addresses)
	}
	svc.ExpectLiveTokens(t)
}

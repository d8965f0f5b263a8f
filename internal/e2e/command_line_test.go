// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

// The life of two tokens as a user has it, with the program that is released.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	first := accessToken(`name = "first"`)
	w.Write("main.tf", first+registerToken("access_token_name = \"later\"\nttl = \"1h\""))
	if got := w.Plan("-out=saved"); got.ExitCode != 2 || !acctest.OutputMatches("2 to add, 0 to change, 0 to destroy").MatchString(got.Stdout) {
		t.Errorf("exit code %d of a first plan:\n%s", got.ExitCode, got.Output())
	}
	if writes := svc.Writes(); len(writes) != 0 {
		t.Errorf("a plan made the requests %v", writes)
	}
	w.MustRun("apply", "saved")
	w.ExpectEmptyPlan()

	other := acctest.NewWorkspace(t, svc)
	other.Write("main.tf", first)
	if got := other.MustRun("import", "-no-color", tokenAddress, "first"); !acctest.OutputMatches("not recoverable").MatchString(got.Output()) {
		t.Errorf("the import does not warn that the value is lost:\n%s", got.Output())
	}
	other.ExpectEmptyPlan()

	if got := w.Destroy(); !acctest.OutputMatches("The register token stays valid").MatchString(got.Output()) {
		t.Errorf("the destruction does not warn that the register token stays valid:\n%s", got.Output())
	}
	if addresses := w.Addresses(); len(addresses) != 0 {
		t.Errorf("the state still holds %q", addresses)
	}
	if held := svc.LiveTokenNames(t); len(held) != 0 {
		t.Errorf("the service still holds %q", held)
	}
}

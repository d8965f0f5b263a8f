// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// The hand-over as one writes it first: the register token is null while planning.
const naturalHandOver = `
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "handed over"
  access_token_ttl  = "1d"
  ttl               = "10m"
  enabled           = terraform.applying
}
resource "mlplatform_access_token" "test" {
  register_token_wo = ephemeral.mlplatform_register_token.test.token
  delete_on_destroy = false
}
`

func TestHardening12NullWhilePlanning(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", naturalHandOver)
	w.MustRun("validate", "-no-color")
	got := w.Plan("-out=saved")
	expectOutput(t, got, 2, "The register token is not known yet")
	if count := strings.Count(got.Output(), "The register token is not known yet"); count != 1 {
		t.Errorf("the warning is shown %d times:\n%s", count, got.Output())
	}
	w.MustRun("apply", "-no-color", "saved")
	svc.ExpectLiveTokens(t, "handed over")
	w.ExpectEmptyPlan()
	// A change in place redeems nothing, in either phase.
	w.Write("main.tf", strings.Replace(naturalHandOver, "delete_on_destroy = false", "delete_on_destroy = false\n  keepers = { n = 1 }", 1))
	w.Apply()
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "handed over")
	svc.Emulator.Revoke("handed over")
	w.Apply("-replace=" + tokenAddress)
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "handed over")
}

// No name at all is an error in `validate`, and in the apply at the latest.
func TestHardening12NoNameAtAll(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(""))
	expectOutput(t, w.Run("validate", "-no-color"), 1, "Missing name")
	expectOutput(t, w.Run("plan", "-no-color"), 1, "Missing name")
	w.Write("main.tf", "variable \"register_token\" {\n  default = null\n}\n"+accessToken("register_token_wo = var.register_token"))
	w.MustRun("validate", "-no-color")
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1, "The register token is not known yet", "Missing register token")
	svc.ExpectWrites(t, "apply")
}

// The argument is empty once the token exists, and not before.
func TestHardening12EmptyRegisterToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	delete(w.Env, "MLPLATFORM_TOKEN")
	w.Write("main.tf", "variable \"register_token\" {}\nvariable \"round\" {\n  default = 1\n}\n"+
		accessToken("register_token_wo = var.register_token\ndelete_on_destroy = false\nkeepers = { round = var.round }"))
	w.Env["TF_VAR_register_token"] = ""
	expectOutput(t, w.Run("plan", "-no-color"), 1, "Missing register token")
	w.Env["TF_VAR_register_token"] = registerTokenValue(t, svc, "once")
	w.Apply()
	w.Env["TF_VAR_register_token"] = ""
	w.ExpectEmptyPlan()
	svc.Emulator.Revoke("once")
	expectOutput(t, w.Run("plan", "-no-color", "-var=round=2"), 1, "Missing register token")
}

// A renamed address without moved: the error says what to do first.
func TestHardening13MovedIsNamedFirst(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "taken"})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(`name = "taken"`))
	expectOutput(t, w.Run("apply", "-no-color", "-auto-approve"), 1,
		"If you renamed the resource or a `for_each` key, add a `moved` block")
}

func TestHardening14EmptyImport(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Write("main.tf", accessToken(`name = "x"`))
	expectOutput(t, w.Run("import", "-no-color", tokenAddress, ""), 1, "The name is empty")
}

// The successor of an expired token has the same name. It is not somebody else's.
func TestHardening14OwnSuccessorIsNotForeign(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken("name = \"heir\"\nttl = \"1d\"\nlifecycle {\n  create_before_destroy = true\n}"))
	w.Apply()
	svc.Clock.Advance(2 * dayLong)
	if got := w.Apply(); got.Matches("Another token has the name") {
		t.Errorf("the warning speaks of this run's own token:\n%s", got.Output())
	}
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "heir")
}

// A null delete_on_destroy, as an old or hand-written state can have it, deletes.
func TestHardening14NullDeleteOnDestroy(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(`name = "old"`))
	w.Apply()
	state := w.Read("terraform.tfstate")
	changed := strings.Replace(state, `"delete_on_destroy": true`, `"delete_on_destroy": null`, 1)
	if changed == state {
		t.Fatal("the state has no delete_on_destroy")
	}
	w.Write("terraform.tfstate", changed)
	w.Destroy("-refresh=false")
	svc.ExpectLiveTokens(t)
}

// Empty keepers of a register token equal none.
func TestHardening14EmptyKeepersOfARegisterToken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", registerToken(lines(`access_token_name = "a"`, `ttl = "1h"`)))
	w.Apply()
	w.Write("main.tf", registerToken(lines(`access_token_name = "a"`, `ttl = "60m"`, `keepers = {}`)))
	svc.Emulator.ResetJournal()
	w.Apply()
	w.ExpectEmptyPlan()
	svc.ExpectWrites(t, "apply")
}

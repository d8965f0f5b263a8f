// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// With recreate_if_invalid = "never", a missing token is one warning and no change.
func TestCase02NeverRecreated(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name                = "kept"
  recreate_if_invalid = "never"
}
`)
	w.Apply()
	svc.Emulator.Revoke("kept")
	got := w.Plan()
	if got.ExitCode != 0 {
		t.Errorf("the plan is not empty:\n%s", got.Output())
	}
	if count := strings.Count(got.Output(), "Warning: The token is missing"); count != 1 {
		t.Errorf("there are %d warnings instead of one:\n%s", count, got.Output())
	}
	svc.Emulator.ResetJournal()
	w.Destroy()
	svc.ExpectWrites(t, "destroy")
}

// A plan and a destroy warn that another token has the name. The destroy does not delete that token.
func TestCase04Warnings(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "contested"
}
`)
	w.Apply()
	svc.Emulator.Revoke("contested")
	svc.Seed(t, emulator.SeedToken{Name: "contested"})
	for _, got := range []acctest.Result{w.Plan(), w.Destroy()} {
		if !got.Matches("Another token has the name") {
			t.Errorf("%s does not warn:\n%s", got.Command(), got.Output())
		}
	}
	svc.ExpectLiveTokens(t, "contested")
}

// The import warns that the value is not recoverable. A ttl that does not match the token is a warning, too.
func TestCase05Warnings(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand made"})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "hand made"
}
`)
	if got := w.MustRun("import", "-no-color", tokenAddress, "hand made"); !got.Matches("not recoverable") {
		t.Errorf("the import does not warn:\n%s", got.Output())
	}
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "hand made"
  ttl  = "1d"
}
`)
	if got := w.Apply(); !got.Matches("never expires") {
		t.Errorf("the apply does not warn about the ttl:\n%s", got.Output())
	}
	w.ExpectEmptyPlan()
}

// A plan file may be applied much later: nothing in it depends on the time of the plan.
func TestCase12PlanFileAppliedLater(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("register.tf", `
resource "mlplatform_register_token" "test" {
  access_token_name = "x"
  ttl               = "1h"
}
`)

	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name_prefix = "late-"
  ttl         = "30d"
}
`)
	w.Plan("-out=create")
	svc.Clock.Advance(40 * dayLong)
	w.MustRun("apply", "create")
	w.ExpectEmptyPlan()
	created := svc.Clock.Now()
	if expires := w.Attribute(tokenAddress, "expires_at"); expires != created.Add(30*dayLong).Format(time.RFC3339) {
		t.Errorf("the token expires at %s", expires)
	}

	// This plan is an update in place. When it is applied, the rotation is already due, which the next plan shows.
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name_prefix   = "late-"
  ttl           = "30d"
  rotate_before = "5d"
}
`)
	w.Plan("-out=update")
	svc.Clock.Advance(27 * dayLong)
	svc.Emulator.ResetJournal()
	w.MustRun("apply", "update")
	svc.ExpectWrites(t, "the update in place")
	got := w.Plan("-out=replace")
	// OpenTofu prints the reason on both sides of the arrow.
	why := regexp.MustCompile(`"rotation_due"( # forces replacement)? -> \(known after apply\) # forces replacement`)
	if !why.MatchString(got.Stdout) {
		t.Errorf("the plan does not show why the token is replaced:\n%s", got.Output())
	}

	svc.Clock.Advance(10 * dayLong)
	w.MustRun("apply", "replace")
	w.ExpectEmptyPlan()
}

// With -refresh=false, a plan uses the state of the last refresh. With -refresh-only, time that has passed is no change.
func TestRefreshModes(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name          = "aging"
  ttl           = "30d"
  rotate_before = "7d"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "x"
  ttl               = "30d"
}
`)
	w.Apply()

	svc.Clock.Advance(20 * dayLong)
	got := w.Plan("-refresh-only")
	// Terraform 1.11.4 exits with 2 whenever a resource has a number, such as token_version.
	wrongCode := acctest.CLIVersion(t).String() == "Terraform 1.11.4"
	if !got.Matches("No changes.") || got.ExitCode != 0 && !wrongCode {
		t.Errorf("-refresh-only shows a change:\n%s", got.Output())
	}

	svc.Clock.Advance(5 * dayLong)
	svc.Emulator.ResetJournal()
	if got := w.Plan("-refresh=false"); got.ExitCode != 0 {
		t.Errorf("-refresh=false shows a change that no refresh has found:\n%s", got.Output())
	}
	if requests := svc.Emulator.Journal(); len(requests) != 0 {
		t.Errorf("-refresh=false made %d requests", len(requests))
	}
	w.Apply("-refresh-only")
	if got := w.Plan("-refresh=false"); got.ExitCode != 2 || !got.Matches("rotation_due") {
		t.Errorf("-refresh=false does not show what the last refresh found:\n%s", got.Output())
	}
	w.Apply("-refresh=false")
	w.ExpectEmptyPlan()
}

// A configuration without a resource of the provider makes no request and requires no token.
func TestNothingUsedNothingRequested(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.4.0")) // terraform_data
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Env["MLPLATFORM_TOKEN"] = ""
	w.Write("main.tf", `
provider "mlplatform" {}

resource "terraform_data" "test" {}
`)
	w.Apply()
	w.ExpectEmptyPlan()
	w.Destroy()
	if requests := svc.Emulator.Journal(); len(requests) != 0 {
		t.Errorf("there were %d requests", len(requests))
	}
}

// The same lifetime in other units is no change, for both resources.
func TestOtherSpellingPlansNothing(t *testing.T) {
	t.Parallel()
	const config = `
resource "mlplatform_access_token" "test" {
  name          = "x"
  ttl           = %[1]q
  rotate_before = %[2]q
}

resource "mlplatform_register_token" "test" {
  access_token_name = "y"
  access_token_ttl  = %[1]q
  ttl               = %[1]q
}
`
	for name, test := range acctest.Sample(1, map[string]struct{ ttl, same, other, rotateBefore string }{
		"minutes": {"60m", "1h", "2h60m", "30m"},
		"seconds": {"1h", "3600s", "2h1h", "1799s"},
		"days":    {"24h", "1d", "2h24h", "23h59m"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", fmt.Sprintf(config, test.ttl, test.rotateBefore))
			w.Apply()
			w.Write("main.tf", fmt.Sprintf(config, test.same, test.rotateBefore))
			w.ExpectEmptyPlan()
			w.Write("main.tf", fmt.Sprintf(config, test.other, test.rotateBefore))
			if got := w.Plan(); !got.Matches("2 to add, 0 to change, 2 to destroy") {
				t.Errorf("another lifetime does not replace both:\n%s", got.Output())
			}
		})
	}
}

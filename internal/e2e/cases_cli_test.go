// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// With recreate_if_invalid = "never" there is no diff, and one warning.
func TestCase02NeverRecreated(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken("name = \"kept\"\nrecreate_if_invalid = \"never\""))
	w.Apply()
	svc.Emulator.Revoke("kept")
	got := w.Plan()
	if got.ExitCode != 0 {
		t.Errorf("there is something to do:\n%s", got.Output())
	}
	if count := strings.Count(got.Output(), "Warning: The token is missing"); count != 1 {
		t.Errorf("there are %d warnings instead of one:\n%s", count, got.Output())
	}
	svc.Emulator.ResetJournal()
	w.Destroy()
	if writes := svc.Writes(); len(writes) != 0 {
		t.Errorf("to delete what is gone, the provider made the requests %v", writes)
	}
}

// The plan warns of a foreign token, and so does the destruction, which leaves it alone.
func TestCase04Warnings(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(`name = "contested"`))
	w.Apply()
	svc.Emulator.Revoke("contested")
	svc.Seed(t, emulator.SeedToken{Name: "contested"})
	for _, got := range []acctest.Result{w.Plan(), w.Destroy()} {
		if !acctest.OutputMatches("Another token has the name").MatchString(got.Output()) {
			t.Errorf("%s does not warn:\n%s", got.Command(), got.Output())
		}
	}
	if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"contested"}) {
		t.Errorf("the service holds %q", held)
	}
}

// The import warns that the value is not recoverable, and a ttl that the token contradicts is told.
func TestCase05Warnings(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand made"})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(`name = "hand made"`))
	if got := w.MustRun("import", "-no-color", tokenAddress, "hand made"); !acctest.OutputMatches("not recoverable").MatchString(got.Output()) {
		t.Errorf("the import does not warn:\n%s", got.Output())
	}
	w.Write("main.tf", accessToken("name = \"hand made\"\nttl = \"1d\""))
	if got := w.Apply(); !acctest.OutputMatches("never expires").MatchString(got.Output()) {
		t.Errorf("the adoption of a ttl that does not fit does not warn:\n%s", got.Output())
	}
	w.ExpectEmptyPlan()
}

// A plan file may be applied much later: nothing that depends on the time of planning is fixed in it.
func TestCase12PlanFileAppliedLater(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	register := registerToken("access_token_name = \"x\"\nttl = \"1h\"")

	w.Write("main.tf", accessToken("name_prefix = \"late-\"\nttl = \"30d\"")+register)
	w.Plan("-out=create")
	svc.Clock.Advance(40 * dayLong)
	w.MustRun("apply", "create")
	w.ExpectEmptyPlan()
	created := svc.Clock.Now()
	if expires := w.Attribute(tokenAddress, "expires_at"); expires != created.Add(30*dayLong).Format(time.RFC3339) {
		t.Errorf("the token that was planned long ago expires at %s", expires)
	}

	// Planned as a change in place; when it is applied, the new window has long been reached. The next plan tells.
	w.Write("main.tf", accessToken("name_prefix = \"late-\"\nttl = \"30d\"\nrotate_before = \"5d\"")+register)
	w.Plan("-out=update")
	svc.Clock.Advance(27 * dayLong)
	svc.Emulator.ResetJournal()
	w.MustRun("apply", "update")
	if writes := svc.Writes(); len(writes) != 0 {
		t.Errorf("a change in place made the requests %v", writes)
	}
	got := w.Plan("-out=replace")
	// OpenTofu says it on both sides of the arrow.
	why := regexp.MustCompile(`"rotation_due"( # forces replacement)? -> \(known after apply\) # forces replacement`)
	if !why.MatchString(got.Stdout) {
		t.Errorf("the plan does not tell why the token is replaced:\n%s", got.Output())
	}

	svc.Clock.Advance(10 * dayLong)
	w.MustRun("apply", "replace")
	w.ExpectEmptyPlan()
}

// -refresh=false goes by what the last refresh found, and -refresh-only is quiet about a token that merely aged.
func TestRefreshModes(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken("name = \"aging\"\nttl = \"30d\"\nrotate_before = \"7d\"")+
		registerToken("access_token_name = \"x\"\nttl = \"30d\""))
	w.Apply()

	svc.Clock.Advance(20 * dayLong)
	got := w.Plan("-refresh-only")
	if got.ExitCode != 0 || !acctest.OutputMatches("No changes.").MatchString(got.Stdout) {
		t.Errorf("-refresh-only is not quiet about a token that aged:\n%s", got.Output())
	}

	svc.Clock.Advance(5 * dayLong)
	svc.Emulator.ResetJournal()
	if got := w.Plan("-refresh=false"); got.ExitCode != 0 {
		t.Errorf("-refresh=false finds something to do that no refresh has told:\n%s", got.Output())
	}
	if requests := svc.Emulator.Journal(); len(requests) != 0 {
		t.Errorf("-refresh=false made %d requests", len(requests))
	}
	w.Apply("-refresh-only")
	if got := w.Plan("-refresh=false"); got.ExitCode != 2 || !acctest.OutputMatches("rotation_due").MatchString(got.Stdout) {
		t.Errorf("-refresh=false does not go by what the last refresh found:\n%s", got.Output())
	}
	w.Apply("-refresh=false")
	w.ExpectEmptyPlan()
}

// A configuration that uses nothing of the service makes no request, and needs no token.
func TestNothingUsedNothingRequested(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.4.0")) // terraform_data
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Env["MLPLATFORM_TOKEN"] = ""
	w.Write("main.tf", "provider \"mlplatform\" {}\n\nresource \"terraform_data\" \"x\" {}\n")
	w.Apply()
	w.ExpectEmptyPlan()
	w.Destroy()
	if requests := svc.Emulator.Journal(); len(requests) != 0 {
		t.Errorf("there were %d requests", len(requests))
	}
}

// Another spelling of a lifetime plans nothing, on both resources, with everything else left alone.
func TestOtherSpellingPlansNothing(t *testing.T) {
	t.Parallel()
	for name, spellings := range acctest.Sample(1, map[string][3]string{
		"minutes": {"60m", "1h", "30m"},
		"seconds": {"1h", "3600s", "1799s"},
		"days":    {"24h", "1d", "23h59m"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			config := func(spelling string) string {
				return accessToken("name = \"x\"\nttl = \""+spelling+"\"\nrotate_before = \""+spellings[2]+"\"") +
					registerToken("access_token_name = \"y\"\naccess_token_ttl = \""+spelling+"\"\nttl = \""+spelling+"\"")
			}
			w.Write("main.tf", config(spellings[0]))
			w.Apply()
			w.Write("main.tf", config(spellings[1]))
			w.ExpectEmptyPlan()
			w.Write("main.tf", config("2h"+spellings[0]))
			if got := w.Plan(); !acctest.OutputMatches("2 to add, 0 to change, 2 to destroy").MatchString(got.Stdout) {
				t.Errorf("a change of meaning does not replace both:\n%s", got.Output())
			}
		})
	}
}

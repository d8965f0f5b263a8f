// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// With recreate_if_invalid = "never" there is no diff, and one warning.
func TestCase02NeverRecreated(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", accessToken("name = \"kept\"\nrecreate_if_invalid = \"never\""))
	w.apply()
	b.emulator.Revoke("kept")
	got := w.plan()
	if got.exitCode != 0 {
		t.Errorf("there is something to do:\n%s", got.shown())
	}
	if count := strings.Count(got.shown(), "Warning: The token is missing"); count != 1 {
		t.Errorf("there are %d warnings instead of one:\n%s", count, got.shown())
	}
	b.emulator.ResetJournal()
	w.destroy()
	if writes := b.writes(); len(writes) != 0 {
		t.Errorf("to delete what is gone, the provider made the requests %v", writes)
	}
}

// The plan warns of a foreign token, and so does the destruction, which leaves it alone.
func TestCase04Warnings(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", accessToken(`name = "contested"`))
	w.apply()
	b.emulator.Revoke("contested")
	b.seed(t, seedToken("contested"))
	for _, got := range []outcome{w.plan(), w.destroy()} {
		if !says("Another token has the name").MatchString(got.shown()) {
			t.Errorf("%s does not warn:\n%s", got.command, got.shown())
		}
	}
	if held := b.held(t); !slices.Equal(held, []string{"contested"}) {
		t.Errorf("the service holds %q", held)
	}
}

// The import warns that the value is not recoverable, and a ttl that the token contradicts is told.
func TestCase05Warnings(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.seed(t, seedToken("hand made"))
	w := newWorkspace(t, b)
	w.write("main.tf", accessToken(`name = "hand made"`))
	if got := w.succeed("import", "-no-color", tokenAddress, "hand made"); !says("not recoverable").MatchString(got.shown()) {
		t.Errorf("the import does not warn:\n%s", got.shown())
	}
	w.write("main.tf", accessToken("name = \"hand made\"\nttl = \"1d\""))
	if got := w.apply(); !says("never expires").MatchString(got.shown()) {
		t.Errorf("the adoption of a ttl that does not fit does not warn:\n%s", got.shown())
	}
	w.planIsEmpty()
}

// A plan file may be applied much later: nothing that depends on the time of planning is fixed in it.
func TestCase12PlanFileAppliedLater(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b)
	register := registerToken("access_token_name = \"x\"\nttl = \"1h\"")

	w.write("main.tf", accessToken("name_prefix = \"late-\"\nttl = \"30d\"")+register)
	w.plan("-out=create")
	b.clock.Advance(40 * dayLong)
	w.succeed("apply", "create")
	w.planIsEmpty()
	created := b.clock.Now()
	if expires := w.attribute("expires_at"); expires != created.Add(30*dayLong).Format(time.RFC3339) {
		t.Errorf("the token that was planned long ago expires at %s", expires)
	}

	// Planned as a change in place; when it is applied, the new window has long been reached. The next plan tells.
	w.write("main.tf", accessToken("name_prefix = \"late-\"\nttl = \"30d\"\nrotate_before = \"5d\"")+register)
	w.plan("-out=update")
	b.clock.Advance(27 * dayLong)
	b.emulator.ResetJournal()
	w.succeed("apply", "update")
	if writes := b.writes(); len(writes) != 0 {
		t.Errorf("a change in place made the requests %v", writes)
	}
	got := w.plan("-out=replace")
	// OpenTofu says it on both sides of the arrow.
	why := regexp.MustCompile(`"rotation_due"( # forces replacement)? -> \(known after apply\) # forces replacement`)
	if !why.MatchString(got.stdout) {
		t.Errorf("the plan does not tell why the token is replaced:\n%s", got.shown())
	}

	b.clock.Advance(10 * dayLong)
	w.succeed("apply", "replace")
	w.planIsEmpty()
}

// -refresh=false goes by what the last refresh found, and -refresh-only is quiet about a token that merely aged.
func TestRefreshModes(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", accessToken("name = \"aging\"\nttl = \"30d\"\nrotate_before = \"7d\"")+
		registerToken("access_token_name = \"x\"\nttl = \"30d\""))
	w.apply()

	b.clock.Advance(20 * dayLong)
	got := w.plan("-refresh-only")
	if got.exitCode != 0 || !says("No changes.").MatchString(got.stdout) {
		t.Errorf("-refresh-only is not quiet about a token that aged:\n%s", got.shown())
	}

	b.clock.Advance(5 * dayLong)
	b.emulator.ResetJournal()
	if got := w.plan("-refresh=false"); got.exitCode != 0 {
		t.Errorf("-refresh=false finds something to do that no refresh has told:\n%s", got.shown())
	}
	if requests := b.emulator.Journal(); len(requests) != 0 {
		t.Errorf("-refresh=false made %d requests", len(requests))
	}
	w.apply("-refresh-only")
	if got := w.plan("-refresh=false"); got.exitCode != 2 || !says("rotation_due").MatchString(got.stdout) {
		t.Errorf("-refresh=false does not go by what the last refresh found:\n%s", got.shown())
	}
	w.apply("-refresh=false")
	w.planIsEmpty()
}

// A configuration that uses nothing of the service makes no request, and needs no token.
func TestNothingUsedNothingRequested(t *testing.T) {
	t.Parallel()
	needs(t, since("1.4.0")) // terraform_data
	b := emulated(t)
	w := newWorkspace(t, b)
	w.env["MLPLATFORM_TOKEN"] = ""
	w.write("main.tf", "provider \"mlplatform\" {}\n\nresource \"terraform_data\" \"x\" {}\n")
	w.apply()
	w.planIsEmpty()
	w.destroy()
	if requests := b.emulator.Journal(); len(requests) != 0 {
		t.Errorf("there were %d requests", len(requests))
	}
}

// Another spelling of a lifetime plans nothing, on both resources, with everything else left alone.
func TestOtherSpellingPlansNothing(t *testing.T) {
	t.Parallel()
	for name, spellings := range map[string][3]string{
		"minutes": {"60m", "1h", "30m"},
		"seconds": {"1h", "3600s", "1799s"},
		"days":    {"24h", "1d", "23h59m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, emulated(t))
			config := func(spelling string) string {
				return accessToken("name = \"x\"\nttl = \""+spelling+"\"\nrotate_before = \""+spellings[2]+"\"") +
					registerToken("access_token_name = \"y\"\naccess_token_ttl = \""+spelling+"\"\nttl = \""+spelling+"\"")
			}
			w.write("main.tf", config(spellings[0]))
			w.apply()
			w.write("main.tf", config(spellings[1]))
			w.planIsEmpty()
			w.write("main.tf", config("2h"+spellings[0]))
			if got := w.plan(); !says("2 to add, 0 to change, 2 to destroy").MatchString(got.stdout) {
				t.Errorf("a change of meaning does not replace both:\n%s", got.shown())
			}
		})
	}
}

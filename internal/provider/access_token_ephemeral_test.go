// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const ephemeralValue = "ephemeral.mlplatform_access_token.test.token"

// runProvider is a provider block that works with it.
const runProvider = "provider \"mlplatform\" {\n  alias = \"run\"\n  token = " + ephemeralValue + "\n}\n"

// openWrites and closeWrites are the requests of an ephemeral access token that change something.
var (
	openWrites  = mintWrites
	closeWrites = []string{emulator.OpDeleteAccessToken}
)

// wantBalance fails the test if not every token that was made was deleted, by name and once.
func (b *bench) wantBalance(t *testing.T) {
	t.Helper()
	made, deleted := 0, 0
	for _, request := range b.emulator.Journal() {
		switch {
		case request.Operation == emulator.OpRedeemRegisterToken && request.Status == 201:
			made++
		case request.Operation == emulator.OpDeleteAccessToken && request.Status == 204:
			deleted++
		}
	}
	if made == 0 || made != deleted {
		t.Errorf("%d tokens were made and %d deleted", made, deleted)
	}
	if held := b.held(t); len(held) != 0 {
		t.Errorf("the service still holds %q", held)
	}
}

// What is minted is what was asked for; its value works during the run and the token is gone after it.
func TestEphemeralAccessToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attributes, prefix, role string
	}{
		"defaults":     {"", "terraform-", "USER"},
		"all settings": {lines(`name_prefix = "ci \"nightly\"/"`, `role = "ADMIN"`, `enabled = true`, `revoke_on_close = true`), `ci "nightly"/`, "ADMIN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			b.runEchoed(t, resourceStep(
				b.config(ephemeralBlock("access_token", lines(`ttl = "90m"`, test.attributes))+echoed("access_token")),
				func(*terraform.State) error { return nil },
				echoes("role", knownvalue.StringExact(test.role)),
				echoes("name", knownvalue.StringRegexp(regexp.MustCompile("^"+regexp.QuoteMeta(test.prefix)+"[a-z2-7]{12}$"))),
				echoes("expires_at", knownvalue.StringExact(epoch.Add(90*time.Minute).Format(time.RFC3339))),
				echoes("id", knownvalue.StringRegexp(regexp.MustCompile("^[0-9a-f-]{36}$"))),
				echoes("token", knownvalue.StringFunc(func(value string) error {
					if !slices.Contains(b.emulator.IssuedValues(), value) {
						return fmt.Errorf("the value was not issued")
					}
					return nil
				})),
			))
			b.wantBalance(t)
		})
	}
}

// Not enabled, it asks nothing of the service, has no value, and closing it does nothing.
func TestEphemeralAccessTokenNotEnabled(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.runEchoed(t, resourceStep(
		b.config(ephemeralBlock("access_token", lines(`ttl = "1h"`, `enabled = false`))+echoed("access_token")),
		func(*terraform.State) error {
			if made := len(b.emulator.Journal()); made != 0 {
				return fmt.Errorf("%d requests were made", made)
			}
			return nil
		},
		echoes("token", knownvalue.Null()), echoes("id", knownvalue.Null()), echoes("name", knownvalue.Null()),
		echoes("expires_at", knownvalue.Null()), echoes("role", knownvalue.StringExact("USER")),
	))
}

// Each phase that opens it closes it; with `enabled = terraform.applying`, and with anything that a plan does not know,
// that is the apply alone. No value is shown, logged or in any file.
func TestEphemeralAccessTokenPhases(t *testing.T) {
	t.Parallel()
	both := slices.Concat(openWrites, closeWrites)
	const later = `resource "terraform_data" "later" {
  input = "anna"
}
`
	for name, test := range map[string]struct {
		config  string
		planned []string
	}{
		"as it is":              {`ttl = "1h"`, both},
		"while applying":        {lines(`ttl = "1h"`, `enabled = terraform.applying`), nil},
		"unknown prefix":        {lines(`ttl = "1h"`, `name_prefix = terraform_data.later.output`), nil},
		"unknown lifetime":      {`ttl = "${length(terraform_data.later.output)}h"`, nil},
		"unknown enabled":       {lines(`ttl = "1h"`, `enabled = terraform_data.later.output == "anna"`), nil},
		"unknown whether to go": {lines(`ttl = "1h"`, `revoke_on_close = terraform_data.later.output == "anna"`), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, ephemeralResources)
			b := emulated(t)
			w := newWorkspace(t, b).traced()
			w.write("main.tf", later+ephemeralBlock("access_token", test.config)+job(ephemeralValue))
			wantNoLeak(t, b, w.plan("-out=saved"))
			b.wantWrites(t, "plan", test.planned...)
			wantNoLeak(t, b, w.succeed("apply", "-no-color", "saved"))
			if !w.used(b.latest()) {
				t.Error("the job had another value than the one that was minted")
			}
			b.wantBalance(t)
			b.wantWrites(t, "apply", both...)
			w.wantNoValueInFiles()
		})
	}
}

// Another provider block may work with it: whoever reads as it is the token of this run.
func TestEphemeralAccessTokenOfAnotherProvider(t *testing.T) {
	t.Parallel()
	needs(t, ephemeralResources)
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `name_prefix = "run-"`, `role = "ADMIN"`))+runProvider+`
resource "mlplatform_access_token" "test" {
  provider = mlplatform.run
  name     = "made by the run"
}
data "mlplatform_current_token" "me" {
  provider = mlplatform.run
}
output "me" {
  value = data.mlplatform_current_token.me.name
}
`)
	w.apply()
	if me := w.succeed("output", "-raw", "me").stdout; !strings.HasPrefix(me, "run-") {
		t.Errorf("the other provider works with the token %q", me)
	}
	if held := b.held(t); !slices.Equal(held, []string{"made by the run"}) {
		t.Errorf("the service holds %q", held)
	}
	w.destroy()
	b.wantBalance(t)
}

// A run that fails while the token is open deletes it all the same, though the CLI does not close it then.
func TestEphemeralAccessTokenOfAFailedRun(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]string{
		"a job that uses it":           "exit 3",
		"a job that is killed":         "kill -9 $$",
		"a resource that does not use": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, ephemeralResources)
			b := emulated(t)
			w := newWorkspace(t, b)
			config := ephemeralBlock("access_token", lines(`ttl = "1h"`, `enabled = terraform.applying`)) + job(ephemeralValue)
			if failing == "" {
				// The name is taken, which the service tells only now.
				config += "resource \"mlplatform_access_token\" \"late\" {\n  name = \"emulator-admin\"\n  depends_on = [terraform_data.job]\n}\n"
			} else {
				config = strings.Replace(config, "sha256sum > used", failing, 1)
			}
			w.write("main.tf", config)
			if got := w.run("apply", "-no-color", "-auto-approve"); got.exitCode != 1 {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
			b.wantBalance(t)
			b.wantWrites(t, "apply", slices.Concat(openWrites, closeWrites)...)
		})
	}
}

// If it cannot be deleted then, there is only the log to say so.
func TestEphemeralAccessTokenLeftByAFailedRun(t *testing.T) {
	t.Parallel()
	needs(t, ephemeralResources)
	b := emulated(t)
	w := newWorkspace(t, b).traced()
	w.write("main.tf", patient+
		ephemeralBlock("access_token", lines(`ttl = "90m"`, `enabled = terraform.applying`))+
		strings.Replace(job(ephemeralValue), "sha256sum > used", "exit 3", 1))
	b.emulator.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Kind: emulator.Respond, Status: 500, Times: -1})
	got := w.run("apply", "-no-color", "-auto-approve")
	b.emulator.ClearFaults()
	wantNoLeak(t, b, got)
	held := b.held(t)
	if len(held) != 1 {
		t.Fatalf("the service holds %q", held)
	}
	log := strings.ReplaceAll(got.log, `\"`, `"`)
	if want := fmt.Sprintf("the access token %q", held[0]); !strings.Contains(log, want) ||
		!strings.Contains(log, "of this run may still exist; it expires at "+epoch.Add(90*time.Minute).Format(time.RFC3339)) {
		t.Errorf("the log does not say that %s may be left behind", held[0])
	}
}

// So does a plan that fails while the token is open.
func TestEphemeralAccessTokenOfAFailedPlan(t *testing.T) {
	t.Parallel()
	needs(t, ephemeralResources)
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `role = "ADMIN"`))+runProvider+`
data "mlplatform_access_token" "absent" {
  provider = mlplatform.run
  name     = "absent"
}
`)
	if got := w.run("plan", "-no-color"); got.exitCode != 1 || !says(`no access token named "absent"`).MatchString(got.shown()) {
		t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
	}
	b.wantBalance(t)
}

// Where opening fails half way, nothing closes the token, so nothing may be left; and where it is left all the same, the
// error says so, with its name and its lifetime.
func TestEphemeralAccessTokenOpenedHalfWay(t *testing.T) {
	t.Parallel()
	always := func(operation string, fault emulator.Fault) emulator.Fault {
		fault.Operation, fault.Times = operation, -1
		return fault
	}
	trouble := emulator.Fault{Kind: emulator.Respond, Status: 500}
	for name, test := range map[string]struct {
		faults []emulator.Fault
		says   string
		left   bool
	}{
		"not described":  {[]emulator.Fault{always(emulator.OpWhoAmI, trouble)}, "Unable to create access token", false},
		"no description": {[]emulator.Fault{always(emulator.OpWhoAmI, emulator.Fault{Kind: emulator.BadJSON})}, "Unable to create access token", false},
		"value lost": {
			[]emulator.Fault{always(emulator.OpRedeemRegisterToken, emulator.Fault{Kind: emulator.Drop, After: true})},
			"Unable to create access token", false,
		},
		"not described, not deleted": {
			[]emulator.Fault{always(emulator.OpWhoAmI, trouble), always(emulator.OpDeleteAccessToken, trouble)},
			"It expires after 90m.", true,
		},
		"not described, deletion lost": {
			[]emulator.Fault{always(emulator.OpWhoAmI, trouble), always(emulator.OpDeleteAccessToken, emulator.Fault{Kind: emulator.Drop})},
			"It expires after 90m.", true,
		},
		"value lost, not deleted": {
			[]emulator.Fault{
				always(emulator.OpRedeemRegisterToken, emulator.Fault{Kind: emulator.Drop, After: true}), always(emulator.OpDeleteAccessToken, trouble),
			},
			"Find the access token named", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, ephemeralResources)
			b := emulated(t)
			w := newWorkspace(t, b).traced()
			w.write("main.tf", patient+
				ephemeralBlock("access_token", lines(`ttl = "90m"`, `enabled = terraform.applying`))+job(ephemeralValue))
			for _, fault := range test.faults {
				b.emulator.Inject(fault)
			}
			got := w.run("apply", "-no-color", "-auto-approve")
			wantNoLeak(t, b, got)
			b.emulator.ClearFaults()
			if got.exitCode != 1 || !says(test.says).MatchString(got.shown()) {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
			held := b.held(t)
			if left := len(held) == 1; left != test.left {
				t.Errorf("the service holds %q", held)
			}
			for _, name := range held {
				if !strings.Contains(got.shown(), fmt.Sprintf("%q", name)) {
					t.Errorf("%s is left behind, of which the user is not told:\n%s", name, got.shown())
				}
			}
			w.wantNoValueInFiles()
		})
	}
}

// A token that cannot be deleted at the end is an error that names it and its expiry, also in a plan.
func TestEphemeralAccessTokenNotClosed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault emulator.Fault
		says  string
	}{
		"trouble":   {emulator.Fault{Kind: emulator.Respond, Status: 500}, "The service, or a proxy in front of it, is failing."},
		"forbidden": {emulator.Fault{Kind: emulator.Respond, Status: 403}, "is expired, revoked or belongs to another project"},
		"dropped":   {emulator.Fault{Kind: emulator.Drop}, "The connection failed or was interrupted."},
	} {
		for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
			t.Run(name+" in "+args[0], func(t *testing.T) {
				t.Parallel()
				needs(t, ephemeralResources)
				b := emulated(t)
				w := newWorkspace(t, b)
				// In the plan or in the apply, not in both: the second would not be reached.
				enabled := fmt.Sprintf("enabled = terraform.applying == %t", args[0] == "apply")
				w.write("main.tf", patient+
					ephemeralBlock("access_token", lines(`ttl = "90m"`, enabled))+job("coalesce("+ephemeralValue+", \"none\")"))
				fault := test.fault
				fault.Operation, fault.Times = emulator.OpDeleteAccessToken, -1
				b.emulator.Inject(fault)
				got := w.run(append(args, "-no-color")...)
				b.emulator.ClearFaults()
				left := b.emulator.LiveTokens()
				left = slices.DeleteFunc(left, func(token emulator.Token) bool { return token.Name == "emulator-admin" })
				if len(left) != 1 {
					t.Fatalf("the service holds %d tokens\n%s", len(left), got.shown())
				}
				want := fmt.Sprintf("The access token %q (ID %s) of this run may still exist; it expires at %s.",
					left[0].Name, left[0].ID, epoch.Add(90*time.Minute).Format(time.RFC3339))
				if got.exitCode != 1 || !says(want).MatchString(got.shown()) || !says(test.says).MatchString(got.shown()) {
					t.Errorf("exit code %d, without %s\n%s", got.exitCode, want, got.shown())
				}
			})
		}
	}
}

// Told not to, it leaves the token to its expiry.
func TestEphemeralAccessTokenKept(t *testing.T) {
	t.Parallel()
	needs(t, ephemeralResources)
	b := emulated(t)
	w := newWorkspace(t, b)
	w.write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `name_prefix = "kept-"`, `enabled = terraform.applying`, `revoke_on_close = false`))+
		job(ephemeralValue))
	w.apply()
	b.wantWrites(t, "apply", openWrites...)
	if held := b.held(t); len(held) != 1 || !strings.HasPrefix(held[0], "kept-") {
		t.Errorf("the service holds %q", held)
	}
	if own, err := b.client(t).WithToken(mlplatform.Secret(b.latest())).WhoAmI(t.Context()); err != nil || !strings.HasPrefix(own.Name, "kept-") {
		t.Errorf("the value belongs to the token %q: %v", own.Name, err)
	}
	w.wantNoValueInFiles()
}

// Between its opening and its closing somebody deletes the token, and somebody makes another one of its name: what is
// gone is no error, and what is foreign is left alone.
func TestEphemeralAccessTokenTakenAway(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]bool{"deleted": false, "made again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, ephemeralResources)
			var server atomic.Pointer[emulator.Server]
			b := emulated(t, func(o *emulator.Options) {
				o.OnRequest = func(request emulator.Request) {
					if request.Operation != emulator.OpWhoAmI || request.Role != "USER" {
						return
					}
					for _, token := range server.Load().LiveTokens() {
						if token.Role != "USER" {
							continue
						}
						server.Load().Revoke(token.Name)
						if _, _, err := server.Load().Seed(emulator.SeedToken{Name: token.Name, Role: "ADMIN"}); again && err != nil {
							t.Error(err)
						}
						if !again {
							server.Load().Revoke(token.Name)
						}
					}
				}
			})
			server.Store(b.emulator)
			w := newWorkspace(t, b)
			w.write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `enabled = terraform.applying`))+job(ephemeralValue))
			// The answer takes longer than a list may be old that decides on a deletion.
			b.emulator.Inject(emulator.Fault{Operation: emulator.OpWhoAmI, Kind: emulator.Slow, Delay: 2500 * time.Millisecond})
			got := w.apply()
			b.wantWrites(t, "apply", openWrites...)
			if warned := says("Another access token named").MatchString(got.shown()); warned != again {
				t.Errorf("a warning of another token: %v\n%s", warned, got.shown())
			}
			held := b.held(t)
			if left := len(held) == 1; left != again {
				t.Errorf("the service holds %q", held)
			}
		})
	}
}

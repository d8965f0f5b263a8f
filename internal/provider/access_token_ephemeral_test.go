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

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

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
	openWrites  = acctest.MintWrites
	closeWrites = []string{emulator.OpDeleteAccessToken}
)

// wantBalance fails the test if not every token that was made was deleted, by name and once.
func wantBalance(t *testing.T, svc *acctest.Service) {
	t.Helper()
	made, deleted := 0, 0
	for _, request := range svc.Emulator.Journal() {
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
	if held := svc.LiveTokenNames(t); len(held) != 0 {
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
			svc := acctest.NewService(t)
			acctest.RunWithEcho(t, resourceStep(
				svc.Config(ephemeralBlock("access_token", lines(`ttl = "90m"`, test.attributes))+echoed("access_token")),
				func(*terraform.State) error { return nil },
				echoes("role", knownvalue.StringExact(test.role)),
				echoes("name", knownvalue.StringRegexp(regexp.MustCompile("^"+regexp.QuoteMeta(test.prefix)+"[a-z2-7]{12}$"))),
				echoes("expires_at", knownvalue.StringExact(acctest.Start.Add(90*time.Minute).Format(time.RFC3339))),
				echoes("id", knownvalue.StringRegexp(regexp.MustCompile("^[0-9a-f-]{36}$"))),
				echoes("token", knownvalue.StringFunc(func(value string) error {
					if !slices.Contains(svc.Emulator.IssuedValues(), value) {
						return fmt.Errorf("the value was not issued")
					}
					return nil
				})),
			))
			wantBalance(t, svc)
		})
	}
}

// Not enabled, it asks nothing of the service, has no value, and closing it does nothing.
func TestEphemeralAccessTokenNotEnabled(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.RunWithEcho(t, resourceStep(
		svc.Config(ephemeralBlock("access_token", lines(`ttl = "1h"`, `enabled = false`))+echoed("access_token")),
		func(*terraform.State) error {
			if made := len(svc.Emulator.Journal()); made != 0 {
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
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", later+ephemeralBlock("access_token", test.config)+job(ephemeralValue))
			w.ExpectNoLeak(w.Plan("-out=saved"))
			svc.ExpectWrites(t, "plan", test.planned...)
			w.ExpectNoLeak(w.MustRun("apply", "-no-color", "saved"))
			if !w.JobUsed(svc.LastValue()) {
				t.Error("the job had another value than the one that was minted")
			}
			wantBalance(t, svc)
			svc.ExpectWrites(t, "apply", both...)
			w.ExpectNoLeakInFiles()
		})
	}
}

// Another provider block may work with it: whoever reads as it is the token of this run.
func TestEphemeralAccessTokenOfAnotherProvider(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `name_prefix = "run-"`, `role = "ADMIN"`))+runProvider+`
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
	w.Apply()
	if me := w.MustRun("output", "-raw", "me").Stdout; !strings.HasPrefix(me, "run-") {
		t.Errorf("the other provider works with the token %q", me)
	}
	if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"made by the run"}) {
		t.Errorf("the service holds %q", held)
	}
	w.Destroy()
	wantBalance(t, svc)
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
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			config := ephemeralBlock("access_token", lines(`ttl = "1h"`, `enabled = terraform.applying`)) + job(ephemeralValue)
			if failing == "" {
				// The name is taken, which the service tells only now.
				config += "resource \"mlplatform_access_token\" \"late\" {\n  name = \"emulator-admin\"\n  depends_on = [terraform_data.job]\n}\n"
			} else {
				config = strings.Replace(config, "sha256sum > used", failing, 1)
			}
			w.Write("main.tf", config)
			if got := w.Run("apply", "-no-color", "-auto-approve"); got.ExitCode != 1 {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			wantBalance(t, svc)
			svc.ExpectWrites(t, "apply", slices.Concat(openWrites, closeWrites)...)
		})
	}
}

// If it cannot be deleted then, there is only the log to say so.
func TestEphemeralAccessTokenLeftByAFailedRun(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	w.Write("main.tf", acctest.NoRetriesSlow+
		ephemeralBlock("access_token", lines(`ttl = "90m"`, `enabled = terraform.applying`))+
		strings.Replace(job(ephemeralValue), "sha256sum > used", "exit 3", 1))
	svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Kind: emulator.Respond, Status: 500, Times: -1})
	got := w.Run("apply", "-no-color", "-auto-approve")
	svc.Emulator.ClearFaults()
	w.ExpectNoLeak(got)
	held := svc.LiveTokenNames(t)
	if len(held) != 1 {
		t.Fatalf("the service holds %q", held)
	}
	log := strings.ReplaceAll(got.Log, `\"`, `"`)
	if want := fmt.Sprintf("the access token %q", held[0]); !strings.Contains(log, want) ||
		!strings.Contains(log, "of this run may still exist; it expires at "+acctest.Start.Add(90*time.Minute).Format(time.RFC3339)) {
		t.Errorf("the log does not say that %s may be left behind", held[0])
	}
}

// So does a plan that fails while the token is open.
func TestEphemeralAccessTokenOfAFailedPlan(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `role = "ADMIN"`))+runProvider+`
data "mlplatform_access_token" "absent" {
  provider = mlplatform.run
  name     = "absent"
}
`)
	if got := w.Run("plan", "-no-color"); got.ExitCode != 1 || !acctest.OutputMatches(`no access token named "absent"`).MatchString(got.Output()) {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	wantBalance(t, svc)
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
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", acctest.NoRetriesSlow+
				ephemeralBlock("access_token", lines(`ttl = "90m"`, `enabled = terraform.applying`))+job(ephemeralValue))
			for _, fault := range test.faults {
				svc.Emulator.Inject(fault)
			}
			got := w.Run("apply", "-no-color", "-auto-approve")
			w.ExpectNoLeak(got)
			svc.Emulator.ClearFaults()
			if got.ExitCode != 1 || !acctest.OutputMatches(test.says).MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			held := svc.LiveTokenNames(t)
			if left := len(held) == 1; left != test.left {
				t.Errorf("the service holds %q", held)
			}
			for _, name := range held {
				if !strings.Contains(got.Output(), fmt.Sprintf("%q", name)) {
					t.Errorf("%s is left behind, of which the user is not told:\n%s", name, got.Output())
				}
			}
			w.ExpectNoLeakInFiles()
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
				acctest.Needs(t, acctest.EphemeralResources)
				svc := acctest.NewService(t)
				w := acctest.NewWorkspace(t, svc)
				// In the plan or in the apply, not in both: the second would not be reached.
				enabled := fmt.Sprintf("enabled = terraform.applying == %t", args[0] == "apply")
				w.Write("main.tf", acctest.NoRetriesSlow+
					ephemeralBlock("access_token", lines(`ttl = "90m"`, enabled))+job("coalesce("+ephemeralValue+", \"none\")"))
				fault := test.fault
				fault.Operation, fault.Times = emulator.OpDeleteAccessToken, -1
				svc.Emulator.Inject(fault)
				got := w.Run(append(args, "-no-color")...)
				svc.Emulator.ClearFaults()
				left := svc.Emulator.LiveTokens()
				left = slices.DeleteFunc(left, func(token emulator.Token) bool { return token.Name == "emulator-admin" })
				if len(left) != 1 {
					t.Fatalf("the service holds %d tokens\n%s", len(left), got.Output())
				}
				want := fmt.Sprintf("The access token %q (ID %s) of this run may still exist; it expires at %s.",
					left[0].Name, left[0].ID, acctest.Start.Add(90*time.Minute).Format(time.RFC3339))
				if got.ExitCode != 1 || !acctest.OutputMatches(want).MatchString(got.Output()) || !acctest.OutputMatches(test.says).MatchString(got.Output()) {
					t.Errorf("exit code %d, without %s\n%s", got.ExitCode, want, got.Output())
				}
			})
		}
	}
}

// Told not to, it leaves the token to its expiry.
func TestEphemeralAccessTokenKept(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `name_prefix = "kept-"`, `enabled = terraform.applying`, `revoke_on_close = false`))+
		job(ephemeralValue))
	w.Apply()
	svc.ExpectWrites(t, "apply", openWrites...)
	if held := svc.LiveTokenNames(t); len(held) != 1 || !strings.HasPrefix(held[0], "kept-") {
		t.Errorf("the service holds %q", held)
	}
	if own, err := svc.Client(t).WithToken(mlplatform.Secret(svc.LastValue())).WhoAmI(t.Context()); err != nil || !strings.HasPrefix(own.Name, "kept-") {
		t.Errorf("the value belongs to the token %q: %v", own.Name, err)
	}
	w.ExpectNoLeakInFiles()
}

// Between its opening and its closing somebody deletes the token, and somebody makes another one of its name: what is
// gone is no error, and what is foreign is left alone.
func TestEphemeralAccessTokenTakenAway(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]bool{"deleted": false, "made again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			var server atomic.Pointer[emulator.Server]
			svc := acctest.NewService(t, func(o *emulator.Options) {
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
			server.Store(svc.Emulator)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, `enabled = terraform.applying`))+job(ephemeralValue))
			// The answer takes longer than a list may be old that decides on a deletion.
			svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpWhoAmI, Kind: emulator.Slow, Delay: 2500 * time.Millisecond})
			got := w.Apply()
			svc.ExpectWrites(t, "apply", openWrites...)
			if warned := acctest.OutputMatches("Another access token named").MatchString(got.Output()); warned != again {
				t.Errorf("a warning of another token: %v\n%s", warned, got.Output())
			}
			held := svc.LiveTokenNames(t)
			if left := len(held) == 1; left != again {
				t.Errorf("the service holds %q", held)
			}
		})
	}
}

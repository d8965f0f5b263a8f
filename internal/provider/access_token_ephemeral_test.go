// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// openWrites and closeWrites are the writes that open and close an ephemeral access token.
var (
	openWrites  = acctest.MintWrites
	closeWrites = []string{emulator.OpDeleteAccessToken}
)

// expectAllDeleted fails the test unless each access token that was created was also deleted by exactly one request.
func expectAllDeleted(t *testing.T, svc *acctest.Service) {
	t.Helper()
	created, deleted := 0, 0
	for _, request := range svc.Emulator.Journal() {
		switch {
		case request.Operation == emulator.OpRedeemRegisterToken && request.Status/100 == 2:
			created++
		case request.Operation == emulator.OpDeleteAccessToken && request.Status/100 == 2:
			deleted++
		}
	}
	if created == 0 || created != deleted {
		t.Errorf("the provider created %d access tokens and deleted %d", created, deleted)
	}
	svc.ExpectLiveTokens(t)
}

// The service creates the access token with the configured settings, and the token is deleted at the end of the run.
func TestEphemeralAccessToken(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		attributes, prefix, role string
	}{
		"defaults": {"", "terraform-", "USER"},
		"all settings": {`
  name_prefix     = "ci \"nightly\"/"
  role            = "ADMIN"
  enabled         = true
  revoke_on_close = true
`, `ci "nightly"/`, "ADMIN"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			acctest.RunWithEcho(t, resource.TestStep{
				Config: svc.Config(strings.ReplaceAll(`
ephemeral "mlplatform_access_token" "test" {
  ttl = "90m"
  ATTRIBUTES
}
provider "echo" {
  data = ephemeral.mlplatform_access_token.test
}
resource "echo" "test" {}
`, "ATTRIBUTES", test.attributes)),
				ConfigStateChecks: []statecheck.StateCheck{
					echoes("role", knownvalue.StringExact(test.role)),
					echoes("name", knownvalue.StringRegexp(regexp.MustCompile("^"+regexp.QuoteMeta(test.prefix)+"[a-z2-7]{12}$"))),
					echoes("expires_at", knownvalue.StringExact(acctest.Start.Add(90*time.Minute).Format(time.RFC3339))),
					echoes("id", knownvalue.StringRegexp(regexp.MustCompile("^[0-9a-f-]+$"))),
					echoes("token", knownvalue.StringFunc(func(value string) error {
						if !slices.Contains(svc.Emulator.IssuedValues(), value) {
							return fmt.Errorf("the service did not issue this value")
						}
						return nil
					})),
				},
			})
			expectAllDeleted(t, svc)
		})
	}
}

// With `enabled = false`, the provider makes no request, there is no value, and closing does nothing.
func TestEphemeralAccessTokenNotEnabled(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.RunWithEcho(t, resource.TestStep{
		Config: svc.Config(`
ephemeral "mlplatform_access_token" "test" {
  ttl     = "1h"
  enabled = false
}
provider "echo" {
  data = ephemeral.mlplatform_access_token.test
}
resource "echo" "test" {}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			echoes("token", knownvalue.Null()),
			echoes("id", knownvalue.Null()),
			echoes("name", knownvalue.Null()),
			echoes("expires_at", knownvalue.Null()),
			echoes("role", knownvalue.StringExact("USER")),
		},
		Check: func(*terraform.State) error {
			if requests := len(svc.Emulator.Journal()); requests != 0 {
				return fmt.Errorf("the provider made %d requests", requests)
			}
			return nil
		},
	})
}

// Each phase that opens the token closes it. With `enabled = terraform.applying`, or with a value that is unknown in the
// plan, only the apply opens it. No value is printed, logged or written to a file.
func TestEphemeralAccessTokenPhases(t *testing.T) {
	t.Parallel()
	both := slices.Concat(openWrites, closeWrites)
	for name, test := range acctest.Sample(2, map[string]struct {
		attributes string
		planned    []string
	}{
		"always": {`
  ttl = "1h"
`, both},
		"only while applying": {`
  ttl     = "1h"
  enabled = terraform.applying
`, nil},
		"unknown prefix": {`
  ttl         = "1h"
  name_prefix = terraform_data.later.output
`, nil},
		"unknown lifetime": {`
  ttl = "${length(terraform_data.later.output)}h"
`, nil},
		"unknown enabled": {`
  ttl     = "1h"
  enabled = terraform_data.later.output == "anna"
`, nil},
		"unknown revoke_on_close": {`
  ttl             = "1h"
  revoke_on_close = terraform_data.later.output == "anna"
`, nil},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", strings.ReplaceAll(`
resource "terraform_data" "later" {
  input = "anna"
}
ephemeral "mlplatform_access_token" "test" {
  ATTRIBUTES
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
`, "ATTRIBUTES", test.attributes))
			w.ExpectNoLeak(w.Plan("-out=saved"))
			svc.ExpectWrites(t, "plan", test.planned...)
			w.ExpectNoLeak(w.MustRun("apply", "-no-color", "saved"))
			if !w.JobUsed(svc.LastValue()) {
				t.Error("the job did not get the value that the service issued")
			}
			expectAllDeleted(t, svc)
			svc.ExpectWrites(t, "apply", both...)
			w.ExpectNoLeakInFiles()
		})
	}
}

// Another provider block can authenticate with the ephemeral token.
func TestEphemeralAccessTokenOfAnotherProvider(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
ephemeral "mlplatform_access_token" "test" {
  ttl         = "1h"
  name_prefix = "run-"
  role        = "ADMIN"
}
provider "mlplatform" {
  alias = "run"
  token = ephemeral.mlplatform_access_token.test.token
}
resource "mlplatform_access_token" "test" {
  provider = mlplatform.run
  name     = "created by the run"
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
		t.Errorf("the other provider authenticates with the token %q", me)
	}
	svc.ExpectLiveTokens(t, "created by the run")
	w.Destroy()
	expectAllDeleted(t, svc)
}

// The provider deletes the token when a run fails while it is open, although the CLI does not close it then.
func TestEphemeralAccessTokenFailedRun(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"a job that uses the token": `
ephemeral "mlplatform_access_token" "test" {
  ttl     = "1h"
  enabled = terraform.applying
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | exit 3"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
`,
		"a job that is killed": `
ephemeral "mlplatform_access_token" "test" {
  ttl     = "1h"
  enabled = terraform.applying
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | kill -9 $$"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
`,
		// The name is taken, which is an error of the apply.
		"another resource": `
ephemeral "mlplatform_access_token" "test" {
  ttl     = "1h"
  enabled = terraform.applying
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
resource "mlplatform_access_token" "late" {
  name       = "emulator-admin"
  depends_on = [terraform_data.job]
}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", config)
			if got := w.Run("apply", "-no-color", "-auto-approve"); got.ExitCode != 1 {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			expectAllDeleted(t, svc)
			svc.ExpectWrites(t, "apply", slices.Concat(openWrites, closeWrites)...)
		})
	}
}

// If the token of a failed run cannot be deleted, the log says that it may still exist.
func TestEphemeralAccessTokenFailedRunNotDeleted(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	w.Write("main.tf", `
provider "mlplatform" {
  max_retries = 0
}
ephemeral "mlplatform_access_token" "test" {
  ttl     = "90m"
  enabled = terraform.applying
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | exit 3"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
`)
	svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Kind: emulator.Respond, Status: 500, Times: -1})
	got := w.Run("apply", "-no-color", "-auto-approve")
	svc.Emulator.ClearFaults()
	w.ExpectNoLeak(got)
	names := svc.LiveTokenNames(t)
	if len(names) != 1 {
		t.Fatalf("the service has the live access tokens %q instead of one", names)
	}
	log := strings.ReplaceAll(got.Log, `\"`, `"`)
	if want := fmt.Sprintf("the access token %q", names[0]); !strings.Contains(log, want) ||
		!strings.Contains(log, "of this run may still exist; it expires at "+acctest.Start.Add(90*time.Minute).Format(time.RFC3339)) {
		t.Errorf("the log does not say that the access token %q may still exist", names[0])
	}
}

// The provider also deletes the token when a plan fails while it is open.
func TestEphemeralAccessTokenFailedPlan(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
ephemeral "mlplatform_access_token" "test" {
  ttl  = "1h"
  role = "ADMIN"
}
provider "mlplatform" {
  alias = "run"
  token = ephemeral.mlplatform_access_token.test.token
}
data "mlplatform_access_token" "absent" {
  provider = mlplatform.run
  name     = "absent"
}
`)
	if got := w.Run("plan", "-no-color"); got.ExitCode != 1 || !got.Matches(`no access token named "absent"`) {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	expectAllDeleted(t, svc)
}

// When opening fails after the token was created, the CLI does not close it, so the provider deletes it. If that fails
// too, the error has the name of the token and its lifetime.
func TestEphemeralAccessTokenOpenFails(t *testing.T) {
	t.Parallel()
	always := func(operation string, fault emulator.Fault) emulator.Fault {
		fault.Operation, fault.Times = operation, -1
		return fault
	}
	serverError := emulator.Fault{Kind: emulator.Respond, Status: 500}
	for name, test := range acctest.Sample(2, map[string]struct {
		faults []emulator.Fault
		want   string
		left   bool
	}{
		"WhoAmI fails":                {[]emulator.Fault{always(emulator.OpWhoAmI, serverError)}, "Unable to create access token", false},
		"WhoAmI returns invalid JSON": {[]emulator.Fault{always(emulator.OpWhoAmI, emulator.Fault{Kind: emulator.BadJSON})}, "Unable to create access token", false},
		"the value is lost": {
			[]emulator.Fault{always(emulator.OpRedeemRegisterToken, emulator.Fault{Kind: emulator.Drop, After: true})},
			"Look for the access token named", true,
		},
		"WhoAmI and the delete fail": {
			[]emulator.Fault{always(emulator.OpWhoAmI, serverError), always(emulator.OpDeleteAccessToken, serverError)},
			"It expires after 90m.", true,
		},
		"WhoAmI fails, the delete is dropped": {
			[]emulator.Fault{always(emulator.OpWhoAmI, serverError), always(emulator.OpDeleteAccessToken, emulator.Fault{Kind: emulator.Drop})},
			"It expires after 90m.", true,
		},
		"the value is lost, the delete fails": {
			[]emulator.Fault{
				always(emulator.OpRedeemRegisterToken, emulator.Fault{Kind: emulator.Drop, After: true}), always(emulator.OpDeleteAccessToken, serverError),
			},
			"Look for the access token named", true,
		},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", `
provider "mlplatform" {
  max_retries = 0
}
ephemeral "mlplatform_access_token" "test" {
  ttl     = "90m"
  enabled = terraform.applying
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
`)
			for _, fault := range test.faults {
				svc.Emulator.Inject(fault)
			}
			got := w.Run("apply", "-no-color", "-auto-approve")
			w.ExpectNoLeak(got)
			svc.Emulator.ClearFaults()
			if got.ExitCode != 1 || !got.Matches(test.want) {
				t.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, test.want, got.Output())
			}
			names := svc.LiveTokenNames(t)
			if left := len(names) == 1; left != test.left {
				t.Errorf("the service has the live access tokens %q", names)
			}
			for _, name := range names {
				if !strings.Contains(got.Output(), fmt.Sprintf("%q", name)) {
					t.Errorf("the access token %q is left, but the output does not name it:\n%s", name, got.Output())
				}
			}
			w.ExpectNoLeakInFiles()
		})
	}
}

// When the token cannot be deleted at the end, the error has its name and its expiry, in a plan too.
func TestEphemeralAccessTokenNotClosed(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		fault emulator.Fault
		want  string
	}{
		"server error": {emulator.Fault{Kind: emulator.Respond, Status: 500}, "The service, or a proxy in front of it, is failing."},
		"forbidden":    {emulator.Fault{Kind: emulator.Respond, Status: 403}, "is expired, revoked or belongs to another project"},
		"dropped":      {emulator.Fault{Kind: emulator.Drop}, "The connection failed or was interrupted."},
	}) {
		for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
			t.Run(name+" in "+args[0], func(t *testing.T) {
				t.Parallel()
				acctest.Needs(t, acctest.EphemeralResources)
				svc := acctest.NewService(t)
				w := acctest.NewWorkspace(t, svc)
				// The token is opened either in the plan or in the apply: after an error in the plan, nothing is applied.
				w.Write("main.tf", strings.ReplaceAll(`
provider "mlplatform" {
  max_retries = 0
}
ephemeral "mlplatform_access_token" "test" {
  ttl     = "90m"
  enabled = terraform.applying == APPLY
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = coalesce(ephemeral.mlplatform_access_token.test.token, "none") }
  }
}
`, "APPLY", strconv.FormatBool(args[0] == "apply")))
				fault := test.fault
				fault.Operation, fault.Times = emulator.OpDeleteAccessToken, -1
				svc.Emulator.Inject(fault)
				got := w.Run(append(args, "-no-color")...)
				svc.Emulator.ClearFaults()
				left := slices.DeleteFunc(svc.Emulator.LiveTokens(), func(token emulator.Token) bool { return token.Name == acctest.AdminName })
				if len(left) != 1 {
					t.Fatalf("the service has %d live access tokens instead of one\n%s", len(left), got.Output())
				}
				want := fmt.Sprintf("The access token %q (ID %s) of this run may still exist; it expires at %s.",
					left[0].Name, left[0].ID, acctest.Start.Add(90*time.Minute).Format(time.RFC3339))
				if got.ExitCode != 1 || !got.Matches(want) || !got.Matches(test.want) {
					t.Errorf("exit code %d; the output should have %q and %q:\n%s", got.ExitCode, want, test.want, got.Output())
				}
			})
		}
	}
}

// With `revoke_on_close = false`, the token exists until it expires.
func TestEphemeralAccessTokenKept(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
ephemeral "mlplatform_access_token" "test" {
  ttl             = "1h"
  name_prefix     = "kept-"
  enabled         = terraform.applying
  revoke_on_close = false
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
`)
	w.Apply()
	svc.ExpectWrites(t, "apply", openWrites...)
	if names := svc.LiveTokenNames(t); len(names) != 1 || !strings.HasPrefix(names[0], "kept-") {
		t.Errorf("the service has the live access tokens %q", names)
	}
	if own, err := svc.Client(t).WithToken(mlplatform.Secret(svc.LastValue())).WhoAmI(t.Context()); err != nil || !strings.HasPrefix(own.Name, "kept-") {
		t.Errorf("the value belongs to the token %q: %v", own.Name, err)
	}
	w.ExpectNoLeakInFiles()
}

// Somebody deletes the token while it is open, or replaces it by another one with the same name. Closing a deleted token
// is not an error, and the other token is not deleted.
func TestEphemeralAccessTokenDeletedWhileOpen(t *testing.T) {
	t.Parallel()
	for name, replaced := range map[string]bool{"deleted": false, "replaced": true} {
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
						if _, _, err := server.Load().Seed(emulator.SeedToken{Name: token.Name, Role: "ADMIN"}); replaced && err != nil {
							t.Error(err)
						}
						if !replaced {
							server.Load().Revoke(token.Name)
						}
					}
				}
			})
			server.Store(svc.Emulator)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", `
ephemeral "mlplatform_access_token" "test" {
  ttl     = "1h"
  enabled = terraform.applying
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_access_token.test.token }
  }
}
`)
			// The response takes longer than the maximum age of a cached list that a delete relies on.
			svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpWhoAmI, Kind: emulator.Slow, Delay: 2500 * time.Millisecond})
			got := w.Apply()
			svc.ExpectWrites(t, "apply", openWrites...)
			if warned := got.Matches("Another access token named"); warned != replaced {
				t.Errorf("the provider warns about another token: %t, want %t\n%s", warned, replaced, got.Output())
			}
			names := svc.LiveTokenNames(t)
			if left := len(names) == 1; left != replaced {
				t.Errorf("the service has the live access tokens %q", names)
			}
		})
	}
}

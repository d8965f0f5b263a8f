// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// echoingFaults are faults whose response contains a text wherever it can.
func echoingFaults() map[string]func(echo string) emulator.Fault {
	respond := func(status int) func(string) emulator.Fault {
		return func(echo string) emulator.Fault {
			body := fmt.Sprintf(`{"status":%[2]d,"errorCode":%[1]q,"errorParams":{"field":%[1]q}}`, echo, status)
			return emulator.Fault{Kind: emulator.Respond, Status: status, Body: body, ContentType: "application/json", RetryAfter: echo}
		}
	}
	always := func(fault emulator.Fault) func(string) emulator.Fault {
		return func(string) emulator.Fault { return fault }
	}
	return map[string]func(string) emulator.Fault{
		"403": respond(http.StatusForbidden),
		"429": respond(http.StatusTooManyRequests),
		"500": respond(http.StatusInternalServerError),
		"502 with HTML": func(echo string) emulator.Fault {
			return emulator.Fault{Kind: emulator.Respond, Status: http.StatusBadGateway, Body: "<html>" + echo + "</html>"}
		},
		"dropped":   always(emulator.Fault{Kind: emulator.Drop, After: true}),
		"timeout":   always(emulator.Fault{Kind: emulator.Hang, After: true}),
		"truncated": always(emulator.Fault{Kind: emulator.Truncate}),
		"wrong JSON": func(echo string) emulator.Fault {
			body := fmt.Sprintf(`{"register_token":[%[1]q],"refresh_token":{%[1]q:1},"id":[%[1]q],%[1]q:%[1]q}`, echo)
			return emulator.Fault{Kind: emulator.BadJSON, Body: body}
		},
		"redirect": func(echo string) emulator.Fault {
			return emulator.Fault{Kind: emulator.Redirect, Body: "https://example.com/?token=" + url.QueryEscape(echo)}
		},
	}
}

// expectFailureWithoutLeak runs a command with a fault in each request of an operation. The command must fail, and neither
// its output nor its log may have a value, although the response of the fault has all of them.
func expectFailureWithoutLeak(w *acctest.Workspace, fault func(echo string) emulator.Fault, operation string, args ...string) {
	t, svc := w.T, w.Service
	t.Helper()
	w.Write("provider.tf", acctest.NoRetries)
	injected := fault(strings.Join(svc.Emulator.IssuedValues(), " "))
	injected.Operation, injected.Times = operation, -1
	svc.Emulator.Inject(injected)
	defer svc.Emulator.ClearFaults()
	svc.Emulator.ResetJournal()
	got := w.Run(append(args, "-no-color")...)
	w.ExpectNoLeak(got)
	faulty := func(request emulator.Request) bool { return request.Fault != "" }
	if !slices.ContainsFunc(svc.Emulator.Journal(), faulty) {
		t.Errorf("%s: no request %s had the fault", got.Command(), operation)
	}
	// A deletion with a successful status counts, whatever JSON its body has.
	succeeds := operation == emulator.OpDeleteAccessToken && injected.Kind == emulator.BadJSON
	if (got.ExitCode == 0) != succeeds {
		t.Errorf("%s with a fault in %s: exit code %d", got.Command(), operation, got.ExitCode)
	}
	w.Write("provider.tf", acctest.NoRetriesSlow) // for the commands that must succeed
}

// Whatever goes wrong with any request, no value is printed or logged: not the provider's own, not the one in the request,
// not the one in a lost response, not the one that a response repeats.
func TestCase15NoValueInErrors(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(1, echoingFaults()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, acctest.NewService(t)).Traced()
			w.Write("main.tf", `
resource "mlplatform_register_token" "test" {
  access_token_name = "later"
  ttl               = "1h"
}
`)
			for _, operation := range []string{emulator.OpListAccessTokens, emulator.OpCreateRegisterToken} {
				expectFailureWithoutLeak(w, fault, operation, "apply", "-auto-approve")
			}
			w.Write("main.tf", allResources)
			if acctest.WriteOnlyArguments.Has(acctest.CLIVersion(t)) {
				w.Write("redemption.tf", redemptionOfAllResources)
			}
			for _, operation := range []string{
				emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpWhoAmI,
			} {
				expectFailureWithoutLeak(w, fault, operation, "apply", "-auto-approve")
				// A failed creation may have taken the name.
				w.Service.Emulator.Revoke("user")
				w.Service.Emulator.Revoke("redeemed")
			}
			// The register token may have been redeemed.
			w.Apply("-replace=mlplatform_register_token.test")
			expectFailureWithoutLeak(w, fault, emulator.OpListAccessTokens, "plan")
			expectFailureWithoutLeak(w, fault, emulator.OpListAccessTokens, "destroy", "-auto-approve", "-refresh=false")
			expectFailureWithoutLeak(w, fault, emulator.OpDeleteAccessToken, "destroy", "-auto-approve")
			w.Remove("terraform.tfstate")
			expectFailureWithoutLeak(w, fault, emulator.OpListAccessTokens, "import", tokenAddress, "user")
		})
	}
}

// The same holds for ephemeral resources, whose values are in no file either.
func TestCase15NoEphemeralValueInErrors(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(1, echoingFaults()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			w := acctest.NewWorkspace(t, acctest.NewService(t)).Traced()
			w.Write("main.tf", `
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "anna"
  ttl               = "1h"
  enabled           = terraform.applying
}

resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_register_token.test.token }
  }
}
`)
			expectFailureWithoutLeak(w, fault, emulator.OpCreateRegisterToken, "apply", "-auto-approve")
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
			for _, operation := range []string{
				emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpWhoAmI,
				emulator.OpDeleteAccessToken,
			} {
				expectFailureWithoutLeak(w, fault, operation, "apply", "-auto-approve")
			}
			w.ExpectNoLeakInFiles()
		})
	}
}

// No value is printed or logged when the service refuses connections after some requests.
func TestCase15NoValueWhenRefused(t *testing.T) {
	t.Parallel()
	// A creation has four requests. With the third, the value has arrived, and the token is kept without a description.
	for passing := range 4 {
		t.Run(fmt.Sprint(passing), func(t *testing.T) {
			t.Parallel()
			if passing != 3 {
				acctest.Long(t)
			}
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", acctest.NoRetries+`
resource "mlplatform_access_token" "test" {
  name = "user"
}
`)
			got := w.Through(svc.CloseAfter(t, passing)).Run("apply", "-no-color", "-auto-approve")
			if (got.ExitCode == 0) != (passing == 3) || !got.Matches("connection refused") {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			w.ExpectNoLeak(got)
		})
	}
}

// The errors about invalid settings do not have the value of a token, wherever it was set.
func TestNoValueOfBadSettings(t *testing.T) {
	t.Parallel()
	invalidSetting := regexp.MustCompile("Error: (Invalid (token|endpoint)|Conflicting token settings)")
	svc := acctest.NewService(t)
	for name, configure := range acctest.Sample(1, map[string]func(*acctest.Workspace){
		"variable": func(w *acctest.Workspace) { w.Env["MLPLATFORM_TOKEN"] = svc.Token + "\n" },
		"file": func(w *acctest.Workspace) {
			w.Write("token", svc.Token+"\n"+svc.Token)
			delete(w.Env, "MLPLATFORM_TOKEN")
			w.Env["MLPLATFORM_TOKEN_FILE"] = "token"
		},
		"endpoint": func(w *acctest.Workspace) {
			w.Env["MLPLATFORM_ENDPOINT"] = "https://user:" + url.QueryEscape(svc.Token) + "@example.com"
		},
		"both": func(w *acctest.Workspace) {
			w.Write("provider.tf", fmt.Sprintf(`
provider "mlplatform" {
  token      = %s
  token_file = "/run/mine"
}
`, acctest.Quote(svc.Token)))
		},
		"query": func(w *acctest.Workspace) { w.Env["MLPLATFORM_ENDPOINT"] = svc.Endpoint + "?token=" + svc.Token },
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "a"
}
`)
			configure(w)
			got := w.Run("plan", "-no-color")
			if got.ExitCode != 1 || !invalidSetting.MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			w.ExpectNoLeak(got)
		})
	}
}

// The log has a line for each request.
func TestLogTellsRequests(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	w.Write("main.tf", `data "mlplatform_current_token" "me" {}`)
	log := w.Plan().Log
	line := regexp.MustCompile(`(?m)^.*ML Platform request.*$`).FindString(log)
	for _, want := range []string{"method=" + http.MethodGet, "path=/infra/mlplatform/v1_0/auth/whoami", "status=200", "duration_ms="} {
		if !strings.Contains(line, want) {
			t.Errorf("the line %q does not have %q", line, want)
		}
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// echoingFaults are what can go wrong with an answer, made so that it repeats a text wherever it can.
func echoingFaults() map[string]func(echo string) emulator.Fault {
	answer := func(status int) func(string) emulator.Fault {
		return func(echo string) emulator.Fault {
			body := fmt.Sprintf(`{"status":%[2]d,"errorCode":%[1]q,"errorParams":{"field":%[1]q}}`, echo, status)
			return emulator.Fault{Kind: emulator.Respond, Status: status, Body: body, ContentType: "application/json", RetryAfter: echo}
		}
	}
	always := func(fault emulator.Fault) func(string) emulator.Fault {
		return func(string) emulator.Fault { return fault }
	}
	return map[string]func(string) emulator.Fault{
		"403": answer(http.StatusForbidden),
		"429": answer(http.StatusTooManyRequests),
		"500": answer(http.StatusInternalServerError),
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

// spoiled is a traced workspace whose commands meet a fault.
type spoiled struct {
	*workspace
	fault func(echo string) emulator.Fault
}

func newSpoiled(t *testing.T, fault func(string) emulator.Fault) *spoiled {
	t.Helper()
	return &spoiled{newWorkspace(t, emulated(t)).traced(), fault}
}

// fails runs a command that meets the fault at each request of an operation, and must fail for it.
func (w *spoiled) fails(operation string, args ...string) {
	t, b := w.t, w.b
	t.Helper()
	w.write("provider.tf", impatient)
	fault := w.fault(strings.Join(b.emulator.IssuedValues(), " "))
	fault.Operation, fault.Times = operation, -1
	b.emulator.Inject(fault)
	defer b.emulator.ClearFaults()
	b.emulator.ResetJournal()
	got := w.run(append(args, "-no-color")...)
	wantNoLeak(t, b, got)
	met := func(request emulator.Request) bool { return request.Fault != "" }
	if !slices.ContainsFunc(b.emulator.Journal(), met) {
		t.Errorf("%s: no request met the fault of %s", got.command, operation)
	}
	if got.exitCode == 0 {
		t.Errorf("%s with a fault of %s did not fail", got.command, operation)
	}
	// What is to succeed is not hurried.
	w.write("provider.tf", patient)
}

// Whatever goes wrong with whichever request, no value is shown or logged: not the provider's own, not the one that
// the request carried, not the one that was on its way back, not the one that an answer repeats.
func TestCase15NoValueInErrors(t *testing.T) {
	t.Parallel()
	for name, fault := range echoingFaults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSpoiled(t, fault)
			b := w.b
			w.write("main.tf", registerToken(`access_token_name = "later"`+"\n"+`ttl = "1h"`))
			for _, operation := range []string{emulator.OpListAccessTokens, emulator.OpCreateRegisterToken} {
				w.fails(operation, "apply", "-auto-approve")
			}
			w.write("main.tf", leakConfig(w.workspace))
			for _, operation := range []string{
				emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpWhoAmI,
			} {
				w.fails(operation, "apply", "-auto-approve")
				// What a failed creation left on the service would be in the way of the next.
				b.emulator.Revoke("user")
				b.emulator.Revoke("redeemed")
			}
			// The register token may be spent.
			w.apply("-replace=mlplatform_register_token.test")
			w.fails(emulator.OpListAccessTokens, "plan")
			w.fails(emulator.OpListAccessTokens, "destroy", "-auto-approve", "-refresh=false")
			w.fails(emulator.OpDeleteAccessToken, "destroy", "-auto-approve")
			w.write("terraform.tfstate", "")
			w.fails(emulator.OpListAccessTokens, "import", tokenAddress, "user")
		})
	}
}

// The same of ephemeral resources, whose values must not be in any file either.
func TestCase15NoEphemeralValueInErrors(t *testing.T) {
	t.Parallel()
	for name, fault := range echoingFaults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, ephemeralResources)
			w := newSpoiled(t, fault)
			enabled := `enabled = terraform.applying`
			promised := ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "1h"`, enabled)) +
				job("ephemeral.mlplatform_register_token.test.token")
			w.write("main.tf", promised)
			w.fails(emulator.OpCreateRegisterToken, "apply", "-auto-approve")
			w.write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, enabled))+job(ephemeralValue))
			for _, operation := range []string{
				emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpWhoAmI,
				emulator.OpDeleteAccessToken,
			} {
				w.fails(operation, "apply", "-auto-approve")
			}
			w.wantNoValueInFiles()
		})
	}
}

// The service may also go away altogether, at any moment.
func TestCase15NoValueWhenRefused(t *testing.T) {
	t.Parallel()
	// A creation has four requests; the last is not for nothing, as the value is known by then.
	for passing := range 4 {
		t.Run(fmt.Sprint(passing), func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			w := newWorkspace(t, b).traced()
			w.write("main.tf", impatient+accessToken(`name = "user"`))
			got := w.through(b.closing(t, passing)).run("apply", "-no-color", "-auto-approve")
			if got.exitCode == 0 || !says("connection refused").MatchString(got.shown()) {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
			wantNoLeak(t, b, got)
		})
	}
}

// A token that cannot be used is not repeated, wherever it comes from.
func TestNoValueOfBadSettings(t *testing.T) {
	t.Parallel()
	badSetting := regexp.MustCompile("Error: (Invalid (token|endpoint)|Conflicting token settings)")
	b := emulated(t)
	for name, change := range map[string]func(*workspace){
		"variable": func(w *workspace) { w.env["MLPLATFORM_TOKEN"] = b.token + "\n" },
		"file": func(w *workspace) {
			w.write("token", b.token+"\n"+b.token)
			delete(w.env, "MLPLATFORM_TOKEN")
			w.env["MLPLATFORM_TOKEN_FILE"] = "token"
		},
		"endpoint": func(w *workspace) {
			w.env["MLPLATFORM_ENDPOINT"] = "https://user:" + url.QueryEscape(b.token) + "@example.com"
		},
		"both": func(w *workspace) {
			w.write("provider.tf", "provider \"mlplatform\" {\n  token      = "+hcl(b.token)+"\n  token_file = \"/run/mine\"\n}\n")
		},
		"query": func(w *workspace) { w.env["MLPLATFORM_ENDPOINT"] = b.endpoint + "?token=" + b.token },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, b).traced()
			w.write("main.tf", accessToken(`name = "a"`))
			change(w)
			got := w.run("plan", "-no-color")
			if got.exitCode != 1 || !badSetting.MatchString(got.shown()) {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
			wantNoLeak(t, b, got)
		})
	}
}

// The log tells each request apart all the same: that is what it is for.
func TestLogTellsRequests(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b).traced()
	w.write("main.tf", `data "mlplatform_current_token" "me" {}`)
	log := w.plan().log
	line := regexp.MustCompile(`(?m)^.*ML Platform request.*$`).FindString(log)
	for _, want := range []string{"method=" + http.MethodGet, "path=/infra/mlplatform/v1_0/auth/whoami", "status=200", "duration_ms="} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in the line %q", want, line)
		}
	}
}

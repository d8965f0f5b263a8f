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
	*acctest.Workspace
	fault func(echo string) emulator.Fault
}

func newSpoiled(t *testing.T, fault func(string) emulator.Fault) *spoiled {
	t.Helper()
	return &spoiled{acctest.NewWorkspace(t, acctest.NewService(t)).Traced(), fault}
}

// fails runs a command that meets the fault at each request of an operation, and must fail if the fault is no success.
func (w *spoiled) fails(operation string, args ...string) {
	t, svc := w.T, w.Service
	t.Helper()
	w.Write("provider.tf", acctest.NoRetries)
	fault := w.fault(strings.Join(svc.Emulator.IssuedValues(), " "))
	fault.Operation, fault.Times = operation, -1
	svc.Emulator.Inject(fault)
	defer svc.Emulator.ClearFaults()
	svc.Emulator.ResetJournal()
	got := w.Run(append(args, "-no-color")...)
	w.ExpectNoLeak(got)
	met := func(request emulator.Request) bool { return request.Fault != "" }
	if !slices.ContainsFunc(svc.Emulator.Journal(), met) {
		t.Errorf("%s: no request met the fault of %s", got.Command(), operation)
	}
	// A deletion with a status of success counts, whatever JSON its body has.
	accepted := operation == emulator.OpDeleteAccessToken && fault.Kind == emulator.BadJSON
	if (got.ExitCode == 0) != accepted {
		t.Errorf("%s with a fault of %s: exit code %d", got.Command(), operation, got.ExitCode)
	}
	// What is to succeed is not hurried.
	w.Write("provider.tf", acctest.NoRetriesSlow)
}

// Whatever goes wrong with whichever request, no value is shown or logged: not the provider's own, not the one that
// the request carried, not the one that was on its way back, not the one that an answer repeats.
func TestCase15NoValueInErrors(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(1, echoingFaults()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSpoiled(t, fault)
			svc := w.Service
			w.Write("main.tf", registerToken(`access_token_name = "later"`+"\n"+`ttl = "1h"`))
			for _, operation := range []string{emulator.OpListAccessTokens, emulator.OpCreateRegisterToken} {
				w.fails(operation, "apply", "-auto-approve")
			}
			w.Write("main.tf", leakConfig(w.Workspace))
			for _, operation := range []string{
				emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpWhoAmI,
			} {
				w.fails(operation, "apply", "-auto-approve")
				// What a failed creation left on the service would be in the way of the next.
				svc.Emulator.Revoke("user")
				svc.Emulator.Revoke("redeemed")
			}
			// The register token may be spent.
			w.Apply("-replace=mlplatform_register_token.test")
			w.fails(emulator.OpListAccessTokens, "plan")
			w.fails(emulator.OpListAccessTokens, "destroy", "-auto-approve", "-refresh=false")
			w.fails(emulator.OpDeleteAccessToken, "destroy", "-auto-approve")
			w.Remove("terraform.tfstate")
			w.fails(emulator.OpListAccessTokens, "import", tokenAddress, "user")
		})
	}
}

// The same of ephemeral resources, whose values must not be in any file either.
func TestCase15NoEphemeralValueInErrors(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(2, echoingFaults()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			w := newSpoiled(t, fault)
			enabled := `enabled = terraform.applying`
			promised := ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "1h"`, enabled)) +
				job("ephemeral.mlplatform_register_token.test.token")
			w.Write("main.tf", promised)
			w.fails(emulator.OpCreateRegisterToken, "apply", "-auto-approve")
			w.Write("main.tf", ephemeralBlock("access_token", lines(`ttl = "1h"`, enabled))+job(ephemeralValue))
			for _, operation := range []string{
				emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpWhoAmI,
				emulator.OpDeleteAccessToken,
			} {
				w.fails(operation, "apply", "-auto-approve")
			}
			w.ExpectNoLeakInFiles()
		})
	}
}

// The service may also go away altogether, at any moment.
func TestCase15NoValueWhenRefused(t *testing.T) {
	t.Parallel()
	// A creation has four requests. With the third, the value has arrived, and the token is kept without a description.
	for passing := range 4 {
		t.Run(fmt.Sprint(passing), func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", acctest.NoRetries+accessToken(`name = "user"`))
			got := w.Through(svc.CloseAfter(t, passing)).Run("apply", "-no-color", "-auto-approve")
			if (got.ExitCode == 0) != (passing == 3) || !acctest.OutputMatches("connection refused").MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			w.ExpectNoLeak(got)
		})
	}
}

// A token that cannot be used is not repeated, wherever it comes from.
func TestNoValueOfBadSettings(t *testing.T) {
	t.Parallel()
	badSetting := regexp.MustCompile("Error: (Invalid (token|endpoint)|Conflicting token settings)")
	svc := acctest.NewService(t)
	for name, change := range acctest.Sample(2, map[string]func(*acctest.Workspace){
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
			w.Write("provider.tf", "provider \"mlplatform\" {\n  token      = "+acctest.Quote(svc.Token)+"\n  token_file = \"/run/mine\"\n}\n")
		},
		"query": func(w *acctest.Workspace) { w.Env["MLPLATFORM_ENDPOINT"] = svc.Endpoint + "?token=" + svc.Token },
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", accessToken(`name = "a"`))
			change(w)
			got := w.Run("plan", "-no-color")
			if got.ExitCode != 1 || !badSetting.MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			w.ExpectNoLeak(got)
		})
	}
}

// The log tells each request apart all the same: that is what it is for.
func TestLogTellsRequests(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	w.Write("main.tf", `data "mlplatform_current_token" "me" {}`)
	log := w.Plan().Log
	line := regexp.MustCompile(`(?m)^.*ML Platform request.*$`).FindString(log)
	for _, want := range []string{"method=" + http.MethodGet, "path=/infra/mlplatform/v1_0/auth/whoami", "status=200", "duration_ms="} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in the line %q", want, line)
		}
	}
}

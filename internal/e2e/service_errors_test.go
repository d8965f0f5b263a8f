// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// newEndpoint starts a server that is not an ML Platform service, and returns its URL.
func newEndpoint(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// newTLSEndpoint starts a TLS server in front of the service. No system trusts its certificate; ca is a file with it.
func newTLSEndpoint(t *testing.T, svc *acctest.Service) (endpoint, ca string) {
	t.Helper()
	service, err := url.Parse(svc.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: service.Scheme, Host: service.Host})
	}})
	// The server would log each failed handshake, and some tests make it fail.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL + service.Path, ca
}

const (
	checkEndpoint = "Check `endpoint` in the provider block (or MLPLATFORM_ENDPOINT). It is the root URL of the ML Platform " +
		"service, such as https://msk.cloud.vk.ru/infra/mlplatform."
	setToken = "Set `token` or `token_file` in the provider block, or the environment variable MLPLATFORM_TOKEN."
	getToken = "Create an ADMIN token in the management console of VK Cloud (ML Platform, access tokens), or ask an " +
		"administrator of the project for one."
	badToken = "The provider's token is expired, revoked or belongs to another project. Configure a " +
		"valid one. " + setToken + " " + getToken
)

// Whatever is wrong with the service or the settings, the error of each operation says what was attempted, what the service
// said and what to do next. The state does not change.
func TestServiceErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(2, map[string]struct {
		prepare func(t *testing.T, w *acctest.Workspace)
		// want are in the error of each operation.
		want []string
		// anyRole is set if an operation that any role may do succeeds.
		anyRole bool
	}{
		"no token": {
			prepare: func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") },
			want:    []string{"is configured", setToken},
		},
		"token of a user": {
			prepare: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "weak"})
			},
			want: []string{
				"status 403 (Forbidden), code ForbiddenException.",
				"has the USER role; ADMIN is required. Configure a token with that role. " + getToken,
			},
			anyRole: true,
		},
		"expired token": {
			prepare: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "old", Role: "ADMIN", TTL: time.Hour})
				w.Service.Clock.Advance(2 * time.Hour)
			},
			want: []string{"status 403 (Forbidden), code ForbiddenException.", badToken},
		},
		"revoked token": {
			prepare: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "gone", Role: "ADMIN"})
				w.Service.Emulator.Revoke("gone")
			},
			want: []string{"status 403 (Forbidden), code ForbiddenException.", badToken},
		},
		"HTML": {
			prepare: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_ENDPOINT"] = newEndpoint(t, func(rw http.ResponseWriter, _ *http.Request) {
					rw.Header().Set("Content-Type", "text/html; charset=utf-8")
					_, _ = rw.Write([]byte("<html>Welcome</html>"))
				})
			},
			want: []string{
				"status 200 (OK): the body (text/html) is not the expected JSON.",
				"The response does not come from the ML Platform token service. " + checkEndpoint,
			},
		},
		"404": {
			prepare: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_ENDPOINT"] = newEndpoint(t, http.NotFound)
			},
			want: []string{
				"status 404 (Not Found), not in the service's error format.",
				"The response does not come from the ML Platform token service. " + checkEndpoint,
			},
		},
		"redirect": {
			prepare: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				elsewhere := newEndpoint(t, func(http.ResponseWriter, *http.Request) {
					t.Error("a redirect was followed, which carries the token to another host")
				})
				w.Env["MLPLATFORM_ENDPOINT"] = newEndpoint(t, func(rw http.ResponseWriter, r *http.Request) {
					http.Redirect(rw, r, elsewhere, http.StatusTemporaryRedirect)
				})
			},
			want: []string{"status 307 (Temporary Redirect); redirects are not followed, and this one points to the host 127.0.0.1:", checkEndpoint},
		},
		"connection refused": {
			prepare: func(_ *testing.T, w *acctest.Workspace) { w.Env["MLPLATFORM_ENDPOINT"] = "http://127.0.0.1:1" },
			want:    []string{"connect: connection refused", "The connection failed or was interrupted. Check the network and try again. " + checkEndpoint},
		},
		"timeout": {
			prepare: func(_ *testing.T, w *acctest.Workspace) {
				w.Service.Emulator.Inject(emulator.Fault{Kind: emulator.Hang, Times: -1})
			},
			want: []string{"The service did not respond in time. Check the network, or increase `request_timeout`. " + checkEndpoint},
		},
		"certificate of an unknown CA": {
			prepare: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_ENDPOINT"], _ = newTLSEndpoint(t, w.Service)
			},
			want: []string{
				"certificate signed by unknown authority",
				"This machine does not trust the certificate of the service. If a proxy inspects TLS connections, set " +
					"`ca_cert_file` in the provider block (or MLPLATFORM_CA_CERT_FILE) to a file with the proxy's CA certificate.",
			},
		},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Without errorCode, an error cannot name the code.
			w := acctest.NewWorkspace(t, acctest.NewService(t, acctest.Without(emulator.ErrorDetail)))
			w.Write("provider.tf", acctest.NoRetries)
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "kept"
}
`)
			w.Apply()
			state := w.StateResources()
			test.prepare(t, w)
			expectErrors := func(summaries []string, args ...string) {
				t.Helper()
				expectServiceErrors(t, w.Run(append(args, "-no-color")...), summaries, test.want)
				if w.StateResources() != state {
					t.Errorf("%s changed the state", args)
				}
			}

			expectErrors([]string{"Unable to read access token"}, "plan")
			expectErrors([]string{"Unable to delete access token"}, "destroy", "-auto-approve", "-refresh=false")
			w.Write("more.tf", `
resource "mlplatform_access_token" "other" {
  name = "other"
}
`)
			expectErrors([]string{"Unable to import access token"}, "import", "mlplatform_access_token.other", "other")
			w.Write("more.tf", `
resource "mlplatform_access_token" "new" {
  name = "new"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "new"
  ttl               = "1h"
}
`)
			expectErrors([]string{"Unable to create access token", "Unable to create register token"}, "apply", "-auto-approve", "-refresh=false")
			w.Write("more.tf", `
data "mlplatform_access_tokens" "test" {}

data "mlplatform_access_token" "test" {
  name = "kept"
}
`)
			expectErrors([]string{"Unable to list access tokens", "Unable to read access token"}, "plan", "-refresh=false")
			w.Write("more.tf", `data "mlplatform_current_token" "test" {}`)
			if test.anyRole {
				w.Plan("-refresh=false")
			} else {
				expectErrors([]string{"Unable to describe the provider's token"}, "plan", "-refresh=false")
			}

			w.Service.Emulator.ClearFaults()
			w.Env["MLPLATFORM_TOKEN"], w.Env["MLPLATFORM_ENDPOINT"] = w.Service.Token, w.Service.Endpoint
			w.Remove("more.tf")
			w.ExpectEmptyPlan()
		})
	}
}

// expectServiceErrors fails the test unless a command failed with an error for each summary, and every error has all texts.
func expectServiceErrors(t *testing.T, got acctest.Result, summaries, texts []string) {
	t.Helper()
	errors := strings.Split(got.Output(), "Error: ")[1:]
	if got.ExitCode != 1 || len(errors) != len(summaries) {
		t.Errorf("%s: exit code %d, %d errors instead of %d:\n%s", got.Command(), got.ExitCode, len(errors), len(summaries), got.Output())
	}
	for _, message := range errors {
		if !slices.ContainsFunc(summaries, func(summary string) bool { return strings.HasPrefix(message, summary+"\n") }) {
			t.Errorf("%s: the error has none of the summaries %q:\n%s", got.Command(), summaries, message)
		}
		for _, text := range texts {
			if !acctest.OutputMatches(text).MatchString(message) {
				t.Errorf("%s: %q is not in the error:\n%s", got.Command(), text, message)
			}
		}
	}
}

// The error about a missing token says if the operation requires no particular role.
func TestNoTokenForAnyRole(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	delete(w.Env, "MLPLATFORM_TOKEN")
	w.Write("main.tf", `data "mlplatform_current_token" "test" {}`)
	if got := w.Run("plan", "-no-color"); !got.Matches("an access token with either role") {
		t.Errorf("the error is\n%s", got.Output())
	}
}

// With the CA of a proxy that inspects TLS in MLPLATFORM_CA_CERT_FILE, the provider works.
func TestCACertFile(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Env["MLPLATFORM_ENDPOINT"], w.Env["MLPLATFORM_CA_CERT_FILE"] = newTLSEndpoint(t, w.Service)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "a"
}
`)
	w.Apply()
	w.ExpectEmptyPlan()
	w.Destroy()
}

// A creation that fails before the value has arrived leaves nothing in the state and no token in the service.
func TestFailedCreationLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			if operation != emulator.OpRedeemRegisterToken {
				acctest.Long(t)
			}
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "a"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "b"
  ttl               = "1h"
}
`)
			w.Service.Emulator.Inject(emulator.Fault{Operation: operation, Kind: emulator.Respond, Status: 400, Times: -1})
			got := w.Run("apply", "-no-color", "-auto-approve")
			if got.ExitCode != 1 || !got.Matches("The service rejected the values.") {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			want := []string{}
			if operation == emulator.OpRedeemRegisterToken {
				want = []string{"mlplatform_register_token.test"} // its creation has no fault
			}
			if addresses := w.Addresses(); !slices.Equal(addresses, want) {
				t.Errorf("the state has %q", addresses)
			}
			w.Service.Emulator.ClearFaults()
			w.Service.ExpectLiveTokens(t)
		})
	}
}

// When whoami fails after the value has arrived, the token is kept, untainted. The next apply completes it.
func TestFailureAfterTheValueKeepsIt(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(1, map[string]emulator.Fault{
		"500":       {Kind: emulator.Respond, Status: 500},
		"403":       {Kind: emulator.Respond, Status: 403},
		"dropped":   {Kind: emulator.Drop},
		"truncated": {Kind: emulator.Truncate},
		"bad JSON":  {Kind: emulator.BadJSON},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", acctest.NoRetriesSlow+`
resource "mlplatform_access_token" "test" {
  name_prefix = "etl-"
  ttl         = "1h"
}
`)
			fault.Operation, fault.Times = emulator.OpWhoAmI, -1
			svc.Emulator.Inject(fault)
			got := w.Run("apply", "-no-color", "-auto-approve")
			if got.ExitCode != 0 {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			svc.Emulator.ClearFaults()
			names := svc.LiveTokenNames(t)
			token := w.Resource(tokenAddress)
			hasValue := token.Values["token"] == svc.LastValue()
			if len(names) != 1 || token.Values["name"] != names[0] || !hasValue || token.Tainted {
				t.Errorf("the service has %q; the state has the name %v, has the value: %t, is tainted: %t",
					names, token.Values["name"], hasValue, token.Tainted)
			}
			w.Apply()
			w.ExpectEmptyPlan()
			svc.ExpectLiveTokens(t, names...)
			w.Destroy()
			svc.ExpectLiveTokens(t)
		})
	}
}

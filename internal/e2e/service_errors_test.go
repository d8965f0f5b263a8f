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

// answering is an endpoint that answers every request in the same way; it is no ML Platform service.
func answering(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

// encrypted is the bench's service behind TLS, with a certificate that no system trusts; ca is a file that holds it.
func encrypted(t *testing.T, svc *acctest.Service) (endpoint, ca string) {
	t.Helper()
	service, err := url.Parse(svc.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: service.Scheme, Host: service.Host})
	}})
	// It would write down each handshake that fails, which is what some tests are about.
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

// Whatever keeps the service from working, each operation says what was attempted, what came of it and what to do
// next, and leaves the state as it was.
func TestServiceErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(4, map[string]struct {
		// spoil brings the trouble about.
		spoil func(t *testing.T, w *acctest.Workspace)
		// want is in the error of each operation.
		want []string
		// anyRole tells that an operation that any role may do works all the same.
		anyRole bool
	}{
		"no token": {
			spoil: func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") },
			want:  []string{"is configured", setToken},
		},
		"token of a user": {
			spoil: func(t *testing.T, w *acctest.Workspace) {
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
			spoil: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "old", Role: "ADMIN", TTL: time.Hour})
				w.Service.Clock.Advance(2 * time.Hour)
			},
			want: []string{"status 403 (Forbidden), code ForbiddenException.", badToken},
		},
		"revoked token": {
			spoil: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "gone", Role: "ADMIN"})
				w.Service.Emulator.Revoke("gone")
			},
			want: []string{"status 403 (Forbidden), code ForbiddenException.", badToken},
		},
		"HTML": {
			spoil: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_ENDPOINT"] = answering(t, func(rw http.ResponseWriter, _ *http.Request) {
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
			spoil: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_ENDPOINT"] = answering(t, http.NotFound)
			},
			want: []string{
				"status 404 (Not Found), not in the service's error format.",
				"The response does not come from the ML Platform token service. " + checkEndpoint,
			},
		},
		"redirect": {
			spoil: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				elsewhere := answering(t, func(http.ResponseWriter, *http.Request) {
					t.Error("a redirect was followed, which carries the token to another host")
				})
				w.Env["MLPLATFORM_ENDPOINT"] = answering(t, func(rw http.ResponseWriter, r *http.Request) {
					http.Redirect(rw, r, elsewhere, http.StatusTemporaryRedirect)
				})
			},
			want: []string{"status 307 (Temporary Redirect); redirects are not followed, and this one points to the host 127.0.0.1:", checkEndpoint},
		},
		"nobody listens": {
			spoil: func(_ *testing.T, w *acctest.Workspace) { w.Env["MLPLATFORM_ENDPOINT"] = "http://127.0.0.1:1" },
			want:  []string{"connect: connection refused", "The connection failed or was interrupted. Check the network and try again. " + checkEndpoint},
		},
		"no answer in time": {
			spoil: func(_ *testing.T, w *acctest.Workspace) {
				w.Service.Emulator.Inject(emulator.Fault{Kind: emulator.Hang, Times: -1})
			},
			want: []string{"The service did not respond in time. Check the network, or increase `request_timeout`. " + checkEndpoint},
		},
		"certificate of an unknown CA": {
			spoil: func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_ENDPOINT"], _ = encrypted(t, w.Service)
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
			kept := acctest.NoRetries + accessToken(`name = "kept"`)
			w.Write("main.tf", kept)
			w.Apply()
			state := w.StateResources()
			healthy := w.Env["MLPLATFORM_TOKEN"]
			test.spoil(t, w)

			// fails runs a command with a configuration; each of the summaries must be the head of an error.
			fails := func(config string, summaries []string, args ...string) {
				t.Helper()
				w.Write("main.tf", acctest.NoRetries+config)
				got := w.Run(append(args, "-no-color")...)
				shown := strings.Split(got.Output(), "Error: ")[1:]
				if got.ExitCode != 1 || len(shown) != len(summaries) {
					t.Errorf("%s: exit code %d, %d errors instead of %d:\n%s", got.Command(), got.ExitCode, len(shown), len(summaries), got.Output())
				}
				for _, message := range shown {
					if !slices.ContainsFunc(summaries, func(summary string) bool { return strings.HasPrefix(message, summary+"\n") }) {
						t.Errorf("%s: this is none of %q:\n%s", got.Command(), summaries, message)
					}
					for _, want := range test.want {
						if !acctest.OutputMatches(want).MatchString(message) {
							t.Errorf("%s: %q is not in the error:\n%s", got.Command(), want, message)
						}
					}
				}
				if w.StateResources() != state {
					t.Errorf("%s changed the state", got.Command())
				}
			}
			token := accessToken(`name = "kept"`)
			fails(token, []string{"Unable to read access token"}, "plan")
			fails(token, []string{"Unable to delete access token"}, "destroy", "-auto-approve", "-refresh=false")
			fails(token+strings.ReplaceAll(token, `"test"`, `"other"`), []string{"Unable to import access token"},
				"import", "mlplatform_access_token.other", "other")
			fails(token+strings.NewReplacer(`"test"`, `"new"`, "kept", "new").Replace(token)+
				registerToken(lines(`access_token_name = "new"`, `ttl = "1h"`)),
				[]string{"Unable to create access token", "Unable to create register token"}, "apply", "-auto-approve", "-refresh=false")
			lists := token + dataSource("access_tokens", "") + dataSource("access_token", `name = "kept"`)
			summaries, me := []string{"Unable to list access tokens", "Unable to read access token"}, dataSource("current_token", "")
			if test.anyRole {
				w.Write("main.tf", acctest.NoRetries+token+me)
				w.Plan("-refresh=false")
			} else {
				lists, summaries = lists+me, append(summaries, "Unable to describe the provider's token")
			}
			fails(lists, summaries, "plan", "-refresh=false")

			w.Service.Emulator.ClearFaults()
			w.Env["MLPLATFORM_TOKEN"], w.Env["MLPLATFORM_ENDPOINT"] = healthy, w.Service.Endpoint
			w.Write("main.tf", kept)
			w.ExpectEmptyPlan()
		})
	}
}

// An operation that any role may do says so.
func TestNoTokenForAnyRole(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	delete(w.Env, "MLPLATFORM_TOKEN")
	w.Write("main.tf", dataSource("current_token", ""))
	if got := w.Run("plan", "-no-color"); !acctest.OutputMatches("an access token with either role").MatchString(got.Output()) {
		t.Errorf("got:\n%s", got.Output())
	}
}

// Trusting the CA of a proxy that inspects TLS is all that is necessary.
func TestCACertFile(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Env["MLPLATFORM_ENDPOINT"], w.Env["MLPLATFORM_CA_CERT_FILE"] = encrypted(t, w.Service)
	w.Write("main.tf", accessToken(`name = "a"`))
	w.Apply()
	w.ExpectEmptyPlan()
	w.Destroy()
}

// A creation that fails before there is a value leaves nothing in the state and nothing on the service.
func TestFailedCreationLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", accessToken(`name = "a"`)+registerToken(lines(`access_token_name = "b"`, `ttl = "1h"`)))
			w.Service.Emulator.Inject(emulator.Fault{Operation: operation, Kind: emulator.Respond, Status: 400, Times: -1})
			got := w.Run("apply", "-no-color", "-auto-approve")
			if got.ExitCode != 1 || !acctest.OutputMatches("The service rejected the values.").MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			want := []string{}
			if operation == emulator.OpRedeemRegisterToken {
				want = []string{"mlplatform_register_token.test"} // nothing is wrong with this one
			}
			if addresses := w.Addresses(); !slices.Equal(addresses, want) {
				t.Errorf("the state holds %q", addresses)
			}
			w.Service.Emulator.ClearFaults()
			if held := w.Service.LiveTokenNames(t); len(held) != 0 {
				t.Errorf("the service holds %q", held)
			}
		})
	}
}

// The value has arrived and whoami fails: the token is kept, untainted, and the next apply has nothing to change.
func TestFailureAfterTheValueKeepsIt(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(2, map[string]emulator.Fault{
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
			w.Write("main.tf", acctest.NoRetriesSlow+accessToken(lines(`name_prefix = "etl-"`, `ttl = "1h"`)))
			fault.Operation, fault.Times = emulator.OpWhoAmI, -1
			svc.Emulator.Inject(fault)
			got := w.Run("apply", "-no-color", "-auto-approve")
			if got.ExitCode != 0 {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			svc.Emulator.ClearFaults()
			held := svc.LiveTokenNames(t)
			token := w.Resource(tokenAddress)
			values := svc.Emulator.IssuedValues()
			if len(held) != 1 || token.Values["name"] != held[0] || token.Values["token"] != values[len(values)-1] || token.Tainted {
				t.Errorf("of %q the state holds the name %v; that it has the value is %v, that it is tainted is %v",
					held, token.Values["name"], token.Values["token"] == values[len(values)-1], token.Tainted)
			}
			w.Apply()
			w.ExpectEmptyPlan()
			if now := svc.LiveTokenNames(t); !slices.Equal(now, held) {
				t.Errorf("after %q the service holds %q", held, now)
			}
			w.Destroy()
			if held := svc.LiveTokenNames(t); len(held) != 0 {
				t.Errorf("the service still holds %q", held)
			}
		})
	}
}

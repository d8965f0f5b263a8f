// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// A token that somebody creates with the same name between plan and apply is not deleted.
func TestForeignTokenMadeAfterThePlan(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		plan     []string
		exitCode int
		want     string
	}{
		"destroy": {[]string{"-destroy"}, 0, "Another token has the name"},
		"replace": {[]string{"-replace=" + tokenAddress}, 1, `the name "contested" is taken`},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "contested"
}
`)
			w.Apply()
			w.Plan(append(test.plan, "-out=saved")...)
			w.Service.Emulator.Revoke("contested")
			inv := acctest.NewInvariants(w)
			inv.Foreign = append(inv.Foreign, w.Service.Seed(t, emulator.SeedToken{Name: "contested"}).ID)
			got, requests := inv.Run("apply", "saved")
			if got.ExitCode != test.exitCode || !got.Matches(test.want) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			for _, request := range requests {
				if request.IsWrite() {
					t.Errorf("the provider made the request %s", request.Operation)
				}
			}
		})
	}
}

// A response that is not a complete list of the service says nothing about a token: the state does not change, and nothing
// is deleted.
func TestListThatIsNone(t *testing.T) {
	t.Parallel()
	for name, respond := range acctest.Sample(1, map[string]func(acctest.Forward) *httptest.ResponseRecorder{
		"nothing": func(acctest.Forward) *httptest.ResponseRecorder { return httptest.NewRecorder() },
		"error page with status 200": func(acctest.Forward) *httptest.ResponseRecorder {
			return response(http.StatusOK, "<html><body>Service Unavailable</body></html>")
		},
		"error page": func(acctest.Forward) *httptest.ResponseRecorder {
			return response(http.StatusNotFound, "<html><body>Not Found</body></html>")
		},
		"null":         func(acctest.Forward) *httptest.ResponseRecorder { return response(http.StatusOK, "null") },
		"empty object": func(acctest.Forward) *httptest.ResponseRecorder { return response(http.StatusOK, "{}") },
		"half a list, and its length": func(forward acctest.Forward) *httptest.ResponseRecorder {
			list := forward().Body.String()
			half := response(http.StatusOK, list[:len(list)/2])
			half.Header().Set("Content-Length", strconv.Itoa(len(list)))
			return half
		},
		"half a list": func(forward acctest.Forward) *httptest.ResponseRecorder {
			list := forward().Body.String()
			return response(http.StatusOK, list[:strings.LastIndex(list, "{")])
		},
		"partial content": func(forward acctest.Forward) *httptest.ResponseRecorder {
			return response(http.StatusPartialContent, forward().Body.String())
		},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", acctest.NoRetries+`
resource "mlplatform_access_token" "test" {
  name = "steady"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "later"
  ttl               = "1h"
}
`)
			w.Apply()
			start := w.Snapshot()
			inv := acctest.NewInvariants(w)
			inv.Workspace = w.Through(svc.Intercept(t, func(_ int, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
				if r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "whoami") {
					return respond(forward)
				}
				return forward()
			}))
			for _, command := range []string{"plan", "apply -refresh-only -auto-approve", "destroy -auto-approve -refresh=false -target=" + tokenAddress} {
				got, _ := inv.Run(strings.Fields(command)...)
				if got.ExitCode != 1 {
					t.Errorf("%s: exit code %d\n%s", command, got.ExitCode, got.Output())
				}
				if w.Snapshot() != start {
					t.Errorf("%s changed something", command)
				}
			}
			w.ExpectEmptyPlan()
		})
	}
}

func response(status int, body string) *httptest.ResponseRecorder {
	out := httptest.NewRecorder()
	out.WriteHeader(status)
	_, _ = out.WriteString(body)
	return out
}

// A token that is read with its own value is missing only if the service says so. A 401 or 403 of a proxy does not count,
// whether the token was redeemed or created.
func TestRefusalThatIsNotTheServices(t *testing.T) {
	t.Parallel()
	for name, status := range acctest.Sample(1, map[string]int{"401": http.StatusUnauthorized, "403": http.StatusForbidden}) {
		page := emulator.Fault{Operation: emulator.OpWhoAmI, Kind: emulator.Respond, Status: status, Body: "<html>Log in</html>", Times: -1}
		t.Run(name+" redeemed", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, scenarios["redemption/read"], "etl")
			f.prepare()
			start := f.Snapshot()
			if got, _ := f.run(acctest.NoRetries, page); got.ExitCode != 1 || f.Snapshot() != start {
				t.Errorf("exit code %d, nothing changed: %t\n%s", got.ExitCode, f.Snapshot() == start, got.Output())
			}
			f.converge()
		})
		t.Run(name+" for a new token", func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", acctest.NoRetries+`
resource "mlplatform_access_token" "test" {
  name = "half"
}
`)
			inv := acctest.NewInvariants(w)
			// The list describes the token; a deletion must know which token the provider itself uses.
			for _, step := range []struct {
				command  string
				exitCode int
			}{{"apply", 0}, {"apply -refresh-only", 0}, {"destroy", 1}, {"destroy -refresh=false", 1}} {
				inv.Faults = []emulator.Fault{page}
				if got, _ := inv.Run(append(strings.Fields(step.command), "-auto-approve")...); got.ExitCode != step.exitCode {
					t.Errorf("%s: exit code %d\n%s", step.command, got.ExitCode, got.Output())
				}
			}
			w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "half"
}
`)
			inv.ExpectCleanDestroy()
		})
	}
}

// A redeemed token is missing if the service itself refuses its value.
func TestRefusalOfTheService(t *testing.T) {
	t.Parallel()
	f := newFixture(t, scenarios["redemption/read"], "etl")
	f.prepare()
	f.Service.Emulator.Revoke("etl")
	f.Apply("-refresh-only")
	if objects := f.StateObjects(); len(objects) != 1 || objects[0].Attributes.Status != "missing" {
		t.Errorf("the state has %d objects", len(objects))
	}
}

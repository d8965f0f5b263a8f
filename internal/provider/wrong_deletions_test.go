// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// Between plan and apply somebody deletes the token and makes another one of the same name: that one survives.
func TestForeignTokenMadeAfterThePlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plan     []string
		exitCode int
		want     string
	}{
		"destroy": {[]string{"-destroy"}, 0, "Another token has the name"},
		"replace": {[]string{"-replace=" + tokenAddress}, 1, `the name "contested" is taken`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, emulated(t))
			w.write("main.tf", accessToken(`name = "contested"`))
			w.apply()
			w.plan(append(test.plan, "-out=saved")...)
			w.b.emulator.Revoke("contested")
			p := w.promising()
			p.foreign = append(p.foreign, w.b.seed(t, seedToken("contested")).ID)
			got, requests := p.run("apply", "saved")
			if got.exitCode != test.exitCode || !says(test.want).MatchString(got.shown()) {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
			for _, request := range requests {
				if request.IsWrite() {
					t.Errorf("it made the request %s", request.Operation)
				}
			}
		})
	}
}

// What is no complete list of the service's says nothing about a token: it empties no state and deletes nothing.
func TestListThatIsNone(t *testing.T) {
	t.Parallel()
	for name, spoiled := range map[string]func(serving) *httptest.ResponseRecorder{
		"nothing": func(serving) *httptest.ResponseRecorder { return httptest.NewRecorder() },
		"error page with status 200": func(serving) *httptest.ResponseRecorder {
			return written(http.StatusOK, "<html><body>Service Unavailable</body></html>")
		},
		"error page": func(serving) *httptest.ResponseRecorder {
			return written(http.StatusNotFound, "<html><body>Not Found</body></html>")
		},
		"null":         func(serving) *httptest.ResponseRecorder { return written(http.StatusOK, "null") },
		"empty object": func(serving) *httptest.ResponseRecorder { return written(http.StatusOK, "{}") },
		"half a list, and its length": func(act serving) *httptest.ResponseRecorder {
			list := act().Body.String()
			half := written(http.StatusOK, list[:len(list)/2])
			half.Header().Set("Content-Length", strconv.Itoa(len(list)))
			return half
		},
		"half a list": func(act serving) *httptest.ResponseRecorder {
			list := act().Body.String()
			return written(http.StatusOK, list[:strings.LastIndex(list, "{")])
		},
		"no status of success": func(act serving) *httptest.ResponseRecorder {
			return written(http.StatusPartialContent, act().Body.String())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			w := newWorkspace(t, b)
			w.write("main.tf", impatient+accessToken(`name = "steady"`)+
				registerToken(lines(`access_token_name = "later"`, `ttl = "1h"`)))
			w.apply()
			start := w.situation()
			p := w.promising()
			p.w = w.through(b.front(t, func(_ int, r *http.Request, act serving) *httptest.ResponseRecorder {
				if r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "whoami") {
					return spoiled(act)
				}
				return act()
			}))
			for _, command := range []string{"plan", "apply -refresh-only -auto-approve", "destroy -auto-approve -refresh=false -target=" + tokenAddress} {
				got, _ := p.run(strings.Fields(command)...)
				if got.exitCode != 1 {
					t.Errorf("%s: exit code %d\n%s", command, got.exitCode, got.shown())
				}
				if w.situation() != start {
					t.Errorf("%s changed something", command)
				}
			}
			w.planIsEmpty()
		})
	}
}

func written(status int, body string) *httptest.ResponseRecorder {
	out := httptest.NewRecorder()
	out.WriteHeader(status)
	_, _ = out.WriteString(body)
	return out
}

// A token that is asked after with its own value is gone only if the service says so: a refusal by whatever stands
// before it does not count, neither for a token that was redeemed nor for one whose creation broke off.
func TestRefusalThatIsNotTheServices(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"401": http.StatusUnauthorized, "403": http.StatusForbidden} {
		page := emulator.Fault{Operation: emulator.OpWhoAmI, Kind: emulator.Respond, Status: status, Body: "<html>Log in</html>", Times: -1}
		t.Run(name+" redeemed", func(t *testing.T) {
			t.Parallel()
			s := newStage(t, deeds()["redemption/read"], "etl")
			p := s.prepare(impatient)
			start := s.w.situation()
			p.faults = []emulator.Fault{page}
			if got, _ := p.run(s.arguments()...); got.exitCode != 1 || s.w.situation() != start {
				t.Errorf("exit code %d; that nothing changed is %t\n%s", got.exitCode, s.w.situation() == start, got.shown())
			}
			s.again(p)
		})
		t.Run(name+" broken off", func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, emulated(t))
			w.write("main.tf", impatient+accessToken(`name = "half"`))
			p := w.promising()
			for _, command := range []string{"apply", "apply -refresh-only", "destroy", "destroy -refresh=false"} {
				p.faults = []emulator.Fault{page}
				if got, _ := p.run(append(strings.Fields(command), "-auto-approve")...); got.exitCode != 1 {
					t.Errorf("%s: exit code %d\n%s", command, got.exitCode, got.shown())
				}
			}
			w.write("main.tf", accessToken(`name = "half"`))
			p.leavesNothing()
		})
	}
}

// The service's own word counts: a register token that was spent elsewhere, a token that was revoked.
func TestRefusalOfTheService(t *testing.T) {
	t.Parallel()
	s := newStage(t, deeds()["redemption/read"], "etl")
	s.prepare(patient)
	s.w.b.emulator.Revoke("etl")
	s.w.apply("-refresh-only")
	if kept := s.w.kept(); len(kept) != 1 || kept[0].Attributes.Status != "missing" {
		t.Errorf("the state holds %d objects", len(kept))
	}
}

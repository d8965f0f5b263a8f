// SPDX-License-Identifier: MPL-2.0

package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		addr string
		ok   bool
	}{
		"default":        {"", true},
		"IPv4":           {"127.0.0.1:0", true},
		"name":           {"localhost:0", true},
		"all interfaces": {":0", false},
		"IPv4 any":       {"0.0.0.0:0", false},
		"IPv6 any":       {"[::]:0", false},
		"not loopback":   {"192.0.2.1:0", false},
		"no port":        {"127.0.0.1", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, err := emulator.Start(emulator.Options{Addr: test.addr})
			if err == nil {
				defer srv.Close()
			}
			if (err == nil) != test.ok {
				t.Fatalf("got error %v", err)
			}
			if test.ok && !strings.HasSuffix(srv.Endpoint(), "/infra/mlplatform") {
				t.Errorf("got endpoint %q", srv.Endpoint())
			}
		})
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	host := strings.TrimSuffix(strings.TrimPrefix(srv.Endpoint(), "http://"), "/infra/mlplatform")
	if other, err := emulator.Start(emulator.Options{Addr: host}); err == nil {
		other.Close()
		t.Error("two emulators started on the same address")
	}
}

func TestDateHeaderUsesTheClock(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock(noon.Add(24 * time.Hour))
	srv := start(t, emulator.Options{Clock: clock.Now})
	for name, r := range map[string]request{
		"success":      {method: http.MethodGet, path: whoAmIPath, token: srv.AdminToken()},
		"unauthorized": {method: http.MethodGet, path: whoAmIPath},
		"unknown path": {method: http.MethodGet, path: "/nowhere"},
	} {
		if got := do(t, srv, r).header.Values("Date"); !slices.Equal(got, []string{"Thu, 02 Jul 2026 12:00:00 GMT"}) {
			t.Errorf("%s: got Date %q", name, got)
		}
	}
}

func TestInvalidRequestsGetAnErrorEnvelope(t *testing.T) {
	t.Parallel()
	large := `{"register_token":"` + strings.Repeat("x", 1<<20) + `"}`
	tests := map[string]struct {
		request
		status int
		code   string
	}{
		"path":          {request{method: http.MethodGet, path: "/v1_0/auth/register"}, http.StatusNotFound, "NotFoundException"},
		"doubled slash": {request{method: http.MethodGet, path: "/v1_0/auth//whoami"}, http.StatusNotFound, "NotFoundException"},
		"method":        {request{method: http.MethodPut, path: tokensPath}, http.StatusMethodNotAllowed, "MethodNotAllowedException"},
		"other method":  {request{method: http.MethodGet, path: registerPath}, http.StatusMethodNotAllowed, "MethodNotAllowedException"},
		"content type": {
			request{method: http.MethodPost, path: tokensPath, body: `{"register_token":"a"}`, contentType: "text/plain"},
			http.StatusBadRequest, "BadRequestException",
		},
		"no content type": {request{method: http.MethodPost, path: tokensPath}, http.StatusBadRequest, "BadRequestException"},
		"not JSON":        {request{method: http.MethodPost, path: tokensPath, body: "register_token=a"}, http.StatusBadRequest, "BadRequestException"},
		"two objects":     {request{method: http.MethodPost, path: tokensPath, body: `{"register_token":"a"}{}`}, http.StatusBadRequest, "BadRequestException"},
		"unknown key":     {request{method: http.MethodPost, path: tokensPath, body: `{"register_token":"a","b":1}`}, http.StatusBadRequest, "BadRequestException"},
		"large body":      {request{method: http.MethodPost, path: tokensPath, body: large}, http.StatusBadRequest, "BadRequestException"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, do(t, start(t, emulator.Options{}), test.request), test.status, test.code, "")
		})
	}
}

func TestCreateRegisterTokenRejectsInvalidFields(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	for name, body := range map[string]string{
		"no name":      `{"access_ttl":"1h","token_type":"USER"}`,
		"empty name":   `{"client_name":"","access_ttl":"1h","token_type":"USER"}`,
		"no lifetime":  `{"client_name":"a","token_type":"USER"}`,
		"no role":      `{"client_name":"a","access_ttl":"1h"}`,
		"unknown role": `{"client_name":"a","access_ttl":"1h","token_type":"admin"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request{method: http.MethodPost, path: registerPath, token: srv.AdminToken(), body: body}
			wantError(t, do(t, srv, r), http.StatusBadRequest, "BadRequestException", "")
		})
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	var (
		mu       sync.Mutex
		observed []emulator.Request
	)
	srv := start(t, emulator.Options{
		Clock: emulator.NewClock(noon).Now,
		OnRequest: func(r emulator.Request) {
			mu.Lock()
			defer mu.Unlock()
			observed = append(observed, r)
		},
	})
	user := create(t, srv, "a b", "")
	whoAmI(t, srv, user)
	whoAmI(t, srv, "unknown")
	list(t, srv)
	srv.Inject(emulator.Fault{Kind: emulator.Drop, After: true})
	remove(t, srv, "a b")
	do(t, srv, request{method: http.MethodGet, path: "/nowhere"})
	entry := func(operation, name, method, path, role string, status int) emulator.Request {
		return emulator.Request{
			Operation: operation, TokenName: name, Method: method, Path: "/infra/mlplatform" + path, Role: role, Status: status,
			UserAgent: "Go-http-client/1.1", At: noon,
		}
	}
	deletion := entry(emulator.OpDeleteAccessToken, "a b", http.MethodDelete, tokensPath, "ADMIN", 0)
	deletion.Fault = "drop after"
	want := []emulator.Request{
		entry(emulator.OpCreateRegisterToken, "a b", http.MethodPost, registerPath, "ADMIN", http.StatusCreated),
		entry(emulator.OpRedeemRegisterToken, "a b", http.MethodPost, tokensPath, "", http.StatusCreated),
		entry(emulator.OpWhoAmI, "a b", http.MethodGet, whoAmIPath, "USER", http.StatusOK),
		entry(emulator.OpWhoAmI, "", http.MethodGet, whoAmIPath, "", http.StatusForbidden),
		entry(emulator.OpListAccessTokens, "", http.MethodGet, tokensPath, "ADMIN", http.StatusOK),
		deletion,
		entry("", "", http.MethodGet, "/nowhere", "", http.StatusNotFound),
	}
	got := srv.Journal()
	if !slices.Equal(got, want) {
		t.Errorf("got journal\n%+v\nwant\n%+v", got, want)
	}
	writes := []bool{}
	for _, r := range got {
		writes = append(writes, r.IsWrite())
	}
	if !slices.Equal(writes, []bool{true, true, false, false, false, true, false}) {
		t.Errorf("got writes %t", writes)
	}
	for _, value := range srv.IssuedValues() {
		if strings.Contains(fmt.Sprintf("%+v", got), value) {
			t.Error("the journal contains a token value")
		}
	}
	srv.ResetJournal()
	if left := srv.Journal(); len(left) != 0 {
		t.Errorf("journal after the reset: %+v", left)
	}

	// Close waits for OnRequest, which is called after the response.
	srv.Close()
	if !slices.Equal(observed, want) {
		t.Errorf("observed\n%+v\nwant\n%+v", observed, want)
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	const latency = 20 * time.Millisecond
	srv := start(t, emulator.Options{Latency: latency})
	before := time.Now()
	wantStatus(t, whoAmI(t, srv, srv.AdminToken()), http.StatusOK)
	if took := time.Since(before); took < latency {
		t.Errorf("response after %s, want at least %s", took, latency)
	}
}

func TestCloseEndsAllConnections(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, srv *emulator.Server){
		"no connection": func(*testing.T, *emulator.Server) {},
		"idle connection": func(t *testing.T, srv *emulator.Server) {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.Endpoint(), nil)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: &http.Transport{}}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		},
		"silent connection": func(t *testing.T, srv *emulator.Server) {
			t.Helper()
			host, _, _ := strings.Cut(strings.TrimPrefix(srv.Endpoint(), "http://"), "/")
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, emulator.Options{})
			prepare(t, srv)
			closeInTime(t, srv)
			closeInTime(t, srv)
			if got := whoAmI(t, srv, srv.AdminToken()); got.err == nil {
				t.Errorf("got status %d after Close", got.status)
			}
		})
	}
}

func TestCloseWaitsForRunningRequests(t *testing.T) {
	t.Parallel()
	var ended atomic.Bool
	running := make(chan struct{})
	srv := start(t, emulator.Options{OnRequest: func(emulator.Request) {
		close(running)
		// Gives a Close that does not wait time to return; a correct Close passes at any speed.
		<-time.After(20 * time.Millisecond)
		ended.Store(true)
	}})
	go whoAmI(t, srv, srv.AdminToken())
	<-running
	srv.Close()
	if !ended.Load() {
		t.Error("Close returned before the request ended")
	}
}

// closeInTime fails the test if Close does not return within five seconds.
func closeInTime(t *testing.T, srv *emulator.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		srv.Close()
	}()
	defer cancel()
	select {
	case <-closed:
	case <-ctx.Done():
		t.Fatal("Close did not return")
	}
}

func TestUncheckedRecordsNoViolations(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{Unchecked: true})
	if got := do(t, srv, request{method: http.MethodGet, path: tokensPath, token: srv.AdminToken()}); got.status != http.StatusOK {
		t.Errorf("got status %d", got.status)
	}
	do(t, srv, request{method: http.MethodPut, path: whoAmIPath})
	wantNoViolations(t, srv)
}

func TestViolationsAreRecorded(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	wantNoViolations(t, srv)

	// An unneeded credential, a wrong body key, and an unknown operation.
	do(t, srv, request{method: http.MethodPost, path: tokensPath, token: srv.AdminToken(), body: `{"token":"` + srv.AdminToken() + `"}`})
	do(t, srv, request{method: http.MethodPut, path: whoAmIPath + "?token_name=" + srv.AdminToken()})
	got := srv.Violations()
	if len(got) != 3 {
		t.Errorf("got violations %q, want 3", got)
	}
	if strings.Contains(strings.Join(got, " "), srv.AdminToken()) {
		t.Error("a violation contains a token value")
	}
}

// TestConcurrentRedeems also gives the race detector something to check.
func TestConcurrentRedeems(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	var (
		group    sync.WaitGroup
		mu       sync.Mutex
		statuses []int
	)
	for range 8 {
		value := field(t, createRegister(t, srv, "wanted", "USER", "1h", ""), "register_token")
		group.Go(func() {
			status := redeem(t, srv, value).status
			mu.Lock()
			defer mu.Unlock()
			statuses = append(statuses, status)
		})
		group.Go(func() { list(t, srv) })
		group.Go(func() {
			srv.Tokens()
			srv.LiveTokens()
			srv.Journal()
			srv.IssuedValues()
			srv.RegisterTokens()
			srv.Violations()
		})
	}
	group.Wait()
	slices.Sort(statuses)
	if want := append([]int{http.StatusCreated}, slices.Repeat([]int{http.StatusConflict}, 7)...); !slices.Equal(statuses, want) {
		t.Errorf("got statuses %d, want %d", statuses, want)
	}
	wantNoViolations(t, srv)
}

func TestClock(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock(noon)
	clock.Advance(-time.Hour)
	if got := clock.Now(); !got.Equal(noon.Add(-time.Hour)) {
		t.Errorf("got %s", got)
	}
	clock.Set(noon)
	if got := clock.Now(); !got.Equal(noon) {
		t.Errorf("got %s", got)
	}
}

// timedOut reports whether err is a timeout or a cancellation.
func timedOut(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout() || errors.Is(err, context.Canceled)
}

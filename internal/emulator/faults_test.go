// SPDX-License-Identifier: MPL-2.0

package emulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

func TestFaultKinds(t *testing.T) {
	t.Parallel()
	failed := func(status int, code string) func(*testing.T, response) {
		return func(t *testing.T, got response) {
			t.Helper()
			wantError(t, got, status, code, "Injected fault")
		}
	}
	dropped := func(t *testing.T, got response) {
		t.Helper()
		if got.status != 0 || !errors.Is(got.err, io.EOF) {
			t.Errorf("got status %d, error %v", got.status, got.err)
		}
	}
	tests := map[string]struct {
		fault emulator.Fault
		entry string // Fault in the journal
		acts  bool   // whether the service handles the request without After
		check func(*testing.T, response)
	}{
		"envelope": {emulator.Fault{Kind: emulator.Respond, Status: http.StatusServiceUnavailable}, "respond", false,
			failed(http.StatusServiceUnavailable, "ServiceUnavailableException")},
		"default status": {emulator.Fault{}, "respond", false,
			failed(http.StatusInternalServerError, "InternalServerErrorException")},
		"Retry-After": {emulator.Fault{Status: http.StatusTooManyRequests, RetryAfter: "7"}, "respond", false,
			func(t *testing.T, got response) {
				t.Helper()
				wantError(t, got, http.StatusTooManyRequests, "TooManyRequestsException", "Injected fault")
				if after := got.header.Get("Retry-After"); after != "7" {
					t.Errorf("got Retry-After %q", after)
				}
			}},
		"HTML": {emulator.Fault{Status: http.StatusBadGateway, Body: "<html>"}, "respond", false,
			func(t *testing.T, got response) {
				t.Helper()
				wantStatus(t, got, http.StatusBadGateway)
				if got.body != "<html>" || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
					t.Errorf("got %q as %q", got.body, got.header.Get("Content-Type"))
				}
			}},
		"content type": {emulator.Fault{Status: http.StatusBadGateway, Body: "bad", ContentType: "text/plain"}, "respond", false,
			func(t *testing.T, got response) {
				t.Helper()
				if got.header.Get("Content-Type") != "text/plain" {
					t.Errorf("got %q", got.header.Get("Content-Type"))
				}
			}},
		"drop": {emulator.Fault{Kind: emulator.Drop}, "drop", false, dropped},
		"truncate": {emulator.Fault{Kind: emulator.Truncate}, "truncate", true,
			func(t *testing.T, got response) {
				t.Helper()
				if got.status != http.StatusCreated || !errors.Is(got.err, io.ErrUnexpectedEOF) || !strings.HasPrefix(got.body, `{"refresh_token"`) {
					t.Errorf("got status %d, error %v, body %q", got.status, got.err, got.body)
				}
			}},
		"bad JSON": {emulator.Fault{Kind: emulator.BadJSON}, "bad json", false,
			func(t *testing.T, got response) {
				t.Helper()
				wantStatus(t, got, http.StatusCreated)
				if got.body != `{"unexpected":true}` || got.header.Get("Content-Type") != "application/json" {
					t.Errorf("got %q as %q", got.body, got.header.Get("Content-Type"))
				}
			}},
		"other bad JSON": {emulator.Fault{Kind: emulator.BadJSON, Status: http.StatusOK, Body: "[1", ContentType: "text/json"}, "bad json", false,
			func(t *testing.T, got response) {
				t.Helper()
				wantStatus(t, got, http.StatusOK)
				if got.body != "[1" || got.header.Get("Content-Type") != "text/json" {
					t.Errorf("got %q as %q", got.body, got.header.Get("Content-Type"))
				}
			}},
		"redirect": {emulator.Fault{Kind: emulator.Redirect, Body: "http://127.0.0.1:1/elsewhere"}, "redirect", false,
			func(t *testing.T, got response) {
				t.Helper()
				wantStatus(t, got, http.StatusFound)
				if got.header.Get("Location") != "http://127.0.0.1:1/elsewhere" {
					t.Errorf("got Location %q", got.header.Get("Location"))
				}
			}},
		"other redirect": {emulator.Fault{Kind: emulator.Redirect, Status: http.StatusTemporaryRedirect, Body: "/"}, "redirect", false,
			func(t *testing.T, got response) {
				t.Helper()
				wantStatus(t, got, http.StatusTemporaryRedirect)
			}},
		"slow": {emulator.Fault{Kind: emulator.Slow, Delay: time.Millisecond}, "slow", true,
			func(t *testing.T, got response) {
				t.Helper()
				wantStatus(t, got, http.StatusCreated)
				field(t, got, "refresh_token")
			}},
	}
	for name, test := range tests {
		for _, after := range []bool{false, true} {
			when := map[bool]string{false: "before", true: "after"}[after]
			t.Run(name+"/"+when, func(t *testing.T) {
				t.Parallel()
				srv := start(t, emulator.Options{})
				value := field(t, createRegister(t, srv, "a", "USER", "1h", ""), "register_token")
				fault := test.fault
				fault.Operation, fault.After = emulator.OpRedeemRegisterToken, after
				srv.Inject(fault)
				test.check(t, redeem(t, srv, value))
				if got, want := len(srv.LiveTokens()) == 2, after || test.acts; got != want {
					t.Errorf("handled by the service: %t, want %t", got, want)
				}
				want := test.entry
				if after {
					want += " after"
				}
				if journal := srv.Journal(); journal[0].Fault != "" || journal[1].Fault != want {
					t.Errorf("got journal %+v", journal)
				}
				wantNoViolations(t, srv)
			})
		}
	}
}

func TestFaultsOfDelete(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault  emulator.Fault
		status int // 0 if the connection is dropped
	}{
		"truncate without a body": {emulator.Fault{Kind: emulator.Truncate}, 0},
		"bad JSON":                {emulator.Fault{Kind: emulator.BadJSON, After: true}, http.StatusOK},
		"slow":                    {emulator.Fault{Kind: emulator.Slow}, http.StatusNoContent},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, emulator.Options{})
			seed(t, srv, emulator.SeedToken{Name: "a"})
			srv.Inject(test.fault)
			got := remove(t, srv, "a")
			if got.status != test.status || (got.err != nil) != (test.status == 0) {
				t.Errorf("got status %d, error %v", got.status, got.err)
			}
			if len(srv.LiveTokens()) != 1 {
				t.Error("the service did not handle the request")
			}
		})
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, emulator.Options{})
			srv.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Kind: emulator.Hang, After: after, Times: -1})
			seed(t, srv, emulator.SeedToken{Name: "a"})

			// The caller disconnects.
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := removeUntil(ctx, t, srv); !timedOut(err) {
				t.Errorf("got %v", err)
			}
			if got := len(srv.LiveTokens()) == 1; got != after {
				t.Errorf("handled by the service: %t, want %t", got, after)
			}

			// The emulator closes. A request is in the journal before it hangs.
			srv.ResetJournal()
			failed := make(chan error, 1)
			go func() { failed <- removeUntil(t.Context(), t, srv) }()
			for len(srv.Journal()) == 0 {
				runtime.Gosched()
				if err := t.Context().Err(); err != nil {
					t.Fatal(err)
				}
			}
			closeInTime(t, srv)
			if err := <-failed; err == nil {
				t.Error("got a response to a hung request")
			}
		})
	}
}

func removeUntil(ctx context.Context, t *testing.T, srv *emulator.Server) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, srv.Endpoint()+tokensPath+"?token_name=a", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+srv.AdminToken())
	res, err := newClient().Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func TestCloseEndsDelays(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]emulator.Options{"fault": {}, "latency": {Latency: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			// A request reads the clock first; so does Start.
			var started atomic.Bool
			arrived := make(chan struct{}, 10)
			opts.Clock = func() time.Time {
				if started.Load() {
					arrived <- struct{}{}
				}
				return noon
			}
			srv := start(t, opts)
			started.Store(true)
			srv.Inject(emulator.Fault{Kind: emulator.Slow, Delay: time.Hour})
			failed := make(chan error, 1)
			// With a body: net/http does not detect a disconnect before the body is read.
			go func() { failed <- redeem(t, srv, "a").err }()
			<-arrived
			closeInTime(t, srv)
			if err := <-failed; err == nil {
				t.Error("got a response to a delayed request")
			}
		})
	}
}

func TestFaultOrder(t *testing.T) {
	t.Parallel()
	const who, lists = emulator.OpWhoAmI, emulator.OpListAccessTokens
	status := func(f emulator.Fault, status int) emulator.Fault {
		f.Status = status
		return f
	}
	tests := map[string]struct {
		faults []emulator.Fault
		want   []int // statuses of whoAmI, list, whoAmI, list, ...
	}{
		"none":              {nil, []int{200, 200}},
		"once, any request": {[]emulator.Fault{status(emulator.Fault{}, 500)}, []int{500, 200, 200}},
		"once, operation":   {[]emulator.Fault{status(emulator.Fault{Operation: lists}, 500)}, []int{200, 500, 200, 200}},
		"twice":             {[]emulator.Fault{status(emulator.Fault{Operation: who, Times: 2}, 500)}, []int{500, 200, 500, 200, 200}},
		"always":            {[]emulator.Fault{status(emulator.Fault{Times: -1}, 500)}, []int{500, 500, 500, 500, 500}},
		"skip one":          {[]emulator.Fault{status(emulator.Fault{Operation: who, Skip: 1}, 500)}, []int{200, 200, 500, 200, 200}},
		"one after another": {[]emulator.Fault{status(emulator.Fault{}, 500), status(emulator.Fault{}, 502)}, []int{500, 502, 200}},
		"independent skips": {[]emulator.Fault{status(emulator.Fault{}, 500), status(emulator.Fault{Skip: 2}, 502)}, []int{500, 200, 502, 200}},
		"by operation":      {[]emulator.Fault{status(emulator.Fault{Operation: lists}, 500), status(emulator.Fault{Operation: who}, 502)}, []int{502, 500, 200}},
		"skip and repeat":   {[]emulator.Fault{status(emulator.Fault{Skip: 1, Times: 2}, 500)}, []int{200, 500, 500, 200}},
		"both skip one":     {[]emulator.Fault{status(emulator.Fault{Skip: 1}, 500), status(emulator.Fault{Skip: 1}, 502)}, []int{200, 500, 502, 200}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, emulator.Options{})
			for _, fault := range test.faults {
				srv.Inject(fault)
			}
			got := []int{}
			for i := range test.want {
				if i%2 == 0 {
					got = append(got, whoAmI(t, srv, srv.AdminToken()).status)
				} else {
					got = append(got, list(t, srv).status)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got statuses %d, want %d", got, test.want)
			}
		})
	}
}

// Every operation except the list concerns one access token, which a fault can select.
func TestFaultNamePrefix(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{
		emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpWhoAmI, emulator.OpDeleteAccessToken,
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			srv := start(t, emulator.Options{})
			srv.Inject(emulator.Fault{Operation: operation, NamePrefix: "b", Times: -1})
			for _, name := range []string{"a b", "b 1"} {
				value := seed(t, srv, emulator.SeedToken{Name: name})
				register := createRegister(t, srv, name+" later", "USER", "1h", "")
				responses := map[string]response{
					emulator.OpCreateRegisterToken: register,
					emulator.OpWhoAmI:              whoAmI(t, srv, value),
					emulator.OpDeleteAccessToken:   remove(t, srv, name),
				}
				if register.status == http.StatusCreated {
					responses[emulator.OpRedeemRegisterToken] = redeem(t, srv, field(t, register, "register_token"))
				}
				wantStatus(t, list(t, srv), http.StatusOK)
				for other, resp := range responses {
					if failed := resp.status == http.StatusInternalServerError; failed != (other == operation && name == "b 1") {
						t.Errorf("%s of %q: got status %d", other, name, resp.status)
					}
				}
			}
		})
	}
}

func TestClearFaults(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	srv.Inject(emulator.Fault{Times: -1})
	wantStatus(t, list(t, srv), http.StatusInternalServerError)
	srv.ClearFaults()
	wantStatus(t, list(t, srv), http.StatusOK)
}

func TestInjectPanicsOnUnknownOperation(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	defer func() {
		if recover() == nil {
			t.Error("Inject did not panic")
		}
	}()
	srv.Inject(emulator.Fault{Operation: "listTokens"})
}

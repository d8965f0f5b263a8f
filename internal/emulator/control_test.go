// SPDX-License-Identifier: MPL-2.0

package emulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// listedNames returns the names in the list that an ADMIN token gets.
func listedNames(t *testing.T, srv *emulator.Server, admin string) []string {
	t.Helper()
	resp := do(t, srv, request{method: http.MethodGet, path: tokensPath, token: admin})
	wantStatus(t, resp, http.StatusOK)
	var rows []struct{ Name string }
	decode(t, resp, &rows)
	all := []string{}
	for _, row := range rows {
		all = append(all, row.Name)
	}
	return all
}

func wantNames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got tokens %q, want %q", got, want)
	}
}

// Every status can be sent after the service has handled the request, for every operation that changes something.
func TestRespondAfter(t *testing.T) {
	t.Parallel()
	statuses := []int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}
	for _, status := range statuses {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			srv := start(t, emulator.Options{})
			register := field(t, createRegister(t, srv, "redeemed", "USER", "1h", ""), "register_token")
			seed(t, srv, emulator.SeedToken{Name: "deleted"})
			srv.Inject(emulator.Fault{After: true, Status: status, Times: 3})
			wantStatus(t, createRegister(t, srv, "created", "USER", "1h", ""), status)
			wantStatus(t, redeem(t, srv, register), status)
			wantStatus(t, remove(t, srv, "deleted"), status)
			wantNames(t, names(srv.LiveTokens()), adminName, "redeemed")
			if got := len(srv.RegisterTokens()); got != 2 {
				t.Errorf("got %d register tokens, want 2", got)
			}
			wantStatus(t, redeem(t, srv, register), http.StatusForbidden)
		})
	}
}

func TestProjectsAreSeparate(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	other := seed(t, srv, emulator.SeedToken{Name: "other-admin", Role: "ADMIN", Project: "other"})
	mine := create(t, srv, "same name", "")
	registered := do(t, srv, request{
		method: http.MethodPost, path: registerPath, token: other,
		body: `{"client_name":"same name","access_ttl":"1h","token_type":"USER"}`,
	})
	theirs := field(t, redeem(t, srv, field(t, registered, "register_token")), "refresh_token")
	wantNames(t, listedNames(t, srv, srv.AdminToken()), adminName, "same name")
	wantNames(t, listedNames(t, srv, other), "other-admin", "same name")
	if a, b := field(t, whoAmI(t, srv, mine), "id"), field(t, whoAmI(t, srv, theirs), "id"); a == b {
		t.Error("both projects share a token")
	}
	wantStatus(t, remove(t, srv, "other-admin"), http.StatusNotFound)
	wantStatus(t, remove(t, srv, "same name"), http.StatusNoContent)
	wantStatus(t, whoAmI(t, srv, mine), http.StatusForbidden)
	wantStatus(t, whoAmI(t, srv, theirs), http.StatusOK)
	wantNames(t, names(srv.LiveTokens()), adminName, "other-admin", "same name")
	wantNoViolations(t, srv)
}

func TestSeedRegisterToken(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{Clock: emulator.NewClock(noon).Now})
	value, err := srv.SeedRegisterToken(emulator.SeedToken{Name: "a", Role: "ADMIN", TTL: 90 * time.Minute, Issuer: "someone@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	wantNames(t, names(srv.LiveTokens()), adminName)
	got := whoAmI(t, srv, field(t, redeem(t, srv, value), "refresh_token"))
	for key, want := range map[string]string{"name": "a", "type": "ADMIN", "issuer_name": "someone@example.com", "exp": "2026-07-01T13:30:00Z"} {
		if field(t, got, key) != want {
			t.Errorf("got %s", got.body)
		}
	}
	if _, err := srv.SeedRegisterToken(emulator.SeedToken{}); err == nil {
		t.Error("no error for an empty name")
	}
}

func TestSetHidden(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	value := create(t, srv, "a", "")
	srv.SetHidden("a", "b")
	wantNames(t, listedNames(t, srv, srv.AdminToken()), adminName)
	wantNames(t, names(srv.LiveTokens()), "a", adminName)
	wantStatus(t, whoAmI(t, srv, value), http.StatusOK)
	register := field(t, createRegister(t, srv, "a", "USER", "1h", ""), "register_token")
	wantStatus(t, redeem(t, srv, register), http.StatusConflict)
	srv.SetHidden()
	wantNames(t, listedNames(t, srv, srv.AdminToken()), "a", adminName)
	srv.SetHidden("a")
	wantStatus(t, remove(t, srv, "a"), http.StatusNoContent)
}

func TestSetStale(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock(noon)
	srv := start(t, emulator.Options{Clock: clock.Now})
	admin := srv.AdminToken()
	create(t, srv, "a", "1h")
	create(t, srv, "b", "")
	wantStatus(t, remove(t, srv, "b"), http.StatusNoContent)
	clock.Advance(time.Hour)
	first := field(t, createRegister(t, srv, "a", "ADMIN", "1h", ""), "register_token")
	wantStatus(t, redeem(t, srv, first), http.StatusCreated) // replaces the expired "a"
	for writes, want := range [][]string{
		{"a", adminName}, {"a", adminName}, {"a", "b", adminName}, {"a", adminName}, {adminName}, {}, {},
	} {
		srv.SetStale(writes)
		wantNames(t, listedNames(t, srv, admin), want...)
		role := strings.Contains(list(t, srv).body, `"name":"a","type":"ADMIN"`)
		if role != (writes == 0) {
			t.Errorf("%d writes ago: the list has the latest row of a: %t", writes, role)
		}
	}
	wantNames(t, names(srv.LiveTokens()), "a", adminName)
	srv.SetStale(0)
	wantNames(t, listedNames(t, srv, admin), "a", adminName)
}

func TestAmend(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{Clock: emulator.NewClock(noon).Now})
	value := create(t, srv, "a", "2h")
	if srv.Amend("b", func(*emulator.Token) { t.Error("another token is amended") }) {
		t.Error("a token is amended that does not exist")
	}
	if !srv.Amend("a", func(token *emulator.Token) { token.Name, token.Role, token.ExpiresAt = "b", "ADMIN", nil }) {
		t.Error("the token does not exist")
	}
	var row struct {
		Name string  `json:"name"`
		Type string  `json:"type"`
		Exp  *string `json:"exp"`
	}
	decode(t, whoAmI(t, srv, value), &row)
	if got, want := encode(t, row), `{"name":"b","type":"ADMIN","exp":null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if srv.Revoke("a") || !srv.Revoke("b") {
		t.Error("the token still has its earlier name")
	}
	wantNoViolations(t, srv)
}

func TestSetGrant(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		grant func(emulator.SeedToken) emulator.SeedToken
		ttl   string
		want  string
	}{
		"capped":           {emulator.CapLifetime(time.Hour), "2h", `"name":" a ","type":"USER","exp":"2026-07-01T13:00:00Z"`},
		"below the cap":    {emulator.CapLifetime(time.Hour), "30m", `"name":" a ","type":"USER","exp":"2026-07-01T12:30:00Z"`},
		"capped forever":   {emulator.CapLifetime(time.Hour), "", `"name":" a ","type":"USER","exp":"2026-07-01T13:00:00Z"`},
		"trimmed name":     {func(s emulator.SeedToken) emulator.SeedToken { s.Name = strings.TrimSpace(s.Name); return s }, "", `"name":"a","type":"USER","exp":null`},
		"other role":       {func(s emulator.SeedToken) emulator.SeedToken { s.Role = "ADMIN"; return s }, "", `"name":" a ","type":"ADMIN","exp":null`},
		"as asked for":     {nil, "2h", `"name":" a ","type":"USER","exp":"2026-07-01T14:00:00Z"`},
		"lifetime removed": {func(s emulator.SeedToken) emulator.SeedToken { s.TTL = 0; return s }, "2h", `"name":" a ","type":"USER","exp":null`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, emulator.Options{Clock: emulator.NewClock(noon).Now})
			srv.SetGrant(test.grant)
			var row struct {
				Name string  `json:"name"`
				Type string  `json:"type"`
				Exp  *string `json:"exp"`
			}
			decode(t, whoAmI(t, srv, create(t, srv, " a ", test.ttl)), &row)
			if got := encode(t, row); got != "{"+test.want+"}" {
				t.Errorf("got %s, want {%s}", got, test.want)
			}
			wantNoViolations(t, srv)
		})
	}
}

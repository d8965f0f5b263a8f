// SPDX-License-Identifier: MPL-2.0

package emulator_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

const adminName = "emulator-admin"

func TestStartCreatesOneAdminToken(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	me := whoAmI(t, srv, srv.AdminToken())
	wantStatus(t, me, http.StatusOK)
	var row map[string]any
	decode(t, me, &row)
	id, _ := row["id"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("id %q is not a UUID", id)
	}
	exp, present := row["exp"]
	if row["name"] != adminName || row["type"] != "ADMIN" || row["issuer_name"] != "emulator@example.com" || exp != nil || !present {
		t.Errorf("got %s", me.body)
	}
	wantNoViolations(t, srv)
}

func TestCreateAndRedeem(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock(noon.Add(300 * time.Millisecond))
	srv := start(t, emulator.Options{Clock: clock.Now})
	for name, lifetime := range map[string]string{"with a lifetime": "2h45m30s", "never expires": ""} {
		token := create(t, srv, name, lifetime)
		me := whoAmI(t, srv, token)
		wantStatus(t, me, http.StatusOK)
		want := "null"
		if lifetime != "" {
			want = `"2026-07-01T14:45:30Z"`
		}
		if !strings.Contains(me.body, `"exp":`+want) || field(t, me, "name") != name || field(t, me, "type") != "USER" {
			t.Errorf("got %s, want exp %s", me.body, want)
		}
	}
	for _, row := range srv.RegisterTokens() {
		// Whole seconds, like the Date header.
		if !row.Used || !row.CreatedAt.Equal(noon) || !row.ExpiresAt.Equal(noon.Add(time.Hour)) || row.Role != "USER" {
			t.Errorf("got register token %+v", row)
		}
	}
	want := []string{adminName, "never expires", "with a lifetime"}
	if got := names(srv.Tokens()); !slices.Equal(got, want) {
		t.Errorf("got tokens %q, want %q", got, want)
	}
	wantNoViolations(t, srv)
}

func TestIssuerComesFromTheCreatingAdmin(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	admin := seed(t, srv, emulator.SeedToken{Name: "second admin", Role: "ADMIN", Issuer: "second@example.com"})
	registered := do(t, srv, request{
		method: http.MethodPost, path: registerPath, token: admin,
		body: `{"client_name":"created by the second","access_ttl":"1h","token_type":"USER"}`,
	})
	redeemed := redeem(t, srv, field(t, registered, "register_token"))
	if got := field(t, whoAmI(t, srv, field(t, redeemed, "refresh_token")), "issuer_name"); got != "second@example.com" {
		t.Errorf("got issuer %q", got)
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	const weak = "KtoTam token does not contain the following scopes: ['ml-platform:Manage']"
	clock := emulator.NewClock(noon)
	srv := start(t, emulator.Options{Clock: clock.Now})
	user := seed(t, srv, emulator.SeedToken{Name: "user"})
	gone := seed(t, srv, emulator.SeedToken{Name: "gone", Role: "ADMIN"})
	old := seed(t, srv, emulator.SeedToken{Name: "old", Role: "ADMIN", TTL: time.Minute})
	srv.Revoke("gone")
	clock.Advance(time.Minute)
	operations := map[string]request{
		"create": {method: http.MethodPost, path: registerPath, body: `{"client_name":"a","access_ttl":"1h","token_type":"USER"}`},
		"list":   {method: http.MethodGet, path: tokensPath},
		"delete": {method: http.MethodDelete, path: tokensPath + "?token_name=a"},
		"whoami": {method: http.MethodGet, path: whoAmIPath},
	}
	tests := map[string]struct {
		token       string
		status      int
		code, field string
		whoAmIToo   bool
	}{
		"no header":     {"", http.StatusUnauthorized, "UnauthorizedException", "A bearer token is required", true},
		"unknown value": {"unknown", http.StatusForbidden, "ForbiddenException", "Forbidden", true},
		"revoked":       {gone, http.StatusForbidden, "ForbiddenException", "Forbidden", true},
		"expired":       {old, http.StatusForbidden, "ForbiddenException", "Forbidden", true},
		"weak role":     {user, http.StatusForbidden, "ForbiddenException", weak, false},
	}
	for name, test := range tests {
		for operation, r := range operations {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				r.token = test.token
				if operation == "whoami" && !test.whoAmIToo {
					wantStatus(t, do(t, srv, r), http.StatusOK)
					return
				}
				wantError(t, do(t, srv, r), test.status, test.code, test.field)
			})
		}
	}
}

func TestMalformedAuthorization(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	for name, header := range map[string]string{"no scheme": srv.AdminToken(), "other scheme": "Basic " + srv.AdminToken(), "no value": "Bearer "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.Endpoint()+whoAmIPath, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", header)
			res, err := newClient().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("got status %d", res.StatusCode)
			}
		})
	}
}

func TestRegisterTokenIsSingleUseAndExpires(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		advance time.Duration
		twice   bool
		unknown bool
		status  int
	}{
		"before expiry": {advance: time.Hour - time.Second, status: http.StatusCreated},
		"at expiry":     {advance: time.Hour, status: http.StatusForbidden},
		"after expiry":  {advance: 2 * time.Hour, status: http.StatusForbidden},
		"second use":    {twice: true, status: http.StatusForbidden},
		"unknown":       {unknown: true, status: http.StatusForbidden},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := emulator.NewClock(noon)
			srv := start(t, emulator.Options{Clock: clock.Now})
			value := field(t, createRegister(t, srv, "a", "USER", "1h", ""), "register_token")
			if test.unknown {
				value += "x"
			}
			if test.twice {
				wantStatus(t, redeem(t, srv, value), http.StatusCreated)
				// Frees the name, so that the used register token is the only reason to fail.
				wantStatus(t, remove(t, srv, "a"), http.StatusNoContent)
			}
			clock.Advance(test.advance)
			got := redeem(t, srv, value)
			wantStatus(t, got, test.status)
			if test.status == http.StatusForbidden {
				wantError(t, got, test.status, "ForbiddenException", "Register token is unknown, used or expired")
			}
		})
	}
}

func TestNameIsUniqueAmongLiveTokens(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock(noon)
	srv := start(t, emulator.Options{Clock: clock.Now})

	// A register token does not reserve the name, so both can be created.
	first := field(t, createRegister(t, srv, "a", "USER", "2h", "1h"), "register_token")
	second := field(t, createRegister(t, srv, "a", "ADMIN", "2h", ""), "register_token")
	old := field(t, redeem(t, srv, first), "refresh_token")
	wantError(t, redeem(t, srv, second), http.StatusConflict, "ConflictException", "")
	if rows := srv.RegisterTokens(); !rows[0].Used || rows[1].Used {
		t.Errorf("the rejected register token must stay unused: %+v", rows)
	}

	// An expired token does not block its name.
	clock.Advance(time.Hour)
	wantStatus(t, redeem(t, srv, second), http.StatusCreated)
	wantError(t, whoAmI(t, srv, old), http.StatusForbidden, "ForbiddenException", "Forbidden")

	// The expired token was replaced, not hidden.
	clock.Advance(-time.Hour)
	wantError(t, whoAmI(t, srv, old), http.StatusForbidden, "ForbiddenException", "Forbidden")
	if rows := srv.Tokens(); len(rows) != 2 || rows[0].Name != "a" || rows[0].Role != "ADMIN" || rows[0].ExpiresAt != nil {
		t.Errorf("got tokens %+v", rows)
	}
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	for lifetime, valid := range map[string]bool{
		"1s": true, "90m": true, "720h": true, "2h45m30s": true, "0h0m1s": true, "2h30s": true, "2562047h": true,
		"": false, "0s": false, "0h0m0s": false, "-1h": false, "+1h": false, "1.5h": false, "500ms": false, "2h 30m": false,
		"30m2h": false, "1h1h": false, "30d": false, "2": false, "h": false, "1H": false, " 1h": false, "1h\n": false,
		"9999999h": false, "99999999999999999999s": false,
	} {
		t.Run(lifetime, func(t *testing.T) {
			t.Parallel()
			if !valid {
				wantError(t, createRegister(t, srv, "a", "USER", lifetime, ""), http.StatusBadRequest, "BadRequestException", "")
				if lifetime != "" {
					wantError(t, createRegister(t, srv, "a", "USER", "1h", lifetime), http.StatusBadRequest, "BadRequestException", "")
				}
				return
			}
			wantStatus(t, createRegister(t, srv, "a", "USER", lifetime, lifetime), http.StatusCreated)
		})
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	value := create(t, srv, "a", "")
	wantStatus(t, remove(t, srv, "a"), http.StatusNoContent)
	wantError(t, whoAmI(t, srv, value), http.StatusForbidden, "ForbiddenException", "Forbidden")
	wantError(t, remove(t, srv, "a"), http.StatusNotFound, "NotFoundException", "")
	wantNoViolations(t, srv)
	wantError(t, remove(t, srv, ""), http.StatusBadRequest, "BadRequestException", "")
	noName := request{method: http.MethodDelete, path: tokensPath, token: srv.AdminToken()}
	wantError(t, do(t, srv, noName), http.StatusBadRequest, "BadRequestException", "")

	// The last ADMIN token can be deleted.
	wantStatus(t, remove(t, srv, adminName), http.StatusNoContent)
	wantStatus(t, list(t, srv), http.StatusForbidden)
}

func TestNames(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	for test, name := range map[string]string{
		"space": "my token", "slash": "team/a/b", "question mark": "what?", "percent": "100%", "escape": "%2F", "plus": "a+b",
		"ampersand": "a&token_name=b", "Cyrillic": "токен для Spark", "quote": `say "hi" \ 'there'`, "comma": "a,b", "semicolon": "a;b",
		"hash": "#1", "brackets": "a[0]={b}", "number": "42", "null": "null", "dots": "../..", "line": "a\nb", "markup": "<a>", "blank": " ",
	} {
		t.Run(test, func(t *testing.T) {
			t.Parallel()
			value := create(t, srv, name, "")
			if got := field(t, whoAmI(t, srv, value), "name"); got != name {
				t.Errorf("got name %q, want %q", got, name)
			}
			if !slices.Contains(names(srv.LiveTokens()), name) {
				t.Errorf("%q is not in the list", name)
			}
			wantStatus(t, remove(t, srv, name), http.StatusNoContent)
		})
	}
	t.Cleanup(func() { wantNoViolations(t, srv) })
}

func TestHideExpired(t *testing.T) {
	t.Parallel()
	for name, hide := range map[string]bool{"kept": false, "hidden": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := emulator.NewClock(noon)
			srv := start(t, emulator.Options{Clock: clock.Now, HideExpired: hide})
			seed(t, srv, emulator.SeedToken{Name: "a", TTL: time.Hour})
			check := func(inList, live bool) {
				t.Helper()
				if got := strings.Contains(list(t, srv).body, `"name":"a"`); got != inList {
					t.Errorf("in the list: %t, want %t", got, inList)
				}
				if got := slices.Contains(names(srv.Tokens()), "a"); got != inList {
					t.Errorf("in Tokens: %t, want %t", got, inList)
				}
				if got := slices.Contains(names(srv.LiveTokens()), "a"); got != live {
					t.Errorf("in LiveTokens: %t, want %t", got, live)
				}
			}
			check(true, true)
			clock.Set(noon.Add(time.Hour - time.Nanosecond))
			check(true, true)
			clock.Set(noon.Add(time.Hour))
			check(!hide, false)
			srv.SetHideExpired(!hide)
			check(hide, false)
			srv.SetHideExpired(hide)
			status := http.StatusNoContent
			if hide {
				status = http.StatusNotFound
			}
			wantStatus(t, remove(t, srv, "a"), status)
		})
	}
}

func TestSeedAndRevoke(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	row, value, err := srv.Seed(emulator.SeedToken{Name: "a", Role: "USER", Issuer: "someone@example.com"})
	if err != nil || row.Name != "a" || row.Role != "USER" || row.IssuerName != "someone@example.com" || row.ExpiresAt != nil {
		t.Fatalf("got %+v, %v", row, err)
	}
	wantStatus(t, whoAmI(t, srv, value), http.StatusOK)
	for name, bad := range map[string]emulator.SeedToken{"name taken": {Name: "a"}, "no name": {}, "unknown role": {Name: "b", Role: "Owner"}} {
		if _, _, err := srv.Seed(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if !srv.Revoke("a") || srv.Revoke("a") {
		t.Error("Revoke must return true once")
	}
	expired := seed(t, srv, emulator.SeedToken{Name: "expired", TTL: -time.Hour})
	wantStatus(t, whoAmI(t, srv, expired), http.StatusForbidden)
}

func TestIssuedValues(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{})
	seeded := seed(t, srv, emulator.SeedToken{Name: "seeded"})
	register := field(t, createRegister(t, srv, "a", "USER", "1h", ""), "register_token")
	access := field(t, redeem(t, srv, register), "refresh_token")
	got, want := srv.IssuedValues(), []string{srv.AdminToken(), seeded, register, access}
	if !slices.Equal(got, want) {
		t.Errorf("got %d values, want these %d", len(got), len(want))
	}
	form := regexp.MustCompile(`^emulated-(access|register)/[0-9a-f]{32}\+==$`)
	for _, value := range got {
		if !form.MatchString(value) {
			t.Errorf("a value does not match %s", form)
		}
	}
	if !strings.HasPrefix(register, "emulated-register/") || !strings.HasPrefix(access, "emulated-access/") {
		t.Error("the prefix of a value does not match its kind")
	}
}

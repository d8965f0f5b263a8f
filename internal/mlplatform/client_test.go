// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// noon is the time at which the clocks of the tests start.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestTokenLifecycle(t *testing.T) {
	t.Parallel()
	for _, role := range []mlplatform.Role{mlplatform.RoleUser, mlplatform.RoleAdmin} {
		for _, lifetime := range []time.Duration{0, time.Second, 90 * time.Minute, 30 * 24 * time.Hour} {
			t.Run(fmt.Sprint(role, lifetime), func(t *testing.T) {
				t.Parallel()
				clock := emulator.NewClock(noon)
				server, admin := start(t, emulator.Options{Clock: clock.Now}, mlplatform.Config{UserAgent: "test-agent/1"})

				register, err := admin.CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
					AccessTokenName: "a token", Role: role, AccessTokenLifetime: lifetime, Lifetime: time.Hour,
				})
				if err != nil {
					t.Fatal(err)
				}
				if register.Value == "" || !near(register.CreatedAt, noon) {
					t.Errorf("got a register token with %d bytes, created at %v", len(register.Value), register.CreatedAt)
				}
				value, err := admin.RedeemRegisterToken(t.Context(), register.Value)
				if err != nil {
					t.Fatal(err)
				}
				got, err := admin.WithToken(value).WhoAmI(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want := mlplatform.AccessToken{Name: "a token", Role: role, IssuerName: "emulator@example.com"}
				if lifetime != 0 {
					want.ExpiresAt = noon.Add(lifetime)
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(mlplatform.AccessToken{}, "ID")); diff != "" || got.ID == "" {
					t.Errorf("id %q, -want +got:\n%s", got.ID, diff)
				}
				list, err := admin.ListAccessTokens(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if listed, _ := list.ByID(got.ID); listed != got || len(list.Tokens) != 2 || !near(list.AsOf, noon) {
					t.Errorf("got the list %v as of %v", list.Tokens, list.AsOf)
				}
				if err := admin.DeleteAccessToken(t.Context(), "a token"); err != nil {
					t.Fatal(err)
				}
				if err := admin.DeleteAccessToken(t.Context(), "a token"); !mlplatform.IsNotFound(err) {
					t.Errorf("deleting it again: got error %v", err)
				}
				if _, err := admin.WithToken(value).WhoAmI(t.Context()); !mlplatform.IsUnauthorized(err) {
					t.Errorf("using the deleted token: got error %v", err)
				}
				for _, request := range server.Journal() {
					if request.UserAgent != "test-agent/1" {
						t.Errorf("%s has the user agent %q", request.Operation, request.UserAgent)
					}
				}
			})
		}
	}
}

// near tolerates the time between a response and reading the clock.
func near(got, want time.Time) bool {
	return got.Location() == time.UTC && got.Nanosecond() == 0 && got.Sub(want).Abs() <= 2*time.Second
}

func TestUnusualNames(t *testing.T) {
	t.Parallel()
	names := []string{
		"plain", " ", "  leading and trailing  ", "a/b", "/", "../..", "a?b=c", "?", "100%", "%2F", "%", "%zz", "a+b", "+",
		"a&b=c", "&token_name=other", "a=b", "a#b", "a;b", "a,b", `"quoted"`, `back\slash`, "'", "`", "<b>", "{}", "[]", "$", "~",
		"ключ для Spark", "имя/с косой чертой?", "令牌", "🔑", "👩‍🔬", "e\u0301", "\u00e9", "\u202eright to left", "line\nend", "tab\t",
		"null", "undefined", ".", "..", "-", "--help", strings.Repeat("long ", 200),
	}
	server, admin := start(t, emulator.Options{}, mlplatform.Config{})
	for _, name := range names {
		if _, err := admin.RedeemRegisterToken(t.Context(), newRegisterToken(t, admin, name)); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
	}
	for left := slices.Clone(names); len(left) > 0; left = left[1:] {
		list, err := admin.ListAccessTokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := sortedNames(list); !slices.Equal(got, slices.Sorted(slices.Values(append([]string{"emulator-admin"}, left...)))) {
			t.Fatalf("got %q, want %q and the ADMIN token", got, left)
		}
		if err := admin.DeleteAccessToken(t.Context(), left[0]); err != nil {
			t.Errorf("%q: %v", left[0], err)
		}
	}
	if live := server.LiveTokens(); len(live) != 1 {
		t.Errorf("live tokens are %v", live)
	}
}

func sortedNames(list mlplatform.AccessTokenList) []string {
	var names []string
	for _, token := range list.Tokens {
		names = append(names, token.Name)
	}
	slices.Sort(names)
	return names
}

func TestDeleteSendsOnlyTheName(t *testing.T) {
	t.Parallel()
	server, seen := serve(t, respond(http.StatusNoContent, "", ""))
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	for _, name := range []string{"a b/c?d%2F+e&token_name=f#g;h ключ 🔑", "&", "a,b", "\x00", "\xff"} {
		if err := client.DeleteAccessToken(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		requests := seen.all()
		if diff := cmp.Diff(url.Values{"token_name": {name}}, requests[len(requests)-1].URL.Query()); diff != "" {
			t.Errorf("query, -want +got:\n%s", diff)
		}
	}
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	server, admin := start(t, emulator.Options{}, mlplatform.Config{MaxRetries: 3})
	anonymous := admin.WithToken("")
	if anonymous.HasToken() || anonymous.UsesToken("") || !admin.HasToken() {
		t.Error("HasToken or UsesToken is wrong")
	}
	for name, op := range operations() {
		if name == "redeem" {
			continue
		}
		err := op.call(t.Context(), anonymous)
		var failure *mlplatform.Error
		if !errors.Is(err, mlplatform.ErrNoToken) || !errors.As(err, &failure) || failure.OutcomeUnknown() {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	if _, err := anonymous.AccessTokens(t.Context()); !errors.Is(err, mlplatform.ErrNoToken) {
		t.Errorf("got error %v", err)
	}
	if got := requests(server); got != "" {
		t.Errorf("the requests were %s", got)
	}
	if value, err := anonymous.RedeemRegisterToken(t.Context(), newRegisterToken(t, admin, "redeemed without a token")); err != nil || value == "" {
		t.Errorf("redeeming without a token: got error %v", err)
	}
}

func TestUsesToken(t *testing.T) {
	t.Parallel()
	client := newClient(t, mlplatform.Config{Endpoint: mlplatform.DefaultEndpoint, Token: "one"})
	other := client.WithToken("two")
	if !client.UsesToken("one") || client.UsesToken("two") || client.UsesToken("") || !other.UsesToken("two") || other.UsesToken("one") {
		t.Error("UsesToken is wrong")
	}
}

func TestUserTokenIsNotSufficient(t *testing.T) {
	t.Parallel()
	server, admin := start(t, emulator.Options{}, mlplatform.Config{})
	user := admin.WithToken(seed(t, server, emulator.SeedToken{Name: "user", Role: "USER"}))
	for name, op := range operations() {
		if name == "redeem" {
			continue
		}
		err := op.call(t.Context(), user)
		if name == "who am I" {
			if err != nil {
				t.Errorf("describing the USER token: got error %v", err)
			}
			continue
		}
		var failure *mlplatform.Error
		if !errors.As(err, &failure) || !failure.MissingScope || !mlplatform.IsUnauthorized(err) || failure.OutcomeUnknown() {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestInvalidToken(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*emulator.Server, *emulator.Clock){
		"expired": func(_ *emulator.Server, clock *emulator.Clock) { clock.Advance(time.Hour) },
		"revoked": func(server *emulator.Server, _ *emulator.Clock) { server.Revoke("admin") },
		"expired and not listed": func(server *emulator.Server, clock *emulator.Clock) {
			clock.Advance(time.Hour)
			server.SetHideExpired(true)
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := emulator.NewClock(noon)
			server, first := start(t, emulator.Options{Clock: clock.Now}, mlplatform.Config{})
			client := first.WithToken(seed(t, server, emulator.SeedToken{Name: "admin", Role: "ADMIN", TTL: time.Hour}))
			clock.Advance(time.Hour - time.Second)
			if _, err := client.WhoAmI(t.Context()); err != nil {
				t.Fatal(err)
			}
			clock.Advance(-time.Hour + time.Second)
			end(server, clock)
			for name, op := range operations() {
				if name == "redeem" {
					continue
				}
				err := op.call(t.Context(), client)
				var failure *mlplatform.Error
				if !errors.As(err, &failure) || failure.MissingScope || !mlplatform.IsUnauthorized(err) {
					t.Errorf("%s: got error %v", name, err)
				}
			}
		})
	}
}

func TestRegisterTokenIsValidOnceUntilItExpires(t *testing.T) {
	t.Parallel()
	clock := emulator.NewClock(noon)
	server, admin := start(t, emulator.Options{Clock: clock.Now}, mlplatform.Config{})
	request := mlplatform.RegisterTokenRequest{AccessTokenName: "once", Role: mlplatform.RoleUser, Lifetime: time.Minute}
	register, err := admin.CreateRegisterToken(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.RedeemRegisterToken(t.Context(), register.Value); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.RedeemRegisterToken(t.Context(), register.Value); !mlplatform.IsUnauthorized(err) {
		t.Errorf("redeeming it again: got error %v", err)
	}
	again, err := admin.CreateRegisterToken(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.RedeemRegisterToken(t.Context(), again.Value); !mlplatform.IsConflict(err) {
		t.Errorf("with a taken name: got error %v", err)
	}
	clock.Advance(time.Minute)
	server.Revoke("once")
	if _, err := admin.RedeemRegisterToken(t.Context(), again.Value); !mlplatform.IsUnauthorized(err) {
		t.Errorf("with an expired register token: got error %v", err)
	}
}

func TestServiceClock(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day behind": -24 * time.Hour, "synchronous": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := func() time.Time { return time.Now().Add(skew) }
			server, client := start(t, emulator.Options{Clock: now}, mlplatform.Config{})
			other := client.WithToken(seed(t, server, emulator.SeedToken{Name: "lives an hour", TTL: time.Hour}))
			if got := client.Now(); !near(got, time.Now().UTC()) {
				t.Errorf("before any response, Now returned %v", got)
			}
			list, err := client.ListAccessTokens(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for what, got := range map[string]time.Time{"client": client.Now(), "other client": other.Now(), "list": list.AsOf} {
				if !near(got, now().UTC()) {
					t.Errorf("the %s has the time %v, the service has %v", what, got, now().UTC())
				}
			}
			token, found := list.ByName("lives an hour")
			if !found || token.Expired(list.AsOf) || !token.Expired(list.AsOf.Add(time.Hour+time.Second)) {
				t.Errorf("Expired is wrong for %v", token)
			}
		})
	}
}

// A response without a usable Date leaves the estimate as it is.
func TestServiceClockWithoutADate(t *testing.T) {
	t.Parallel()
	dates := []string{"Wed, 01 Jul 2026 12:00:00 GMT", "", "yesterday", "2026-07-01T12:00:00Z"}
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
		w.Header()["Date"] = []string{dates[number-1]}
		respond(http.StatusOK, "application/json", "[]")(w, r, number)
	})
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	for _, date := range dates {
		if list, err := client.ListAccessTokens(t.Context()); err != nil || !near(list.AsOf, noon) {
			t.Errorf("after Date %q: got %v, error %v", date, list.AsOf, err)
		}
	}
}

// A success whose body is not in the contract is an error with an unknown outcome.
func TestMalformedSuccess(t *testing.T) {
	t.Parallel()
	const jsonType = "application/json"
	tests := map[string]struct {
		operation   string
		status      int
		contentType string
		body        string
		want        string
	}{
		"page":                 {"list", 200, "text/html; charset=utf-8", "<html>canary</html>", "the body (text/html) is not the expected JSON"},
		"unknown type":         {"list", 200, "", "\x00canary", "is not the expected JSON"},
		"empty":                {"list", 200, jsonType, "", "the body (application/json) is not the expected JSON"},
		"truncated JSON":       {"list", 200, jsonType, `[{"id":"canary"`, "is not the expected JSON"},
		"empty creation":       {"create", 204, "", "", "the body (of an unknown type) is not the expected JSON"},
		"list with 204":        {"list", 204, "", "", "status 200 was expected"},
		"list with 201":        {"list", 201, jsonType, `[]`, "status 200 was expected"},
		"part of a list":       {"list", 206, jsonType, `[]`, "status 200 was expected"},
		"no register token":    {"create", 201, jsonType, `{"token":"canary"}`, `the required key "register_token" is missing or empty`},
		"empty register token": {"create", 201, jsonType, `{"register_token":""}`, `the required key "register_token" is missing or empty`},
		"null register token":  {"create", 201, jsonType, `null`, `the required key "register_token" is missing or empty`},
		"number for a token":   {"create", 201, jsonType, `{"register_token":7}`, `the key "register_token" has the wrong type`},
		"no access token":      {"redeem", 201, jsonType, `{"register_token":"canary"}`, `the required key "refresh_token" is missing or empty`},
		"list for an object":   {"redeem", 201, jsonType, `["canary"]`, "is not the expected JSON"},
		"object for an object": {"redeem", 201, jsonType, `{"refresh_token":{"canary":"canary"}}`, `the key "refresh_token" has the wrong type`},
		"list for a token":     {"who am I", 200, jsonType, `[]`, "is not the expected JSON"},
		"empty object":         {"who am I", 200, jsonType, `{}`, `the required key "id" is missing or empty`},
		"bad expiry":           {"who am I", 200, jsonType, `{"id":"1","name":"n","type":"USER","issuer_name":"i","exp":"canary"}`, `the key "exp" is neither null nor a time nor Unix seconds`},
		"page for a deletion":  {"delete", 200, "text/html", "<html>canary</html>", "the body (text/html) is not the expected JSON"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, seen := serve(t, respond(test.status, test.contentType, test.body))
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 3})
			err := operations()[test.operation].call(t.Context(), client)
			wantErrorWithoutCanary(t, err)
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want: %s", err, test.want)
			}
			var failure *mlplatform.Error
			if !errors.As(err, &failure) || failure.Status != test.status || !failure.OutcomeUnknown() {
				t.Errorf("got the error %#v", failure)
			}
			seen.want(t, 1)
		})
	}
}

// A value that is not valid in a header is refused before a request, without retries, and the error does not contain it.
func TestTokenThatIsNoHeaderValue(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	server, admin := start(t, emulator.Options{}, mlplatform.Config{MaxRetries: 3, Log: func(_ context.Context, attempt mlplatform.Attempt) {
		attempts.Add(1)
	}})
	for _, value := range []mlplatform.Secret{canary + "\n", canary + "\r\nX-Other: 1", "\x00" + canary} {
		for name, op := range operations() {
			if name == "redeem" {
				continue
			}
			err := op.call(t.Context(), admin.WithToken(value))
			wantErrorWithoutCanary(t, err)
			if !strings.Contains(err.Error(), `"Authorization"`) || mlplatform.IsOutcomeUnknown(err) {
				t.Errorf("%s: got error %v", name, err)
			}
		}
	}
	if got := int(attempts.Load()); got != 3*(len(operations())-1) {
		t.Errorf("got %d attempts", got)
	}
	if got := requests(server); got != "" {
		t.Errorf("the requests were %s", got)
	}
}

func TestWrongEndpoint(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { http.NotFound(w, r) })
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	for name, op := range operations() {
		err := op.call(t.Context(), client)
		wantErrorWithoutCanary(t, err)
		if mlplatform.IsNotFound(err) || !strings.Contains(err.Error(), "not in the service's error format") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	server, client := start(t, emulator.Options{}, mlplatform.Config{})
	done := make(chan error)
	const callers = 20
	for i := range callers {
		go func() {
			name := fmt.Sprintf("token %d", i)
			value, err := client.MintAccessToken(t.Context(), mlplatform.MintRequest{Name: name, Role: mlplatform.RoleUser})
			if err == nil {
				_, err = client.WithToken(value).WhoAmI(t.Context())
			}
			if err == nil {
				err = client.DeleteAccessToken(t.Context(), name)
			}
			done <- err
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if live := server.LiveTokens(); len(live) != 1 {
		t.Errorf("live tokens are %v", live)
	}
}

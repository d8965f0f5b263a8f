// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// noon is where the clocks of the tests start.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestLifeOfAToken(t *testing.T) {
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
					t.Errorf("the register token has %d bytes and was made at %v", len(register.Value), register.CreatedAt)
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
					t.Errorf("as of %v the list is %v", list.AsOf, list.Tokens)
				}
				if err := admin.DeleteAccessToken(t.Context(), "a token"); err != nil {
					t.Fatal(err)
				}
				if err := admin.DeleteAccessToken(t.Context(), "a token"); !mlplatform.IsNotFound(err) {
					t.Errorf("the second deletion: %v", err)
				}
				if _, err := admin.WithToken(value).WhoAmI(t.Context()); !mlplatform.IsUnauthorized(err) {
					t.Errorf("the deleted token works: %v", err)
				}
				for _, request := range server.Journal() {
					if request.UserAgent != "test-agent/1" {
						t.Errorf("%s came from %q", request.Operation, request.UserAgent)
					}
				}
			})
		}
	}
}

// near allows for the second that passes between an answer and the look at the clock.
func near(got, want time.Time) bool {
	return got.Location() == time.UTC && got.Nanosecond() == 0 && got.Sub(want).Abs() <= 2*time.Second
}

func TestNamesOfAllKinds(t *testing.T) {
	t.Parallel()
	names := []string{
		"plain", " ", "  leading and trailing  ", "a/b", "/", "../..", "a?b=c", "?", "100%", "%2F", "%", "%zz", "a+b", "+",
		"a&b=c", "&token_name=other", "a=b", "a#b", "a;b", "a,b", `"quoted"`, `back\slash`, "'", "`", "<b>", "{}", "[]", "$", "~",
		"ключ для Spark", "имя/с косой чертой?", "令牌", "🔑", "👩‍🔬", "e\u0301", "\u00e9", "\u202eright to left", "line\nend", "tab\t",
		"null", "undefined", ".", "..", "-", "--help", strings.Repeat("long ", 200),
	}
	server, admin := start(t, emulator.Options{}, mlplatform.Config{})
	for _, name := range names {
		if _, err := admin.RedeemRegisterToken(t.Context(), promise(t, admin, name)); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
	}
	for left := slices.Clone(names); len(left) > 0; left = left[1:] {
		list, err := admin.ListAccessTokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := sortedNames(list); !slices.Equal(got, slices.Sorted(slices.Values(append([]string{"emulator-admin"}, left...)))) {
			t.Fatalf("listed %q, want %q and the ADMIN token", got, left)
		}
		if err := admin.DeleteAccessToken(t.Context(), left[0]); err != nil {
			t.Errorf("%q: %v", left[0], err)
		}
	}
	if live := server.LiveTokens(); len(live) != 1 {
		t.Errorf("left are %v", live)
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

func TestDeletionSendsTheNameAlone(t *testing.T) {
	t.Parallel()
	server, seen := serve(t, answer(http.StatusNoContent, "", ""))
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
		t.Errorf("requests were made: %s", got)
	}
	if value, err := anonymous.RedeemRegisterToken(t.Context(), promise(t, admin, "of nobody")); err != nil || value == "" {
		t.Errorf("redeeming without a token: %v", err)
	}
}

func TestUsesToken(t *testing.T) {
	t.Parallel()
	client := newClient(t, mlplatform.Config{Endpoint: mlplatform.DefaultEndpoint, Token: "one"})
	other := client.WithToken("two")
	if !client.UsesToken("one") || client.UsesToken("two") || client.UsesToken("") || !other.UsesToken("two") || other.UsesToken("one") {
		t.Error("a client takes another token for its own")
	}
}

func TestWeakRole(t *testing.T) {
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
				t.Errorf("a USER token cannot ask what it is: %v", err)
			}
			continue
		}
		var failure *mlplatform.Error
		if !errors.As(err, &failure) || !failure.MissingScope || !mlplatform.IsUnauthorized(err) || failure.OutcomeUnknown() {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestTokenThatWorksNoMore(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*emulator.Server, *emulator.Clock){
		"expired": func(_ *emulator.Server, clock *emulator.Clock) { clock.Advance(time.Hour) },
		"revoked": func(server *emulator.Server, _ *emulator.Clock) { server.Revoke("admin") },
		"expired and dropped": func(server *emulator.Server, clock *emulator.Clock) {
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

func TestRegisterTokenWorksOnceAndInTime(t *testing.T) {
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
		t.Errorf("the second redemption: %v", err)
	}
	again, err := admin.CreateRegisterToken(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.RedeemRegisterToken(t.Context(), again.Value); !mlplatform.IsConflict(err) {
		t.Errorf("a name that is taken: %v", err)
	}
	clock.Advance(time.Minute)
	server.Revoke("once")
	if _, err := admin.RedeemRegisterToken(t.Context(), again.Value); !mlplatform.IsUnauthorized(err) {
		t.Errorf("an expired register token: %v", err)
	}
}

func TestClockOfTheService(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day behind": -24 * time.Hour, "in step": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := func() time.Time { return time.Now().Add(skew) }
			server, client := start(t, emulator.Options{Clock: now}, mlplatform.Config{})
			other := client.WithToken(seed(t, server, emulator.SeedToken{Name: "lives an hour", TTL: time.Hour}))
			if got := client.Now(); !near(got, time.Now().UTC()) {
				t.Errorf("before any answer the time is %v", got)
			}
			list, err := client.ListAccessTokens(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for what, got := range map[string]time.Time{"client": client.Now(), "other client": other.Now(), "list": list.AsOf} {
				if !near(got, now().UTC()) {
					t.Errorf("by the %s it is %v, by the service %v", what, got, now().UTC())
				}
			}
			token, found := list.ByName("lives an hour")
			if !found || token.Expired(list.AsOf) || !token.Expired(list.AsOf.Add(time.Hour+time.Second)) {
				t.Errorf("expiry of %v is misjudged", token)
			}
		})
	}
}

// TestClockKeepsWhatItKnows is about answers whose Date is of no use.
func TestClockKeepsWhatItKnows(t *testing.T) {
	t.Parallel()
	dates := []string{"Wed, 01 Jul 2026 12:00:00 GMT", "", "yesterday", "2026-07-01T12:00:00Z"}
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
		w.Header()["Date"] = []string{dates[number-1]}
		answer(http.StatusOK, "application/json", "[]")(w, r, number)
	})
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	for _, date := range dates {
		if list, err := client.ListAccessTokens(t.Context()); err != nil || !near(list.AsOf, noon) {
			t.Errorf("after Date %q it is %v, error %v", date, list.AsOf, err)
		}
	}
}

// TestUnusableSuccesses is about answers that claim success and are not what the contract says.
func TestUnusableSuccesses(t *testing.T) {
	t.Parallel()
	const jsonType = "application/json"
	tests := map[string]struct {
		operation   string
		status      int
		contentType string
		body        string
		want        string
	}{
		"page":                  {"list", 200, "text/html; charset=utf-8", "<html>canary</html>", "the body (text/html) is not the JSON that was expected"},
		"unknown type":          {"list", 200, "", "\x00canary", "is not the JSON that was expected"},
		"empty":                 {"list", 200, jsonType, "", "the body (application/json) is not the JSON that was expected"},
		"truncated JSON":        {"list", 200, jsonType, `[{"id":"canary"`, "is not the JSON that was expected"},
		"accepted":              {"create", 202, jsonType, `{"register_token":"canary"}`, "status 201 was expected"},
		"no content":            {"list", 204, "", "", "status 200 was expected"},
		"created":               {"list", 201, jsonType, `[]`, "status 200 was expected"},
		"no register token":     {"create", 201, jsonType, `{"token":"canary"}`, `the required key "register_token" is missing or empty`},
		"empty register token":  {"create", 201, jsonType, `{"register_token":""}`, `the required key "register_token" is missing or empty`},
		"null register token":   {"create", 201, jsonType, `null`, `the required key "register_token" is missing or empty`},
		"number for a token":    {"create", 201, jsonType, `{"register_token":7}`, `the key "register_token" has the wrong type`},
		"no access token":       {"redeem", 201, jsonType, `{"register_token":"canary"}`, `the required key "refresh_token" is missing or empty`},
		"list for an object":    {"redeem", 201, jsonType, `["canary"]`, "is not the JSON that was expected"},
		"object for an object":  {"redeem", 201, jsonType, `{"refresh_token":{"canary":"canary"}}`, `the key "refresh_token" has the wrong type`},
		"list of who I am":      {"who am I", 200, jsonType, `[]`, "is not the JSON that was expected"},
		"nobody":                {"who am I", 200, jsonType, `{}`, `the required key "id" is missing or empty`},
		"bad expiry":            {"who am I", 200, jsonType, `{"id":"1","name":"n","type":"USER","issuer_name":"i","exp":"canary"}`, `the key "exp" is neither null nor an RFC 3339 time nor Unix seconds`},
		"success of a deletion": {"delete", 200, jsonType, `{}`, "status 204 was expected"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, seen := serve(t, answer(test.status, test.contentType, test.body))
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 3})
			err := operations()[test.operation].call(t.Context(), client)
			wantErrorWithoutCanary(t, err)
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error lacks %q: %v", test.want, err)
			}
			var failure *mlplatform.Error
			if !errors.As(err, &failure) || failure.Status != test.status || !failure.OutcomeUnknown() {
				t.Errorf("status or outcome of the error is wrong: %#v", failure)
			}
			if len(seen.all()) != 1 {
				t.Errorf("%d requests came", len(seen.all()))
			}
		})
	}
}

// TestTokenThatFitsNoHeader shows that a value which HTTP cannot carry is not repeated either.
func TestTokenThatFitsNoHeader(t *testing.T) {
	t.Parallel()
	server, admin := start(t, emulator.Options{}, mlplatform.Config{})
	for _, value := range []mlplatform.Secret{canary + "\n", canary + "\r\nX-Other: 1", "\x00" + canary} {
		for name, op := range operations() {
			if name == "redeem" {
				continue
			}
			err := op.call(t.Context(), admin.WithToken(value))
			wantErrorWithoutCanary(t, err)
			if !strings.Contains(err.Error(), `"Authorization"`) {
				t.Errorf("%s: got error %v", name, err)
			}
		}
	}
	if got := requests(server); got != "" {
		t.Errorf("requests were made: %s", got)
	}
}

func TestWrongEndpoint(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { http.NotFound(w, r) })
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	for name, op := range operations() {
		err := op.call(t.Context(), client)
		wantErrorWithoutCanary(t, err)
		if mlplatform.IsNotFound(err) || !strings.Contains(err.Error(), "without the service's error envelope") {
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
		t.Errorf("left are %v", live)
	}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// warnings collects what a client warns about.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

func (w *warnings) add(_ context.Context, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

func (w *warnings) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.texts, "\n")
}

// Every spelling of the emulator is read, and reported once.
func TestDialects(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"created-200":     {"create a register token: status 200 where the contract says 201", "redeem a register token: status 200 where the contract says 201"},
		"created-202":     {"create a register token: status 202 where the contract says 201", "redeem a register token: status 202 where the contract says 201"},
		"delete-200-body": {"delete an access token: status 200 where the contract says 204"},
		"exp-no-offset":   {"the exp of a token has no offset; it counts as UTC"},
		"exp-space":       {"the exp of a token has a space instead of T"},
		"exp-fraction":    nil,
		"exp-unix":        nil,
		"exp-float":       {"the exp of a token is a number with a fraction"},
		"exp-absent":      {"a token has no exp; it counts as one that never expires"},
		"issuer-null":     {"a token has no issuer_name"},
		"issuer-absent":   {"a token has no issuer_name"},
		"id-number":       {"the id of a token is a number"},
		"extra-keys":      nil,
		"role-lowercase":  {"the role of a token is not in upper case"},
		"error-slip":      {"an error has the keys warnorCode and warnorParams"},
		"error-detail":    {"an error has the key detail instead of errorCode"},
		"no-date":         {"the response has no Date header; expiry is judged by the clock of this machine"},
		"bad-row":         {"the list of access tokens has rows that cannot be read"},
		"":                nil,
		"all":             {"the list of access tokens has rows that cannot be read", "the id of a token is a number"},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialect, err := emulator.ParseDialect(name)
			if err != nil {
				t.Fatal(err)
			}
			var reported warnings
			server, client := start(t, emulator.Options{Dialect: dialect}, mlplatform.Config{Warn: reported.add})
			for range 2 {
				wantLifecycle(t, server, client)
			}
			got := reported.all()
			for _, text := range want {
				if strings.Count(got, text) != 1 {
					t.Errorf("want one warning %q, got:\n%s", text, got)
				}
			}
			if len(want) == 0 && got != "" {
				t.Errorf("got warnings:\n%s", got)
			}
		})
	}
	for name := range strings.SplitSeq(emulator.AllDialects.String(), ",") {
		if _, ok := tests[name]; !ok {
			t.Errorf("the dialect %s has no test", name)
		}
	}
}

// wantLifecycle creates, describes, lists and deletes a token, with errors in between.
func wantLifecycle(t *testing.T, server *emulator.Server, client *mlplatform.Client) {
	t.Helper()
	value, err := client.MintAccessToken(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	token, err := client.Describe(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	wantExpiry := time.Now().Add(wanted.Lifetime)
	if token.Name != wanted.Name || token.Role != wanted.Role || token.ExpiresAt.Sub(wantExpiry).Abs() > time.Minute {
		t.Errorf("got %v", token)
	}
	list, err := client.FreshAccessTokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if listed, found := list.ByID(token.ID); !found || listed != token {
		t.Errorf("the list has %v, whoami returned %v", listed, token)
	}
	if admin, found := list.ByName("emulator-admin"); !found || !admin.ExpiresAt.IsZero() || admin.Role != mlplatform.RoleAdmin {
		t.Errorf("the ADMIN token is %v", admin)
	}
	if _, err := client.WithToken(value).ListAccessTokens(t.Context()); !mlplatform.IsMissingScope(err) || !mlplatform.IsRefused(err) {
		t.Errorf("listing with a USER token: got error %v", err)
	}
	if err := client.DeleteAccessToken(t.Context(), "no such token"); !mlplatform.IsNotFound(err) {
		t.Errorf("deleting a token that does not exist: got error %v", err)
	}
	if foreign, err := client.DeleteAccessTokenWithID(t.Context(), token.ID, token.Name); foreign != nil || err != nil {
		t.Errorf("deleting the token: got %v, error %v", foreign, err)
	}
	if _, err := client.WithToken(value).WhoAmI(t.Context()); !mlplatform.IsUnauthorized(err) || mlplatform.IsMissingScope(err) {
		t.Errorf("using the deleted token: got error %v", err)
	}
	if live := liveNames(server); len(live) != 0 {
		t.Errorf("live tokens are %q", live)
	}
}

// A lost redemption is proven and cleaned up in any dialect.
func TestDialectsWithALostRedemption(t *testing.T) {
	t.Parallel()
	for name := range strings.SplitSeq(emulator.AllDialects.String()+",all", ",") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialect, err := emulator.ParseDialect(name)
			if err != nil {
				t.Fatal(err)
			}
			server, client := start(t, emulator.Options{Dialect: dialect}, mlplatform.Config{})
			server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true})
			value, err := client.MintAccessToken(t.Context(), wanted)
			if err != nil {
				t.Error(err)
			}
			wantNothingLost(t, server, client, value, err)
		})
	}
}

// The framework that writes detail also writes one for a path that it does not know.
func TestDetailOfAnUnknownPath(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		service bool
	}{
		"unknown path":        {404, `{"detail":"Not Found"}`, false},
		"unknown method":      {405, `{"detail":"Method Not Allowed"}`, false},
		"no such token":       {404, `{"detail":"Token not found"}`, true},
		"refused":             {403, `{"detail":"Forbidden"}`, true},
		"validation":          {422, `{"detail":[{"loc":["query","token_name"],"msg":"field required"}]}`, true},
		"detail is empty":     {404, `{"detail":""}`, false},
		"detail is null":      {404, `{"detail":null}`, false},
		"detail is an object": {404, `{"detail":{}}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := serve(t, respond(test.status, "application/json", test.body))
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
			err := client.DeleteAccessToken(t.Context(), "a name")
			var failed *mlplatform.Error
			if !errors.As(err, &failed) || failed.FromService() != test.service || mlplatform.IsRefused(err) != test.service {
				t.Errorf("got error %v", err)
			}
			if mlplatform.IsNotFound(err) != (test.service && test.status == http.StatusNotFound) {
				t.Errorf("IsNotFound is wrong for %v", err)
			}
			if strings.Contains(err.Error(), "not in the service's error format") == test.service {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// Retry-After dates are relative to the Date of the response: the clock of this machine may be wrong.
func TestHardening14RetryAfterIsRelativeToTheResponse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		date, retryAfter string
		attempts         int
	}{
		"a minute later":   {"Wed, 01 Jul 2020 12:00:00 GMT", "Wed, 01 Jul 2020 12:01:00 GMT", 2},
		"an hour later":    {"Wed, 01 Jul 2020 12:00:00 GMT", "Wed, 01 Jul 2020 13:00:00 GMT", 1},
		"future, a minute": {"Wed, 01 Jul 2099 12:00:00 GMT", "Wed, 01 Jul 2099 12:01:00 GMT", 2},
		"future, an hour":  {"Wed, 01 Jul 2099 12:00:00 GMT", "Wed, 01 Jul 2099 13:00:00 GMT", 1},
		"earlier":          {"Wed, 01 Jul 2099 12:00:00 GMT", "Wed, 01 Jul 2099 11:00:00 GMT", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
				w.Header().Set("Date", test.date)
				w.Header().Set("Retry-After", test.retryAfter)
				envelope(http.StatusTooManyRequests)(w, r, number)
			})
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 1})
			_, err := client.ListAccessTokens(t.Context())
			wantErrorWithoutCanary(t, err)
			seen.want(t, test.attempts)
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// wanted is the request of tests that need no particular one.
var wanted = mlplatform.MintRequest{Name: "a minted token", Role: mlplatform.RoleUser, Lifetime: time.Hour}

// liveNames returns the names of the live tokens except the emulator's own.
func liveNames(server *emulator.Server) []string {
	var names []string
	for _, token := range server.LiveTokens() {
		if token.Name != "emulator-admin" {
			names = append(names, token.Name)
		}
	}
	return names
}

// hasWrite reports whether the journal has a request that changes something.
func hasWrite(server *emulator.Server) bool {
	return slices.ContainsFunc(server.Journal(), emulator.Request.IsWrite)
}

// wantNothingLost checks the result of a minting: the value belongs to the only token, or an error names the token that is
// left, or none is left.
func wantNothingLost(t *testing.T, server *emulator.Server, client *mlplatform.Client, value mlplatform.Secret, err error) {
	t.Helper()
	server.ClearFaults()
	live := liveNames(server)
	var lost *mlplatform.LostTokenError
	var taken *mlplatform.NameTakenError
	switch {
	case (value == "") != (err != nil):
		t.Errorf("got value %v and error %v", value, err)
	case value != "":
		token, err := client.WithToken(value).WhoAmI(context.WithoutCancel(t.Context()))
		if err != nil || token.Name != wanted.Name || token.Role != wanted.Role || len(live) != 1 {
			t.Errorf("the value is that of %v, error %v; live tokens are %q", token, err, live)
		}
	case errors.As(err, &lost):
		if lost.Name != wanted.Name || !strings.Contains(err.Error(), wanted.Name) || len(live) > 1 {
			t.Errorf("live tokens are %q, and the error is %v", live, err)
		}
	case errors.As(err, &taken):
		if taken.Token.Name != wanted.Name || len(live) > 1 {
			t.Errorf("live tokens are %q, and the error is %v", live, err)
		}
	case len(live) != 0:
		t.Errorf("live tokens are %q, and the error does not name them: %v", live, err)
	}
}

func TestMint(t *testing.T) {
	t.Parallel()
	tests := map[string]mlplatform.MintRequest{
		"user, never expires":  {Name: "one", Role: mlplatform.RoleUser},
		"admin, never expires": {Name: "two/ключ?", Role: mlplatform.RoleAdmin},
		"user, 30 days":        {Name: "three", Role: mlplatform.RoleUser, Lifetime: 720 * time.Hour},
		"admin, a second":      {Name: "four", Role: mlplatform.RoleAdmin, Lifetime: time.Second},
	}
	for name, request := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := emulator.NewClock(noon)
			server, client := start(t, emulator.Options{Clock: clock.Now}, mlplatform.Config{})
			value, err := client.MintAccessToken(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.Describe(t.Context(), value)
			if err != nil {
				t.Fatal(err)
			}
			want := mlplatform.AccessToken{Name: request.Name, Role: request.Role, IssuerName: "emulator@example.com"}
			if request.Lifetime != 0 {
				want.ExpiresAt = noon.Add(request.Lifetime)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(mlplatform.AccessToken{}, "ID")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := requests(server); got != "listAccessTokens createRegisterToken redeemRegisterToken whoAmI" {
				t.Errorf("the requests were %s", got)
			}
			// It cannot be revoked, so its lifetime must be short.
			for _, register := range server.RegisterTokens() {
				if !register.Used || register.ExpiresAt.Sub(noon) > 5*time.Minute {
					t.Errorf("the register token is %v", register)
				}
			}
		})
	}
}

func TestMintWithATakenName(t *testing.T) {
	t.Parallel()
	for name, ttl := range map[string]time.Duration{"never expires": 0, "expires in a second": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := emulator.NewClock(noon)
			server, client := start(t, emulator.Options{Clock: clock.Now}, mlplatform.Config{})
			row, _, err := server.Seed(emulator.SeedToken{Name: wanted.Name, Role: "ADMIN", TTL: ttl})
			if err != nil {
				t.Fatal(err)
			}
			value, err := client.MintAccessToken(t.Context(), wanted)
			var taken *mlplatform.NameTakenError
			if !errors.As(err, &taken) || !mlplatform.IsConflict(err) || value != "" {
				t.Fatalf("got %v, error %v", value, err)
			}
			if taken.Token.ID != row.ID || taken.Token.Name != wanted.Name || taken.Token.Role != mlplatform.RoleAdmin {
				t.Errorf("the error is about %v", taken.Token)
			}
			if hasWrite(server) || len(server.RegisterTokens()) != 0 || len(liveNames(server)) != 1 {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// recordWaits returns a configuration that waits for nothing and calls a function with the sum of the waits so far.
func recordWaits(call func(total time.Duration)) mlplatform.Config {
	var mu sync.Mutex
	var total time.Duration
	return mlplatform.Config{Backoff: func(shortest, _ time.Duration, _ int, _ *http.Response) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		total += shortest
		call(total)
		return 0
	}}
}

// A deletion in the same run may free the name, so a creation looks again for ten seconds.
func TestHardening13TakenNameIsAwaited(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		freeAfter time.Duration // never if 0
		hidden    bool          // the list does not show the token, so that the redemption is refused with 409
	}{
		"freed at once":         {freeAfter: 500 * time.Millisecond},
		"freed at the end":      {freeAfter: 10 * time.Second},
		"not freed":             {},
		"hidden, freed at once": {freeAfter: 500 * time.Millisecond, hidden: true},
		"hidden, not freed":     {hidden: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server *emulator.Server
			var waited time.Duration
			var client *mlplatform.Client
			server, client = start(t, emulator.Options{}, recordWaits(func(total time.Duration) {
				waited = total
				if test.freeAfter != 0 && total >= test.freeAfter {
					server.Revoke(wanted.Name)
				}
			}))
			seed(t, server, emulator.SeedToken{Name: wanted.Name})
			if test.hidden {
				server.SetHidden(wanted.Name)
			}
			value, err := client.MintAccessToken(t.Context(), wanted)
			wantWait := 10 * time.Second
			if test.freeAfter != 0 {
				wantWait = test.freeAfter
				wantNothingLost(t, server, client, value, err)
				if err != nil {
					t.Error(err)
				}
			} else if !mlplatform.IsConflict(err) {
				t.Errorf("got error %v", err)
			}
			if waited != wantWait {
				t.Errorf("waited %v, want %v", waited, wantWait)
			}
		})
	}
}

// A token that this run created is not about to be deleted.
func TestHardening13NameTakenByThisRunIsNotAwaited(t *testing.T) {
	t.Parallel()
	server, client := start(t, emulator.Options{}, recordWaits(func(time.Duration) { t.Error("it waited") }))
	value, err := client.MintAccessToken(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	token, err := client.Describe(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.MintAccessToken(t.Context(), wanted); !mlplatform.IsConflict(err) {
		t.Errorf("got error %v", err)
	}
	if !client.CreatedHere(token.ID) || !client.WithToken(value).CreatedHere(token.ID) || client.CreatedHere("other") {
		t.Error("CreatedHere is wrong")
	}
	wantNothingLost(t, server, client, value, nil)
}

func TestHardening13WaitForANameIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server, client := start(t, emulator.Options{}, mlplatform.Config{Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration {
		cancel()
		return time.Hour
	}})
	seed(t, server, emulator.SeedToken{Name: wanted.Name})
	if _, err := client.MintAccessToken(ctx, wanted); !mlplatform.IsConflict(err) {
		t.Errorf("got error %v", err)
	}
}

func TestMintOverAnExpiredRow(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]*emulator.Fault{"no fault": nil, "drop before": {}, "drop after": {After: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := emulator.NewClock(noon)
			server, client := start(t, emulator.Options{Clock: clock.Now}, mlplatform.Config{})
			seed(t, server, emulator.SeedToken{Name: wanted.Name, TTL: time.Minute})
			clock.Advance(time.Minute)
			if fault != nil {
				fault.Operation, fault.Kind = emulator.OpRedeemRegisterToken, emulator.Drop
				server.Inject(*fault)
			}
			value, err := client.MintAccessToken(t.Context(), wanted)
			if err != nil {
				t.Fatal(err)
			}
			wantNothingLost(t, server, client, value, err)
		})
	}
}

// The name is taken between the list and the redemption.
func TestMintWhenTheNameIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]*emulator.Fault{"no fault": nil, "drop before": {Kind: emulator.Drop}, "429 before": {Status: 429}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server *emulator.Server
			var client *mlplatform.Client
			var other atomic.Value
			server, client = start(t, onRequest(emulator.OpCreateRegisterToken, func() {
				if _, value, err := server.Seed(emulator.SeedToken{Name: wanted.Name, TTL: wanted.Lifetime}); err == nil {
					other.Store(mlplatform.Secret(value))
				}
			}), mlplatform.Config{MaxRetries: 1})
			if fault != nil {
				fault.Operation = emulator.OpRedeemRegisterToken
				server.Inject(*fault)
			}
			_, err := client.MintAccessToken(t.Context(), wanted)
			var lost *mlplatform.LostTokenError
			if !mlplatform.IsConflict(err) || errors.As(err, &lost) != (fault != nil) {
				t.Errorf("got error %v", err)
			}
			if errors.As(err, &lost) && lost.Proven {
				t.Errorf("the error claims that it is the lost token: %v", err)
			}
			value, _ := other.Load().(mlplatform.Secret)
			if _, err := client.WithToken(value).WhoAmI(t.Context()); err != nil {
				t.Errorf("the other token was deleted: %v", err)
			}
		})
	}
}

// A first refusal proves nothing: the token with the name may be another one, so it is not deleted.
func TestMintRefusedBesideAnotherToken(t *testing.T) {
	t.Parallel()
	var server *emulator.Server
	var client *mlplatform.Client
	var other atomic.Value
	server, client = start(t, onRequest(emulator.OpDeleteAccessToken, func() {
		if _, value, err := server.Seed(emulator.SeedToken{Name: wanted.Name, TTL: wanted.Lifetime}); err == nil {
			other.Store(mlplatform.Secret(value))
		}
	}), mlplatform.Config{})
	server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true})
	server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Skip: 2, Kind: emulator.Respond, Status: 403})
	if _, err := client.MintAccessToken(t.Context(), wanted); !mlplatform.IsUnauthorized(err) {
		t.Errorf("got error %v", err)
	}
	value, _ := other.Load().(mlplatform.Secret)
	if _, err := client.WithToken(value).WhoAmI(t.Context()); err != nil {
		t.Errorf("the other token was deleted: %v", err)
	}
}

// A gateway gives up on the redemption, and the service acts after all. That the register token is used up shows it,
// whatever status the service has for that.
func TestHardening04RedemptionActsAfterATimeout(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 410} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			const jsonType = "application/json"
			list := fmt.Sprintf(`[{"id":"1","name":"a minted token","type":"USER","issuer_name":"i","exp":%d}]`, time.Now().Add(time.Hour).Unix())
			steps := []struct {
				method   string
				response numberedHandler
			}{
				{http.MethodGet, respond(200, jsonType, `[]`)},
				{http.MethodPost, respond(201, jsonType, `{"register_token":"made-up"}`)},
				{http.MethodPost, respond(504, "text/html", `<html>gateway timeout</html>`)},
				{http.MethodPost, respond(status, jsonType, `{"status":0,"errorCode":"SpentException"}`)},
				{http.MethodGet, respond(200, jsonType, list)},
				{http.MethodGet, respond(200, jsonType, `{"id":"0","name":"admin","type":"ADMIN","issuer_name":"i","exp":null}`)},
				{http.MethodDelete, respond(204, "", "")},
				{http.MethodPost, respond(201, jsonType, `{"register_token":"made-up too"}`)},
				{http.MethodPost, respond(201, jsonType, `{"refresh_token":"a value"}`)},
			}
			server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
				if number > len(steps) || r.Method != steps[number-1].method {
					t.Errorf("request %d is %s %s", number, r.Method, r.URL.Path)
					return
				}
				steps[number-1].response(w, r, number)
			})
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
			value, err := client.MintAccessToken(t.Context(), wanted)
			if err != nil || value.Reveal() != "a value" {
				t.Errorf("got %v, error %v", value, err)
			}
			seen.want(t, len(steps))
		})
	}
}

func TestMintWithoutAnAdminToken(t *testing.T) {
	t.Parallel()
	server, admin := start(t, emulator.Options{}, mlplatform.Config{})
	user := admin.WithToken(seed(t, server, emulator.SeedToken{Name: "user"}))
	_, err := user.MintAccessToken(t.Context(), wanted)
	var failure *mlplatform.Error
	if !errors.As(err, &failure) || !failure.MissingScope {
		t.Errorf("with a USER token: %v", err)
	}
	if _, err := admin.WithToken("").MintAccessToken(t.Context(), wanted); !errors.Is(err, mlplatform.ErrNoToken) {
		t.Errorf("without a token: %v", err)
	}
	if _, err := admin.WithToken(canary).MintAccessToken(t.Context(), wanted); !mlplatform.IsUnauthorized(err) {
		t.Errorf("with an unknown token: %v", err)
	}
	if hasWrite(server) {
		t.Errorf("the requests were %s", requests(server))
	}
}

func TestMintConcurrently(t *testing.T) {
	t.Parallel()
	server, client := start(t, emulator.Options{}, mlplatform.Config{})
	var group sync.WaitGroup
	var mu sync.Mutex
	var values []mlplatform.Secret
	for range 10 {
		group.Go(func() {
			value, err := client.MintAccessToken(t.Context(), wanted)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				values = append(values, value)
			} else if !mlplatform.IsConflict(err) {
				t.Errorf("got error %v", err)
			}
		})
	}
	group.Wait()
	if len(values) != 1 {
		t.Fatalf("%d tokens were created with one name", len(values))
	}
	wantNothingLost(t, server, client, values[0], nil)
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// wanted is what the tests of this file mint where nothing else matters.
var wanted = mlplatform.MintRequest{Name: "a minted token", Role: mlplatform.RoleUser, Lifetime: time.Hour}

// minted returns the live tokens besides the one that every emulator begins with.
func minted(server *emulator.Server) []string {
	var names []string
	for _, token := range server.LiveTokens() {
		if token.Name != "emulator-admin" {
			names = append(names, token.Name)
		}
	}
	return names
}

// wrote tells whether the journal has a request that changes something.
func wrote(server *emulator.Server) bool {
	for _, request := range server.Journal() {
		if request.IsWrite() {
			return true
		}
	}
	return false
}

// wantNothingLost checks the promise of a minting: the token that lives is the one whose value was returned, or an
// error names it.
func wantNothingLost(t *testing.T, server *emulator.Server, client *mlplatform.Client, value mlplatform.Secret, err error) {
	t.Helper()
	server.ClearFaults()
	live := minted(server)
	var lost *mlplatform.LostTokenError
	switch {
	case value != "": // also with an error, if the token could not be described any more
		token, err := client.WithToken(value).WhoAmI(context.WithoutCancel(t.Context()))
		if err != nil || token.Name != wanted.Name || token.Role != wanted.Role || len(live) != 1 {
			t.Errorf("the value is that of %v, error %v; alive are %q", token, err, live)
		}
	case err == nil:
		t.Error("neither a value nor an error came")
	case errors.As(err, &lost):
		if lost.Name != wanted.Name || !strings.Contains(err.Error(), wanted.Name) || len(live) > 1 {
			t.Errorf("alive are %q, and %q is named: %v", live, lost.Name, err)
		}
	case len(live) != 0:
		t.Errorf("alive are %q, and nothing names them: %v", live, err)
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
			// It cannot be revoked, so it must not live on for long.
			for _, register := range server.RegisterTokens() {
				if !register.Used || register.ExpiresAt.Sub(noon) > 5*time.Minute {
					t.Errorf("the register token is %v", register)
				}
			}
		})
	}
}

func TestMintOfATakenName(t *testing.T) {
	t.Parallel()
	for name, ttl := range map[string]time.Duration{"never expires": 0, "lives for a second": time.Second} {
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
			if wrote(server) || len(server.RegisterTokens()) != 0 || len(minted(server)) != 1 {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

func TestMintOverAnExpiredRow(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("the first redeem is lost %v", lost), func(t *testing.T) {
			t.Parallel()
			clock := emulator.NewClock(noon)
			server, client := start(t, emulator.Options{Clock: clock.Now}, mlplatform.Config{})
			seed(t, server, emulator.SeedToken{Name: wanted.Name, TTL: time.Minute})
			clock.Advance(time.Minute)
			if lost {
				server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop})
			}
			value, err := client.MintAccessToken(t.Context(), wanted)
			if err != nil {
				t.Fatal(err)
			}
			wantNothingLost(t, server, client, value, err)
			// The row was there before, so it is not what was lost.
			if got := requests(server); strings.Contains(got, emulator.OpDeleteAccessToken) {
				t.Errorf("the requests were %s", got)
			}
		})
	}
}

// TestMintBesideSomebodyElse is about a name that is taken between the look at the list and the redemption.
func TestMintBesideSomebodyElse(t *testing.T) {
	t.Parallel()
	server, client := start(t, emulator.Options{}, mlplatform.Config{})
	if _, err := client.AccessTokens(t.Context()); err != nil {
		t.Fatal(err)
	}
	value := seed(t, server, emulator.SeedToken{Name: wanted.Name, Role: string(wanted.Role), TTL: wanted.Lifetime})
	_, err := client.MintAccessToken(t.Context(), wanted)
	var taken *mlplatform.NameTakenError
	if !errors.As(err, &taken) || taken.Token.Name != wanted.Name {
		t.Errorf("got error %v", err)
	}
	if _, err := client.WithToken(value).WhoAmI(t.Context()); err != nil {
		t.Errorf("the token of somebody else is gone: %v", err)
	}
}

// TestMintLeavesOtherTokensAlone is about a redeem that was lost before the service acted, while somebody else took the
// name: the token in the list is not the one that was lost.
func TestMintLeavesOtherTokensAlone(t *testing.T) {
	t.Parallel()
	others := map[string]emulator.SeedToken{
		"of another role":    {Name: wanted.Name, Role: "ADMIN", TTL: wanted.Lifetime},
		"that never expires": {Name: wanted.Name, Role: string(wanted.Role)},
	}
	for name, other := range others {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{})
			if _, err := client.AccessTokens(t.Context()); err != nil {
				t.Fatal(err)
			}
			value := seed(t, server, other)
			server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop})
			if _, err := client.MintAccessToken(t.Context(), wanted); !mlplatform.IsConflict(err) {
				t.Errorf("got error %v", err)
			}
			if _, err := client.WithToken(value).WhoAmI(t.Context()); err != nil {
				t.Errorf("the token of somebody else is gone: %v", err)
			}
			if got := requests(server); strings.Contains(got, emulator.OpDeleteAccessToken) {
				t.Errorf("the requests were %s", got)
			}
		})
	}
}

// TestMintTakesARefusalAtItsWord is about the second attempt: it has a register token of its own, so a refusal says
// that nothing was made, and a token of the name is that of somebody else.
func TestMintTakesARefusalAtItsWord(t *testing.T) {
	t.Parallel()
	var server *emulator.Server
	var client *mlplatform.Client
	var other mlplatform.Secret
	var once sync.Once
	server, client = start(t, when(emulator.OpDeleteAccessToken, func() {
		once.Do(func() {
			_, value, err := server.Seed(emulator.SeedToken{Name: wanted.Name, Role: string(wanted.Role), TTL: wanted.Lifetime})
			if err != nil {
				t.Error(err)
			}
			other = mlplatform.Secret(value)
		})
	}), mlplatform.Config{})
	server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true})
	server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Skip: 1, Kind: emulator.Respond, Status: 403})
	if _, err := client.MintAccessToken(t.Context(), wanted); !mlplatform.IsUnauthorized(err) {
		t.Errorf("got error %v", err)
	}
	if _, err := client.WithToken(other).WhoAmI(t.Context()); err != nil {
		t.Errorf("the token of somebody else is gone: %v", err)
	}
}

// TestMintWhenTheLostTokenIsGone is about somebody who clears away faster.
func TestMintWhenTheLostTokenIsGone(t *testing.T) {
	t.Parallel()
	var server *emulator.Server
	var client *mlplatform.Client
	server, client = start(t, when(emulator.OpListAccessTokens, func() { server.Revoke(wanted.Name) }), mlplatform.Config{})
	server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true})
	value, err := client.MintAccessToken(t.Context(), wanted)
	if err != nil {
		t.Errorf("got error %v", err)
	}
	wantNothingLost(t, server, client, value, err)
}

// TestMintWhenTheServiceIsSlow is about a gateway that gives up on a redeem, upon which the service acts after all. The
// list in between does not show the token yet; that the register token is spent does, whatever the service calls it.
func TestMintWhenTheServiceIsSlow(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 410} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			const empty = `[]`
			whole := fmt.Sprintf(`[{"id":"1","name":"a minted token","type":"USER","issuer_name":"i","exp":%d}]`,
				time.Now().Add(wanted.Lifetime).Unix())
			steps := []struct {
				method, body string
				status       int
			}{
				{http.MethodGet, empty, 200},
				{http.MethodPost, `{"register_token":"made-up"}`, 201},
				{http.MethodPost, `<html>gateway timeout</html>`, 504},
				{http.MethodGet, empty, 200},
				{http.MethodPost, `{"status":0,"errorCode":"SpentException"}`, status},
				{http.MethodGet, whole, 200},
				{http.MethodDelete, ``, 204},
			}
			server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
				if number > len(steps) || r.Method != steps[number-1].method {
					t.Errorf("request %d is %s %s", number, r.Method, r.URL.Path)
					return
				}
				step := steps[number-1]
				answer(step.status, "application/json", step.body)(w, r, number)
			})
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
			value, err := client.MintAccessToken(t.Context(), wanted)
			if err == nil || value != "" {
				t.Errorf("got %v, error %v", value, err)
			}
			if len(seen.all()) != len(steps) {
				t.Errorf("%d requests were made, want %d", len(seen.all()), len(steps))
			}
		})
	}
}

func TestMintWithoutTheRight(t *testing.T) {
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
	if wrote(server) {
		t.Errorf("the requests were %s", requests(server))
	}
}

func TestMintSideBySide(t *testing.T) {
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
		t.Fatalf("%d were minted of one name", len(values))
	}
	wantNothingLost(t, server, client, values[0], nil)
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// faultKinds returns the ways in which a request can fail. "before" means that the service did not act, "after" that it
// did.
func faultKinds() map[string]emulator.Fault {
	kinds := map[string]emulator.Fault{
		"truncated after": {Kind: emulator.Truncate, After: true},
	}
	for name, fault := range map[string]emulator.Fault{
		"drop":           {Kind: emulator.Drop},
		"wrong JSON":     {Kind: emulator.BadJSON},
		"no JSON":        {Kind: emulator.BadJSON, Body: `<html>`},
		"403 of a proxy": {Kind: emulator.Respond, Status: 403, Body: "<html>"},
		"404 of a proxy": {Kind: emulator.Respond, Status: 404, Body: "<html>"},
		"429":            {Kind: emulator.Respond, Status: 429, RetryAfter: "0"},
		"500":            {Kind: emulator.Respond, Status: 500},
		"500 of a proxy": {Kind: emulator.Respond, Status: 500, Body: "<html>"},
		"502 of a proxy": {Kind: emulator.Respond, Status: 502, Body: "<html>"},
		"503":            {Kind: emulator.Respond, Status: 503, RetryAfter: "0"},
		"504 of a proxy": {Kind: emulator.Respond, Status: 504, Body: "<html>"},
		"redirect":       {Kind: emulator.Redirect, Body: "https://example.com/"},
		"accepted":       {Kind: emulator.Respond, Status: 202, Body: "{}", ContentType: "application/json"},
		"hang":           {Kind: emulator.Hang},
	} {
		kinds[name+" before"] = fault
		fault.After = true
		kinds[name+" after"] = fault
	}
	return kinds
}

// hangTimeout is long for a service on the same machine, and short for a test that waits for it.
const hangTimeout = time.Second

// mintWithFaults mints a token and checks that no token is left behind unreported.
func mintWithFaults(t *testing.T, faults ...emulator.Fault) (*emulator.Server, error) {
	t.Helper()
	cfg := mlplatform.Config{MaxRetries: 1}
	for _, fault := range faults {
		if fault.Kind == emulator.Hang {
			cfg.RequestTimeout = hangTimeout
		}
	}
	server, client := start(t, emulator.Options{}, cfg)
	for _, fault := range faults {
		server.Inject(fault)
	}
	value, err := client.MintAccessToken(t.Context(), wanted)
	wantNothingLost(t, server, client, value, err)
	return server, err
}

// One fault in a request that reads, or in the creation of the register token.
func TestMintWithAFaultBeforeRedemption(t *testing.T) {
	t.Parallel()
	for name, fault := range faultKinds() {
		retriedAlways := fault.Status == 429
		retriedForReads := retriedAlways || fault.Status >= 500 || fault.Kind == emulator.Drop || fault.Kind == emulator.Truncate || fault.Kind == emulator.Hang
		for operation, retried := range map[string]bool{emulator.OpListAccessTokens: retriedForReads, emulator.OpCreateRegisterToken: retriedAlways} {
			t.Run(operation+"/"+name, func(t *testing.T) {
				t.Parallel()
				fault := fault
				fault.Operation = operation
				server, err := mintWithFaults(t, fault)
				if retried != (err == nil) {
					t.Errorf("got error %v", err)
				}
				if err != nil && count(server, emulator.OpRedeemRegisterToken) != 0 {
					t.Errorf("the requests were %s", requests(server))
				}
			})
		}
	}
}

// The same register token is redeemed again. A success shows that the first attempt did nothing, a refusal that it acted;
// then the token is deleted and created once more. This includes a 429 that acted, which the transport retries.
func TestHardening04LostRedemption(t *testing.T) {
	t.Parallel()
	for name, fault := range faultKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault := fault
			fault.Operation = emulator.OpRedeemRegisterToken
			server, err := mintWithFaults(t, fault)
			if err != nil {
				t.Fatal(err)
			}
			// The last request is the test's own.
			want := "listAccessTokens createRegisterToken redeemRegisterToken redeemRegisterToken whoAmI"
			if fault.After {
				want = "listAccessTokens createRegisterToken redeemRegisterToken redeemRegisterToken " +
					"listAccessTokens whoAmI deleteAccessToken createRegisterToken redeemRegisterToken whoAmI"
			}
			if got := requests(server); got != want {
				t.Errorf("the requests were %s, want %s", got, want)
			}
		})
	}
}

// Without a proof, nothing is deleted: a token with the name is reported.
func TestHardening04LostRedemptionWithoutProof(t *testing.T) {
	t.Parallel()
	for name, fault := range faultKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault := fault
			fault.Operation, fault.Times = emulator.OpRedeemRegisterToken, -1
			server, err := mintWithFaults(t, fault)
			var lost *mlplatform.LostTokenError
			if err == nil || errors.As(err, &lost) != fault.After {
				t.Fatalf("got error %v", err)
			}
			if fault.After && lost.Proven {
				t.Errorf("the error claims a proof: %v", err)
			}
			if got := count(server, emulator.OpDeleteAccessToken); got != 0 {
				t.Errorf("the requests were %s", requests(server))
			}
			want := 3
			if fault.Status == 429 {
				want = 4 // two redemptions, each retried once
			}
			if got := count(server, emulator.OpRedeemRegisterToken); got != want {
				t.Errorf("got %d redemptions, want %d", got, want)
			}
		})
	}
}

// A refusal in the service's own format is believed, but a token that appeared with the name is reported.
func TestHardening04RefusedRedemption(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 409, 410, 422} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d after %v", status, after), func(t *testing.T) {
				t.Parallel()
				_, err := mintWithFaults(t, emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Respond, Status: status, After: after, Times: -1})
				var lost *mlplatform.LostTokenError
				if err == nil || errors.As(err, &lost) != (after && status != 409) {
					t.Errorf("got error %v", err)
				}
			})
		}
	}
}

// A second fault, in one of the requests that follow the first.
func TestMintWithTwoFaults(t *testing.T) {
	t.Parallel()
	firsts := map[string]emulator.Fault{
		"drop before":    {Kind: emulator.Drop},
		"drop after":     {Kind: emulator.Drop, After: true},
		"429 after":      {Kind: emulator.Respond, Status: 429, RetryAfter: "0", After: true},
		"truncate after": {Kind: emulator.Truncate, After: true},
	}
	seconds := []emulator.Fault{
		{Operation: emulator.OpListAccessTokens, Skip: 1},
		{Operation: emulator.OpDeleteAccessToken},
		{Operation: emulator.OpWhoAmI},
		{Operation: emulator.OpCreateRegisterToken, Skip: 1},
		{Operation: emulator.OpRedeemRegisterToken, Skip: 1},
		{Operation: emulator.OpRedeemRegisterToken, Skip: 2},
	}
	for firstName, first := range firsts {
		for _, second := range seconds {
			for kindName, kind := range faultKinds() {
				if !slices.Contains([]emulator.FaultKind{emulator.Drop, emulator.Hang}, kind.Kind) && kind.Status != 429 && kind.Status != 503 {
					continue
				}
				for _, times := range []int{1, -1} {
					// Waiting for timeouts takes long, and more of them would show nothing new.
					if kind.Kind == emulator.Hang && (firstName != "drop after" || times != 1) {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s %d/%s/%d", firstName, second.Operation, second.Skip, kindName, times), func(t *testing.T) {
						t.Parallel()
						first, kind := first, kind
						first.Operation = emulator.OpRedeemRegisterToken
						kind.Operation, kind.Skip, kind.Times = second.Operation, second.Skip, times
						_, _ = mintWithFaults(t, first, kind)
					})
				}
			}
		}
	}
}

// A proof without the token in the list, or without its deletion, is an error that names the token.
func TestHardening04ProofWithoutCleanup(t *testing.T) {
	t.Parallel()
	fail := func(operation string, skip int) func(*emulator.Server) {
		return func(server *emulator.Server) {
			server.Inject(emulator.Fault{Operation: operation, Kind: emulator.Respond, Status: 400, Skip: skip, Times: -1})
		}
	}
	grant := func(edit func(*emulator.SeedToken)) func(*emulator.Server) {
		return func(server *emulator.Server) {
			server.SetGrant(func(token emulator.SeedToken) emulator.SeedToken { edit(&token); return token })
		}
	}
	for name, prepare := range map[string]func(*emulator.Server){
		"list fails":         fail(emulator.OpListAccessTokens, 1),
		"delete fails":       fail(emulator.OpDeleteAccessToken, 0),
		"own issuer unknown": fail(emulator.OpWhoAmI, 0),
		"stale list":         func(server *emulator.Server) { server.SetStale(1) },
		"hidden row":         func(server *emulator.Server) { server.SetHidden(wanted.Name) },
		"another issuer":     grant(func(token *emulator.SeedToken) { token.Issuer = "another@example.com" }),
		"another name":       grant(func(token *emulator.SeedToken) { token.Name += " (1)" }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{})
			server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true})
			prepare(server)
			_, err := client.MintAccessToken(t.Context(), wanted)
			var lost *mlplatform.LostTokenError
			if !errors.As(err, &lost) || lost.Name != wanted.Name || !lost.Proven || lost.Cleanup == nil || len(liveNames(server)) != 1 {
				t.Fatalf("live tokens are %q, error %v", liveNames(server), err)
			}
			if slices.ContainsFunc(server.Journal(), func(r emulator.Request) bool { return r.Operation == emulator.OpDeleteAccessToken && r.Status == 204 }) {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// A redemption can be refused although it took effect. If nothing more can be learnt then, the error names the token.
func TestHardening04RefusalWithoutAList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		fails  string
		skip   int
		taken  bool
	}{
		"rejected, list fails":       {400, emulator.OpListAccessTokens, 1, false},
		"rejected, own issuer fails": {401, emulator.OpWhoAmI, 0, false},
		"conflict, list fails":       {409, emulator.OpListAccessTokens, 1, true},
		"conflict, second list":      {409, emulator.OpListAccessTokens, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{})
			server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Respond, Status: test.status, After: true})
			server.Inject(emulator.Fault{Operation: test.fails, Kind: emulator.Respond, Status: 403, Skip: test.skip, Times: -1})
			_, err := client.MintAccessToken(t.Context(), wanted)
			var lost *mlplatform.LostTokenError
			var taken *mlplatform.NameTakenError
			if errors.As(err, &lost) == test.taken || errors.As(err, &taken) != test.taken {
				t.Errorf("the error is %v", err)
			}
			if lost != nil && (lost.Name != wanted.Name || lost.Proven) {
				t.Errorf("the lost token is %+v", lost)
			}
		})
	}
}

// The caller is cancelled when the service has handled a request.
func TestMintWithACancellation(t *testing.T) {
	t.Parallel()
	operations := []string{
		emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpDeleteAccessToken,
	}
	for _, operation := range operations {
		for name, fault := range faultKinds() {
			// As above, waiting for timeouts takes long.
			if fault.Kind == emulator.Hang && operation != emulator.OpRedeemRegisterToken {
				continue
			}
			t.Run(operation+"/"+name, func(t *testing.T) {
				t.Parallel()
				fault := fault
				fault.Operation = emulator.OpRedeemRegisterToken
				cfg := mlplatform.Config{MaxRetries: 1}
				if fault.Kind == emulator.Hang {
					cfg.RequestTimeout = hangTimeout
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				server, client := start(t, onRequest(operation, cancel), cfg)
				server.Inject(fault)
				value, err := client.MintAccessToken(ctx, wanted)
				wantNothingLost(t, server, client, value, err)
				var lost *mlplatform.LostTokenError
				if errors.As(err, &lost) {
					t.Errorf("the cleanup was cancelled: %v", err)
				}
			})
		}
	}
}

// The value of a created token is returned even if the caller is cancelled meanwhile.
func TestMintCancelledDuringRedemption(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server, client := start(t, onRequest(emulator.OpRedeemRegisterToken, cancel), mlplatform.Config{})
	value, err := client.MintAccessToken(ctx, wanted)
	if value == "" {
		t.Errorf("got no value, error %v", err)
	}
	wantNothingLost(t, server, client, value, err)
}

// A cancelled redemption that hangs ends by its timeout.
func TestMintCancelledDuringAHang(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after %v", after), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server, client := start(t, onRequest(emulator.OpCreateRegisterToken, func() {
				// Only the redemption is left then, or nothing, if the response is late.
				time.AfterFunc(100*time.Millisecond, cancel)
			}), mlplatform.Config{RequestTimeout: hangTimeout})
			server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Hang, After: after, Times: -1})
			value, err := client.MintAccessToken(ctx, wanted)
			if err == nil {
				t.Error("got no error")
			}
			wantNothingLost(t, server, client, value, err)
			if got := count(server, emulator.OpCreateRegisterToken); got > 1 {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

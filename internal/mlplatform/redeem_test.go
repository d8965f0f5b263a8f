// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// A register token works once, so a redemption with an unknown outcome is repeated: that shows whether the first one acted.
func TestHardening04RedeemAccessToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault        *emulator.Fault
		lost, proven bool
	}{
		"no fault":          {nil, false, false},
		"drop before":       {&emulator.Fault{Kind: emulator.Drop}, false, false},
		"drop after":        {&emulator.Fault{Kind: emulator.Drop, After: true}, true, true},
		"429 before":        {&emulator.Fault{Status: 429, RetryAfter: "0"}, false, false},
		"429 after":         {&emulator.Fault{Status: 429, RetryAfter: "0", After: true}, true, true},
		"always 502 before": {&emulator.Fault{Status: 502, Body: "<html>", Times: -1}, true, false},
		"always 502 after":  {&emulator.Fault{Status: 502, Body: "<html>", After: true, Times: -1}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{MaxRetries: 1})
			register := newRegisterToken(t, client, "redeemed")
			if test.fault != nil {
				test.fault.Operation = emulator.OpRedeemRegisterToken
				server.Inject(*test.fault)
			}
			value, err := client.WithToken("").RedeemAccessToken(t.Context(), register)
			var lost *mlplatform.LostTokenError
			if errors.As(err, &lost) != test.lost || (err != nil) != test.lost {
				t.Fatalf("got error %v", err)
			}
			if test.lost && lost.Proven != test.proven {
				t.Errorf("Proven is %v: %v", lost.Proven, err)
			}
			if !test.lost {
				if token, err := client.Describe(t.Context(), value); err != nil || token.Name != "redeemed" {
					t.Errorf("got %v, error %v", token, err)
				}
			}
			if test.lost && len(lost.Candidates) != 0 {
				t.Errorf("got the candidates %q without a token", lost.Candidates)
			}
			if redeems := count(server, emulator.OpRedeemRegisterToken); redeems > 3 {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// A register token works once, so it is not used for a caller that was cancelled before.
func TestRedeemAccessTokenCancelledBefore(t *testing.T) {
	t.Parallel()
	for name, withToken := range map[string]bool{"without a token": false, "while it lists": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server, client := start(t, onRequest(emulator.OpListAccessTokens, cancel), mlplatform.Config{})
			register := newRegisterToken(t, client, "redeemed")
			if !withToken {
				client = client.WithToken("")
				cancel()
			}
			value, err := client.RedeemAccessToken(ctx, register)
			if value != "" {
				t.Error("got a value")
			}
			var failure *mlplatform.Error
			if !errors.As(err, &failure) || !errors.Is(err, context.Canceled) || failure.OutcomeUnknown() {
				t.Errorf("got error %v", err)
			}
			if strings.Contains(requests(server), emulator.OpRedeemRegisterToken) {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// The error names the live tokens that were created since, except the client's own.
func TestRedeemAccessTokenNamesCandidates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user bool
		list *emulator.Fault
		want []string
	}{
		"administrator":     {false, nil, []string{"another token", "redeemed"}},
		"user":              {true, nil, nil},
		"no list before it": {false, &emulator.Fault{Times: 1}, nil},
		"no list after it":  {false, &emulator.Fault{Skip: 1, Times: -1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server *emulator.Server
			var client *mlplatform.Client
			var begun atomic.Bool // the call redeems a register token too
			meanwhile := func() {
				if begun.Swap(true) {
					return
				}
				seed(t, server, emulator.SeedToken{Name: "another token"})
				if test.list == nil && !test.user {
					value, err := client.MintAccessToken(t.Context(), wanted)
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := client.Describe(t.Context(), value); err != nil {
						t.Error(err)
					}
				}
			}
			server, client = start(t, onRequest(emulator.OpRedeemRegisterToken, meanwhile), mlplatform.Config{})
			register := newRegisterToken(t, client, "redeemed")
			if user := seed(t, server, emulator.SeedToken{Name: "existing"}); test.user {
				client = client.WithToken(user)
			}
			if test.list != nil {
				test.list.Operation, test.list.Status = emulator.OpListAccessTokens, 400
				server.Inject(*test.list)
			}
			server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true})
			_, err := client.RedeemAccessToken(t.Context(), register)
			var lost *mlplatform.LostTokenError
			if !errors.As(err, &lost) {
				t.Fatalf("got error %v", err)
			}
			if slices.Sort(lost.Candidates); !slices.Equal(lost.Candidates, test.want) {
				t.Errorf("got the candidates %q, want %q", lost.Candidates, test.want)
			}
		})
	}
}

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

func TestDeleteAccessTokenWithID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before  func(*emulator.Server)
		foreign bool
		deletes bool
		left    int
	}{
		"ours":             {func(*emulator.Server) {}, false, true, 0},
		"gone":             {func(s *emulator.Server) { s.Revoke("token") }, false, false, 0},
		"of somebody else": {func(s *emulator.Server) { s.Revoke("token"); _, _, _ = s.Seed(emulator.SeedToken{Name: "token"}) }, true, false, 1},
		"gone on the way": {func(s *emulator.Server) {
			s.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, After: true, Status: 404})
		}, false, true, 0},
		"refused at the end": {func(s *emulator.Server) {
			s.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, Status: 403})
		}, false, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{})
			row, _, err := server.Seed(emulator.SeedToken{Name: "token"})
			if err != nil {
				t.Fatal(err)
			}
			test.before(server)
			foreign, err := client.DeleteAccessTokenWithID(t.Context(), row.ID, "token")
			if (err != nil) != (name == "refused at the end") {
				t.Errorf("got error %v", err)
			}
			if (foreign != nil) != test.foreign {
				t.Errorf("the token of somebody else is %v", foreign)
			}
			if deletes := strings.Contains(requests(server), emulator.OpDeleteAccessToken); deletes != test.deletes {
				t.Errorf("the requests were %s", requests(server))
			}
			if left := len(server.LiveTokens()) - 1; left != test.left {
				t.Errorf("%d tokens are left", left)
			}
		})
	}
}

// A register token works once, so a redeem whose answer is lost is sent again: that tells whether the first one acted.
func TestRedeemAccessToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault *emulator.Fault
		lost  bool
	}{
		"answered":               {nil, false},
		"dropped before it acts": {&emulator.Fault{Kind: emulator.Drop}, false},
		"dropped when it acted":  {&emulator.Fault{Kind: emulator.Drop, After: true}, true},
		"never answered":         {&emulator.Fault{Kind: emulator.Respond, Status: 502, Body: "<html>", Times: -1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{})
			register := promise(t, client, "redeemed")
			if test.fault != nil {
				test.fault.Operation = emulator.OpRedeemRegisterToken
				server.Inject(*test.fault)
			}
			value, err := client.WithToken("").RedeemAccessToken(t.Context(), register)
			var lost *mlplatform.LostTokenError
			if errors.As(err, &lost) != test.lost || (err != nil) != test.lost {
				t.Fatalf("got error %v", err)
			}
			if !test.lost {
				if token, err := client.Describe(t.Context(), value); err != nil || token.Name != "redeemed" {
					t.Errorf("got %v, error %v", token, err)
				}
			}
			if test.lost && len(lost.Candidates) != 0 {
				t.Errorf("without a token it knows the candidates %q", lost.Candidates)
			}
			if redeems := strings.Count(requests(server), emulator.OpRedeemRegisterToken); redeems > 2 {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// A register token works once, so it is not spent for a caller who has gone away before that.
func TestRedeemAccessTokenCancelledBefore(t *testing.T) {
	t.Parallel()
	for name, withToken := range map[string]bool{"without a token": false, "while it lists": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server, client := start(t, when(emulator.OpListAccessTokens, cancel), mlplatform.Config{})
			register := promise(t, client, "redeemed")
			if !withToken {
				client = client.WithToken("")
				cancel()
			}
			value, err := client.RedeemAccessToken(ctx, register)
			if value != "" {
				t.Error("it was redeemed")
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

// With an administrator's token, the error of a lost answer names what has come since, but neither what was there before
// nor what the client has made itself.
func TestRedeemAccessTokenNamesCandidates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user bool
		list *emulator.Fault
		want []string
	}{
		"administrator":     {false, nil, []string{"redeemed", "somebody else's"}},
		"user":              {true, nil, nil},
		"no list before it": {false, &emulator.Fault{Times: 1}, nil},
		"no list after it":  {false, &emulator.Fault{Skip: 1, Times: -1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server *emulator.Server
			var client *mlplatform.Client
			var begun atomic.Bool // what comes meanwhile redeems a register token too
			meanwhile := func() {
				if begun.Swap(true) {
					return
				}
				seed(t, server, emulator.SeedToken{Name: "somebody else's"})
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
			server, client = start(t, when(emulator.OpRedeemRegisterToken, meanwhile), mlplatform.Config{})
			register := promise(t, client, "redeemed")
			if user := seed(t, server, emulator.SeedToken{Name: "was there before"}); test.user {
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
				t.Errorf("the candidates are %q, want %q", lost.Candidates, test.want)
			}
		})
	}
}

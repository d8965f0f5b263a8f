// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func TestAccessTokensIsOneRequest(t *testing.T) {
	t.Parallel()
	server, client := start(t, emulator.Options{Latency: 20 * time.Millisecond}, mlplatform.Config{})
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if list, err := client.AccessTokens(t.Context()); err != nil || len(list.Tokens) != 1 {
				t.Errorf("got %v, error %v", list, err)
			}
		})
	}
	group.Wait()
	if got := requests(server); got != emulator.OpListAccessTokens {
		t.Errorf("the requests were %s", got)
	}
}

// The shared list reflects each write of the client, also one that failed but may have acted.
func TestAccessTokensReflectsWrites(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault *emulator.Fault
		// lists is the number of list requests: one at first, and one after each write that cannot be applied.
		lists int
	}{
		"no fault": {nil, 2},
		"lost":     {&emulator.Fault{Kind: emulator.Drop, After: true}, 3},
		"refused":  {&emulator.Fault{Kind: emulator.Respond, Status: 403}, 1},
	} {
		fault := test.fault
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{})
			seed(t, server, emulator.SeedToken{Name: "to be deleted"})
			register := newRegisterToken(t, client, "new")
			if fault != nil {
				for _, operation := range []string{emulator.OpRedeemRegisterToken, emulator.OpDeleteAccessToken} {
					fault := *fault
					fault.Operation = operation
					server.Inject(fault)
				}
			}
			acted := fault == nil || fault.After
			for range 2 {
				wantAccessTokens(t, client, "to be deleted", true)
			}
			_, err := client.RedeemRegisterToken(t.Context(), register)
			if (err == nil) != (fault == nil) {
				t.Errorf("redeeming: got error %v", err)
			}
			wantAccessTokens(t, client, "new", acted)
			err = client.DeleteAccessToken(t.Context(), "to be deleted")
			if (err == nil) != (fault == nil) {
				t.Errorf("deleting: got error %v", err)
			}
			wantAccessTokens(t, client, "to be deleted", !acted)
			if lists := count(server, emulator.OpListAccessTokens); lists != test.lists {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// wantAccessTokens checks whether the shared list contains a name.
func wantAccessTokens(t *testing.T, client *mlplatform.Client, name string, want bool) {
	t.Helper()
	list, err := client.AccessTokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, found := list.ByName(name); found != want {
		t.Errorf("the list contains %q: %v, want %v", name, found, want)
	}
}

// Creations, each with a fresh list, share their lists.
func TestHardening10ManyCreationsDoNotListEachTime(t *testing.T) {
	t.Parallel()
	server, client := start(t, emulator.Options{Latency: 10 * time.Millisecond, Unchecked: true}, mlplatform.Config{})
	const creations, parallel = 200, 10
	var group sync.WaitGroup
	for worker := range parallel {
		group.Go(func() {
			for n := range creations / parallel {
				value, err := client.MintAccessToken(t.Context(), mlplatform.MintRequest{Name: fmt.Sprint(worker, "-", n), Role: mlplatform.RoleUser})
				if err == nil {
					_, err = client.Describe(t.Context(), value)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := count(server, emulator.OpListAccessTokens); got > creations/3 {
		t.Errorf("%d creations made %d list requests", creations, got)
	}
	if got := len(liveNames(server)); got != creations {
		t.Errorf("got %d tokens", got)
	}
}

// A fresh list shows what another client did.
func TestHardening10FreshListShowsOtherClients(t *testing.T) {
	t.Parallel()
	server, client := start(t, emulator.Options{}, mlplatform.Config{})
	wantAccessTokens(t, client, "created elsewhere", false)
	seed(t, server, emulator.SeedToken{Name: "created elsewhere"})
	wantAccessTokens(t, client, "created elsewhere", false)
	list, err := client.FreshAccessTokens(t.Context())
	if _, found := list.ByName("created elsewhere"); err != nil || !found {
		t.Errorf("the fresh list is %v, error %v", list.Tokens, err)
	}
}

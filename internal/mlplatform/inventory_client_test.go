// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func TestAccessTokensAreShared(t *testing.T) {
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

// TestWritesAreSeenAtOnce is about each write of a client, also one that failed: it may have acted.
func TestWritesAreSeenAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault *emulator.Fault
		// lists is how often the list is asked for: once at first, and after each write that it cannot follow.
		lists int
	}{
		"answered": {nil, 2},
		"lost":     {&emulator.Fault{Kind: emulator.Drop, After: true}, 3},
		"refused":  {&emulator.Fault{Kind: emulator.Respond, Status: 403}, 1},
	} {
		fault := test.fault
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := start(t, emulator.Options{}, mlplatform.Config{})
			seed(t, server, emulator.SeedToken{Name: "doomed"})
			register := promise(t, client, "new")
			if fault != nil {
				for _, operation := range []string{emulator.OpRedeemRegisterToken, emulator.OpDeleteAccessToken} {
					fault := *fault
					fault.Operation = operation
					server.Inject(fault)
				}
			}
			acted := fault == nil || fault.After
			for range 2 {
				wantAccessTokens(t, client, "doomed", true)
			}
			_, err := client.RedeemRegisterToken(t.Context(), register)
			if (err == nil) != (fault == nil) {
				t.Errorf("redeeming: %v", err)
			}
			wantAccessTokens(t, client, "new", acted)
			err = client.DeleteAccessToken(t.Context(), "doomed")
			if (err == nil) != (fault == nil) {
				t.Errorf("deleting: %v", err)
			}
			wantAccessTokens(t, client, "doomed", !acted)
			if lists := strings.Count(requests(server), emulator.OpListAccessTokens); lists != test.lists {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// wantAccessTokens checks whether the shared list has a name.
func wantAccessTokens(t *testing.T, client *mlplatform.Client, name string, want bool) {
	t.Helper()
	list, err := client.AccessTokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, found := list.ByName(name); found != want {
		t.Errorf("%q is in the list: %v, want %v", name, found, want)
	}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"os"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// TestVerify is `make verify`: it reads from the live service that the environment names, and changes nothing there.
// Without MLPLATFORM_VERIFY it uses the emulator. It logs no name and no value.
func TestVerify(t *testing.T) {
	t.Parallel()
	config := mlplatform.Config{
		Endpoint:       os.Getenv("MLPLATFORM_ENDPOINT"),
		Token:          mlplatform.Secret(os.Getenv("MLPLATFORM_TOKEN")),
		UserAgent:      "terraform-provider-mlplatform verify",
		RequestTimeout: 30 * time.Second,
	}
	if os.Getenv("MLPLATFORM_VERIFY") == "" {
		server, err := emulator.Start(emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			server.Close()
			for i, want := range []string{emulator.OpWhoAmI, emulator.OpListAccessTokens} {
				if journal := server.Journal(); len(journal) != 2 || journal[i].Operation != want {
					t.Errorf("request %d is not %s only: %+v", i+1, want, journal)
				}
			}
		})
		config.Endpoint, config.Token = server.Endpoint(), mlplatform.Secret(server.AdminToken())
	}
	client, err := mlplatform.New(config)
	if err != nil {
		t.Fatal(err)
	}
	me, err := client.WhoAmI(t.Context())
	if err != nil {
		t.Fatalf("whoami: %v", err)
	}
	t.Logf("whoami: a token with the %s role; expires: %t", me.Role, !me.ExpiresAt.IsZero())
	list, err := client.ListAccessTokens(t.Context())
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if listed, ok := list.ByID(me.ID); !ok || listed.Name != me.Name || listed.Role != me.Role {
		t.Error("the list does not contain the calling token as whoami describes it")
	}
	expired := 0
	for _, token := range list.Tokens {
		if token.Expired(list.AsOf) {
			expired++
		}
	}
	t.Logf("list: %d tokens, %d of them expired", len(list.Tokens), expired)
}

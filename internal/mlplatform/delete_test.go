// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func TestDeleteAccessTokenWithID(t *testing.T) {
	t.Parallel()
	rename := func(s *emulator.Server) { s.Amend("token", func(token *emulator.Token) { token.Name = "renamed" }) }
	for name, test := range map[string]struct {
		before  func(*emulator.Server)
		foreign bool
		deletes bool
		left    int
	}{
		"live":                           {func(*emulator.Server) {}, false, true, 0},
		"gone":                           {func(s *emulator.Server) { s.Revoke("token") }, false, false, 0},
		"another token":                  {func(s *emulator.Server) { s.Revoke("token"); _, _, _ = s.Seed(emulator.SeedToken{Name: "token"}) }, true, false, 1},
		"renamed":                        {rename, false, true, 0},
		"renamed, and the name is taken": {func(s *emulator.Server) { rename(s); _, _, _ = s.Seed(emulator.SeedToken{Name: "token"}) }, false, true, 1},
		"gone meanwhile": {func(s *emulator.Server) {
			s.Inject(emulator.Fault{Operation: emulator.OpDeleteAccessToken, After: true, Status: 404})
		}, false, true, 0},
		"refused": {func(s *emulator.Server) {
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
			if (err != nil) != (name == "refused") {
				t.Errorf("got error %v", err)
			}
			if (foreign != nil) != test.foreign {
				t.Errorf("got the foreign token %v", foreign)
			}
			if deletes := count(server, emulator.OpDeleteAccessToken) != 0; deletes != test.deletes {
				t.Errorf("the requests were %s", requests(server))
			}
			if left := len(server.LiveTokens()) - 1; left != test.left {
				t.Errorf("%d tokens are left, want %d", left, test.left)
			}
		})
	}
}

// Nothing is decided about a token that an unreadable row could be.
func TestHardening18UnreadableRowBlocksOnlyItsOwnDeletion(t *testing.T) {
	t.Parallel()
	const row = `{"id":%q,"name":%q,"type":"USER","issuer_name":"i","exp":null}`
	for name, unreadable := range map[string]string{
		"another row":  `{"id":"9","name":"other","type":"USER","issuer_name":"i","exp":"soon"}`,
		"another ID":   `{"id":"9"}`,
		"another name": `{"name":"other"}`,
		"no keys":      `{}`,
	} {
		t.Run("token in the list/"+name, func(t *testing.T) {
			t.Parallel()
			wantDeletion(t, "["+fmt.Sprintf(row, "1", "token")+","+unreadable+"]", true, false)
		})
	}
	for name, unreadable := range map[string]string{
		"its own row": `{"id":"1","name":"token","type":"USER","issuer_name":"i","exp":"soon"}`,
		"its ID":      `{"id":"1"}`,
		"its name":    `{"name":"token"}`,
		"no keys":     `{}`,
	} {
		t.Run("token not in the list/"+name, func(t *testing.T) {
			t.Parallel()
			wantDeletion(t, "["+fmt.Sprintf(row, "2", "other")+","+unreadable+"]", false, true)
		})
	}
	t.Run("token not in the list/another row", func(t *testing.T) {
		t.Parallel()
		wantDeletion(t, "["+fmt.Sprintf(row, "2", "other")+`,{"id":"9","name":"third"}]`, false, false)
	})
}

// wantDeletion deletes the token with the ID "1" and the name "token" from a list.
func wantDeletion(t *testing.T, list string, deletes, blocked bool) {
	t.Helper()
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
		if r.Method == http.MethodDelete {
			respond(http.StatusNoContent, "", "")(w, r, number)
			return
		}
		respond(http.StatusOK, "application/json", list)(w, r, number)
	})
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	foreign, err := client.DeleteAccessTokenWithID(t.Context(), "1", "token")
	if foreign != nil || errors.Is(err, mlplatform.ErrUnreadableRow) != blocked || (err != nil) != blocked || mlplatform.IsOutcomeUnknown(err) {
		t.Errorf("got %v, error %v", foreign, err)
	}
	want := 1
	if deletes {
		want = 2
	}
	seen.want(t, want)
}

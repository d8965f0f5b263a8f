// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestOpenTokensRevoke(t *testing.T) {
	t.Parallel()
	var open OpenTokens
	if err := open.Revoke(t.Context()); err != nil {
		t.Errorf("Revoke of no tokens: %v", err)
	}
	revoked := make(chan string, 3)
	for _, id := range []string{"closed", "first", "second"} {
		open.add(id, func(context.Context) error {
			revoked <- id
			return errors.New("cannot delete " + id)
		})
	}
	open.remove("closed")
	err := open.Revoke(t.Context())
	for _, id := range []string{"first", "second"} {
		if err == nil || !strings.Contains(err.Error(), "cannot delete "+id) {
			t.Errorf("the error does not name %s: %v", id, err)
		}
	}
	if err := open.Revoke(t.Context()); err != nil || len(revoked) != 2 {
		t.Errorf("revoked %d tokens, then %v", len(revoked), err)
	}
}

// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// Without a Date header, the provider goes by the clock of this machine, and says so in the log.
func TestServiceWithoutDate(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t, func(opts *emulator.Options) {
		opts.Clock, opts.Dialect = time.Now, opts.Dialect|emulator.NoDate
	})
	w := acctest.NewWorkspace(t, svc).Traced()
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name          = "nightly"
  ttl           = "30d"
  rotate_before = "7d"
}
`)
	if got := w.Apply(); !strings.Contains(got.Log, "the response has no Date header") {
		t.Error("the log does not mention the missing header")
	}
	w.ExpectEmptyPlan()
	value := w.Attribute(tokenAddress, "token")
	svc.Emulator.Amend("nightly", func(token *emulator.Token) {
		before := time.Now().Add(-time.Hour)
		token.ExpiresAt = &before
	})
	expectOutput(t, w.Run("plan", "-no-color", "-detailed-exitcode"), 2, "must be replaced", `"expired"`)
	w.Apply()
	w.ExpectEmptyPlan()
	if w.Attribute(tokenAddress, "token") == value {
		t.Error("the token was not replaced")
	}
	svc.ExpectLiveTokens(t, "nightly")
}

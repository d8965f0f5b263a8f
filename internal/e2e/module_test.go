// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"path/filepath"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

// The module in the examples passes its tests, which leave no token behind.
func TestModule(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.6.0"))
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.CopyFrom(filepath.Join(acctest.ExamplesFolder, "modules", "rotating-token"))
	if got := w.Run("test", "-no-color"); got.ExitCode != 0 || !got.Matches("7 passed, 0 failed") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	svc.ExpectLiveTokens(t)
	// The tests create a token and replace it.
	if created := svc.RedeemedRegisterTokens(); created != 2 {
		t.Errorf("the tests created %d tokens instead of 2", created)
	}
}

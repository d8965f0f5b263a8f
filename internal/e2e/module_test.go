// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"path/filepath"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// The module that the examples offer passes its own tests, and these leave nothing behind.
func TestModule(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.6.0"))
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.CopyFrom(filepath.Join(acctest.ExamplesFolder, "modules", "rotating-token"))
	if got := w.Run("test", "-no-color"); got.ExitCode != 0 || !acctest.OutputMatches("6 passed, 0 failed").MatchString(got.Stdout) {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	if held := svc.LiveTokenNames(t); len(held) != 0 {
		t.Errorf("the tests leave %q behind", held)
	}
	// Two of them: one is made at first, the other when it is replaced.
	minted := 0
	for _, write := range svc.Writes() {
		if write == emulator.OpRedeemRegisterToken {
			minted++
		}
	}
	if minted != 2 {
		t.Errorf("the tests made %d tokens instead of 2", minted)
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"path/filepath"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// The module that the examples offer passes its own tests, and these leave nothing behind.
func TestModule(t *testing.T) {
	t.Parallel()
	needs(t, since("1.6.0"))
	b := emulated(t)
	w := newWorkspace(t, b)
	w.copyFrom(filepath.Join(examplesFolder, "modules", "rotating-token"))
	if got := w.run("test", "-no-color"); got.exitCode != 0 || !says("6 passed, 0 failed").MatchString(got.stdout) {
		t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
	}
	if held := b.held(t); len(held) != 0 {
		t.Errorf("the tests leave %q behind", held)
	}
	// Two of them: one is made at first, the other when it is replaced.
	minted := 0
	for _, write := range b.writes() {
		if write == emulator.OpRedeemRegisterToken {
			minted++
		}
	}
	if minted != 2 {
		t.Errorf("the tests made %d tokens instead of 2", minted)
	}
}

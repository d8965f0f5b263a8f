// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// A conflict and a token that is missing under "never" plan no change. The recipes of the example report them all the same:
// the postcondition with the exit code, the checks with a warning.
func TestHardening15ChecksReportInvalidTokens(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.5.0"))
	for name, taken := range acctest.Sample(1, map[string]bool{"conflict": true, "missing": false}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.CopyFrom(filepath.Join(acctest.ExamplesFolder, "checks"))
			w.Apply()
			w.ExpectEmptyPlan()
			invalidate := func(token string) {
				svc.Emulator.Revoke(token)
				if taken {
					svc.Seed(t, emulator.SeedToken{Name: token})
				}
			}

			invalidate("nightly-export")
			got := w.Plan()
			if got.ExitCode != 0 || !got.Matches("The token nightly-export is not valid: its status is "+name+".") {
				t.Errorf("exit code %d with a check that fails:\n%s", got.ExitCode, got.Output())
			}
			invalidate("nightly-report")
			got = w.Run("plan", "-no-color", "-detailed-exitcode")
			if got.ExitCode != 1 || !got.Matches("The token nightly-report is not valid: its status is "+name+".") {
				t.Errorf("exit code %d with a postcondition that fails:\n%s", got.ExitCode, got.Output())
			}
			w.Destroy()
		})
	}
}

// The check of the expiry names the token, by the service's clock.
func TestHardening15ChecksReportExpiry(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.5.0"))
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.CopyFrom(filepath.Join(acctest.ExamplesFolder, "checks"))
	w.Apply()
	svc.Clock.Advance(84 * 24 * time.Hour)
	if got := w.Plan(); got.ExitCode != 0 || !got.Matches("These tokens expire within a week: nightly-export, nightly-report.") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// With 1,000 tokens under Terraform and 9,000 others in the service, a refresh makes no more than two requests for the
// list, a creation 3.1 requests for each token, a destruction 1.1.
func TestRequestsAtScale(t *testing.T) {
	t.Parallel()
	needsTime(t)
	const managed, others = 1000, 9000
	b := emulated(t)
	for i := range others {
		if _, _, err := b.emulator.Seed(emulator.SeedToken{Name: fmt.Sprintf("other-%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorkspace(t, b)
	w.env["TF_LOG"] = "" // at TRACE, a thousand tokens write some hundred thousand lines
	w.write("main.tf", fmt.Sprintf("resource \"mlplatform_access_token\" \"many\" {\n  count = %d\n  name = \"many-${count.index}\"\n}\n", managed))
	counted := func(what string, run func(), limit float64) map[string]int {
		b.emulator.ResetJournal()
		run()
		operations := map[string]int{}
		for _, request := range b.emulator.Journal() {
			operations[request.Operation]++
		}
		total := 0
		for _, count := range operations {
			total += count
		}
		t.Logf("%s: %d requests, %v", what, total, operations)
		if total == 0 || float64(total) > limit {
			t.Errorf("%s made %d requests, more than %.0f: %v", what, total, limit, operations)
		}
		return operations
	}
	counted("the creation", func() { w.apply() }, 3.1*managed)
	refresh := counted("the refresh", func() { w.planIsEmpty() }, 2)
	if refresh[emulator.OpListAccessTokens] != len(b.emulator.Journal()) {
		t.Errorf("the refresh made other requests than for the list: %v", refresh)
	}
	counted("the destruction", func() { w.destroy() }, 1.1*managed)
	if held := len(b.held(t)); held != others {
		t.Errorf("the service holds %d tokens in the end instead of %d", held, others)
	}
}

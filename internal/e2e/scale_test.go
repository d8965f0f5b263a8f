// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// With 1,000 managed tokens and 9,000 others in the service, a refresh makes at most two requests for the list. A creation
// makes at most 3.25 requests for each token, a destroy 1.25: Terraform works on ten resources at a time, and those that ask for the list
// at about the same time share one request. How many that are depends on the load of the machine.
func TestRequestsAtScale(t *testing.T) {
	t.Parallel()
	managed, others := 1000, 9000
	if testing.Short() {
		managed, others = 20, 180
	}
	lists := max(managed/4, 15) // the requests for the list, besides those for each token
	svc := acctest.NewService(t)
	for i := range others {
		if _, _, err := svc.Emulator.Seed(emulator.SeedToken{Name: fmt.Sprintf("other-%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", fmt.Sprintf(`
resource "mlplatform_access_token" "many" {
  count = %d
  name  = "many-${count.index}"
}
`, managed))
	counted := func(what string, run func(), limit int) map[string]int {
		svc.Emulator.ResetJournal()
		run()
		operations := map[string]int{}
		for _, request := range svc.Emulator.Journal() {
			operations[request.Operation]++
		}
		total := 0
		for _, count := range operations {
			total += count
		}
		t.Logf("%s: %d requests, %v", what, total, operations)
		if total == 0 || total > limit {
			t.Errorf("%s made %d requests, more than %d: %v", what, total, limit, operations)
		}
		return operations
	}
	counted("the creation", func() { w.Apply() }, 3*managed+lists)
	refresh := counted("the refresh", func() { w.ExpectEmptyPlan() }, 2)
	if refresh[emulator.OpListAccessTokens] != len(svc.Emulator.Journal()) {
		t.Errorf("the refresh made other requests than for the list: %v", refresh)
	}
	counted("the destroy", func() { w.Destroy() }, managed+lists)
	if count := len(svc.LiveTokenNames(t)); count != others {
		t.Errorf("the service has %d tokens at the end instead of %d", count, others)
	}
}

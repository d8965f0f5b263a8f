// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"maps"
	"slices"
	"testing"
)

// Long skips a test that takes minutes, with -short. `make test` sets it, `make test-all` does not.
func Long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes minutes: not with -short")
	}
}

// Sample returns the cases of a table, with -short no more than n of them: those whose names come first. Every test then
// has a few cases in a short run.
func Sample[T any](n int, cases map[string]T) map[string]T {
	if !testing.Short() {
		return cases
	}
	sample := map[string]T{}
	for _, name := range slices.Sorted(maps.Keys(cases))[:min(n, len(cases))] {
		sample[name] = cases[name]
	}
	return sample
}

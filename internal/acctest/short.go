// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"maps"
	"slices"
	"testing"
)

// Long skips a slow test with -short, which `make test` sets and `make test-all` does not.
func Long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: not with -short")
	}
}

// Sample returns the cases of a table; with -short, only n of them, spread evenly over the sorted names. A short run then
// has cases of every test.
func Sample[T any](n int, cases map[string]T) map[string]T {
	if !testing.Short() || n >= len(cases) {
		return cases
	}
	names := slices.Sorted(maps.Keys(cases))
	sample := map[string]T{}
	for i := range n {
		name := names[i*len(names)/n]
		sample[name] = cases[name]
	}
	return sample
}

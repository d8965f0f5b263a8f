// SPDX-License-Identifier: MPL-2.0

// Package e2e tests the provider's program with a real CLI: what a user sees, and what holds when requests fail, when a
// command is interrupted and when the provider crashes. It has no code but tests; helpers are in package acctest.
package e2e

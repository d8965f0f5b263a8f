// SPDX-License-Identifier: MPL-2.0

// Package emulator is the ML Platform token service in memory, for tests, for the demo and as a program.
//
// It follows the HTTP contract in internal/mlplatform/openapi.yaml: types and routes are generated from that
// document, and each request and response is checked against it while the emulator runs. It listens on loopback
// only and forgets everything when it stops; its token values are random and marked as emulated.
//
// What a test needs and the service does not offer is on [Server]: a journal of requests, a settable [Clock],
// changes made behind the caller's back ([Server.Seed], [Server.Revoke]), and faults ([Server.Inject]).
//
// The provider does not import this package, and this package imports nothing of the provider: a mistake in the
// client must not be able to hide in the service that it is tested against.
package emulator

//go:generate go tool -modfile=../../tools/oapi-codegen/go.mod oapi-codegen -config oapi-codegen.yaml ../mlplatform/openapi.yaml

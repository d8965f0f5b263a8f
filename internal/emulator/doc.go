// SPDX-License-Identifier: MPL-2.0

// Package emulator is an in-memory ML Platform token service for tests, the demo and local use.
//
// It implements the HTTP contract in internal/mlplatform/openapi.yaml. Types and routes are generated from that
// document, and each request and response is validated against it at run time. The emulator listens on loopback only
// and keeps its state in memory. Its token values are random and marked as emulated.
//
// [Server] also has what tests need and the service does not offer: a request journal, a settable [Clock],
// out-of-band changes ([Server.Seed], [Server.Revoke]), and faults ([Server.Inject]).
//
// The provider must not import this package, and this package imports nothing from the provider, so that a bug in the
// client cannot be repeated in the service that it is tested against.
package emulator

//go:generate go tool -modfile=../../tools/oapi-codegen/go.mod oapi-codegen -config oapi-codegen.yaml ../mlplatform/openapi.yaml

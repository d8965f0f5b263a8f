// SPDX-License-Identifier: MPL-2.0

// Package wire is the HTTP contract of the token service as Go code: types and request builders, generated from
// ../openapi.yaml. Nothing in it is written by hand; package mlplatform turns it into domain terms.
package wire

//go:generate go tool -modfile=../../../tools/oapi-codegen/go.mod oapi-codegen -config oapi-codegen.yaml ../openapi.yaml

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import "fmt"

// Secret is the value of a token. It prints as a placeholder, so that a value reaches a log or an error text only through
// an explicit Reveal.
type Secret string

const redacted = "(sensitive value)"

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// Format prints the placeholder for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String returns the placeholder. Go prints the value of a panic with it, not with Format.
func (s Secret) String() string { return redacted }

// MarshalText keeps the value out of JSON and of structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

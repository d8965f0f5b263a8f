// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"io"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Identity returns the private key to which tests encrypt values; every process has another one.
var Identity = sync.OnceValue(func() *age.X25519Identity {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return identity
})

// Recipient returns the public key of Identity.
func Recipient() string { return Identity().Recipient().String() }

// Decrypt returns the value in an encrypted_token, and ends the test if it is not encrypted to Recipient.
func Decrypt(t *testing.T, encrypted string) string {
	t.Helper()
	plain, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), Identity())
	if err != nil {
		t.Fatal(err)
	}
	value, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return string(value)
}

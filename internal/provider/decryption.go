// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// maxValue is more than any value of a token takes.
const maxValue = 1 << 20

// decryptValue decrypts what encryptValue returned, or any other text encrypted with age. Its errors are fixed texts, because
// those of the libraries can repeat what they were given.
func decryptValue(encrypted string, identities []age.Identity) (mlplatform.Secret, error) {
	plain, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), identities...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return "", errors.New("the value is not encrypted to this identity; use the private key that belongs to one of the recipients")
	case err != nil:
		return "", errors.New("the encrypted value is not armored age text, or it is damaged; pass the attribute `encrypted_token` unchanged")
	}
	value, err := io.ReadAll(io.LimitReader(plain, maxValue+1))
	switch {
	case err != nil:
		return "", errors.New("the encrypted value is damaged; pass the attribute `encrypted_token` unchanged")
	case len(value) == 0 || len(value) > maxValue || !utf8.Valid(value):
		return "", errors.New("the encrypted value is not that of a token")
	}
	return mlplatform.Secret(value), nil
}

// parseIdentity parses age identities, as age-keygen writes them, or an SSH private key.
func parseIdentity(text string) ([]age.Identity, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, errors.New("it is empty")
	case strings.Contains(text, "PRIVATE KEY-----"):
		identity, err := agessh.ParseIdentity([]byte(text + "\n"))
		var encrypted *ssh.PassphraseMissingError
		switch {
		case errors.As(err, &encrypted):
			return nil, errors.New("the SSH private key has a passphrase, which cannot be asked for; use a key without one")
		case err != nil:
			return nil, errors.New("it is not a complete ed25519 or RSA private key of SSH; other types cannot decrypt")
		}
		return []age.Identity{identity}, nil
	case strings.HasPrefix(text, "age-encryption.org/"), strings.HasPrefix(text, armor.Header):
		return nil, errors.New("the identity is itself encrypted; decrypt it with age first")
	case strings.Contains(text, "AGE-PLUGIN-"):
		return nil, errors.New("identities of age plugins are not supported")
	case strings.HasPrefix(text, "age1"), strings.HasPrefix(text, "ssh-"):
		return nil, errors.New("it is a public key; decrypting requires the private key that belongs to it")
	}
	identities, err := age.ParseIdentities(strings.NewReader(strings.ReplaceAll(text, "\r\n", "\n")))
	if err != nil {
		return nil, errors.New("it is neither an age identity (AGE-SECRET-KEY-1…) nor an SSH private key")
	}
	return identities, nil
}

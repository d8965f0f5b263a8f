// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// Role is what an access token may do.
type Role string

const (
	// RoleUser may do what requires authorization, such as submitting a Spark job.
	RoleUser Role = Role(wire.USER)
	// RoleAdmin may do all that RoleUser may, and manage tokens.
	RoleAdmin Role = Role(wire.ADMIN)
)

// AccessToken describes an access token without its value, which the service shows only at creation. (The facts are
// published as the output of who_am_i(); that the list has the same ones is assumed.)
type AccessToken struct {
	// ID is assigned by the service.
	ID string
	// Name is any text, unique among a project's live tokens (the uniqueness is assumed).
	Name string
	// Role is what it may do.
	Role Role
	// IssuerName is who issued it; empty if the service does not say.
	IssuerName string
	// ExpiresAt is its expiry in UTC, to the second; the zero time means never.
	ExpiresAt time.Time
}

// Expired reports whether the token is past its expiry at the given time, which should be the service's own (Client.Now
// or AccessTokenList.AsOf).
func (t AccessToken) Expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// RegisterToken is a one-time token for creating an access token. The service keeps no list of them (published).
type RegisterToken struct {
	// Value is shown once.
	Value Secret
	// CreatedAt is the service's time of creation in UTC, to the second, from the Date header of the response.
	CreatedAt time.Time
}

// RegisterTokenRequest holds what an administrator fixes in a register token.
type RegisterTokenRequest struct {
	// AccessTokenName is the name of the future access token.
	AccessTokenName string
	// Role is the role of the future access token.
	Role Role
	// AccessTokenLifetime is the lifetime of the future access token, in whole seconds; 0 means it never expires.
	AccessTokenLifetime time.Duration
	// Lifetime is the lifetime of the register token itself, in whole seconds.
	Lifetime time.Duration
}

// tokenFromWire reads what the service says of a token. Spellings that differ from the contract but cannot be
// misunderstood are reported. The result of an error has the ID and the name, if those could be read.
func tokenFromWire(in wire.AccessToken, report func(spelling string)) (AccessToken, error) {
	partial := AccessToken{Name: in.Name}
	var err error
	if partial.ID, err = readID(in.Id, report); err != nil {
		return partial, err
	}
	switch {
	case in.Name == "":
		return partial, missingKey("name")
	case in.Type == "":
		return partial, missingKey("type")
	}
	token := partial
	token.Role = readRole(in.Type, report)
	if token.ExpiresAt, err = readExpiry(in.Exp, report); err != nil {
		return partial, err
	}
	if in.IssuerName == nil {
		report("a token has no issuer_name")
	} else {
		token.IssuerName = *in.IssuerName
	}
	return token, nil
}

// readID reads a text or a number.
func readID(raw json.RawMessage, report func(string)) (string, error) {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(raw, &text) == nil:
	case json.Unmarshal(raw, &number) == nil:
		text = number.String()
		report("the id of a token is a number")
	case len(raw) > 0:
		return "", fmt.Errorf("the key %q has the wrong type", "id")
	}
	if text == "" {
		return "", missingKey("id")
	}
	return text, nil
}

// readRole reads a role in any case. Unknown roles are kept as they are.
func readRole(in wire.Role, report func(string)) Role {
	if upper := wire.Role(strings.ToUpper(string(in))); upper != in && upper.Valid() {
		report("the role of a token is not in upper case")
		return Role(upper)
	}
	return Role(in)
}

func missingKey(key string) error {
	return fmt.Errorf("the required key %q is missing or empty", key)
}

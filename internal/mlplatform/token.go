// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// Role is what an access token may do. Grade: published (VK Cloud user documentation, ML Platform access tokens).
type Role string

const (
	// RoleUser may do what needs authorization, such as submitting a Spark job.
	RoleUser Role = Role(wire.USER)
	// RoleAdmin may do all that RoleUser may, and manage tokens.
	RoleAdmin Role = Role(wire.ADMIN)
)

// Secret is the value of a token. Printing it in any way shows a placeholder, so that a value reaches a log or an
// error text only through an explicit Reveal.
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

// AccessToken describes an access token without its value, which the service shows once, at creation.
// Grade: the facts are published as the output of who_am_i(); that the list carries the same ones is assumed.
type AccessToken struct {
	// ID is the id that the service gave it.
	ID string
	// Name is any text, unique among a project's live tokens (the uniqueness is assumed).
	Name string
	// Role is what it may do.
	Role Role
	// IssuerName is who issued it.
	IssuerName string
	// ExpiresAt is its expiry in UTC, to the second; the zero time means never.
	ExpiresAt time.Time
}

// Expired reports whether the token is past its expiry at the given moment, which should be the service's own
// (Client.Now or AccessTokenList.AsOf).
func (t AccessToken) Expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// AccessTokenList is a complete list of a project's access tokens.
type AccessTokenList struct {
	// Tokens are in the order of the service. Expired ones may or may not be among them.
	Tokens []AccessToken
	// AsOf is the service's time of the answer.
	AsOf time.Time

	// byID is the index of each token; nil in a list that few ask. A refresh looks for a thousand tokens among ten thousand.
	byID map[string]int
}

// indexed returns the list with an index.
func (l AccessTokenList) indexed() AccessTokenList {
	l.byID = make(map[string]int, len(l.Tokens))
	for i := range l.Tokens {
		l.byID[l.Tokens[i].ID] = i
	}
	return l
}

// ByName finds the token of a name. Where an expired row shares it with a live one, the live one is meant.
func (l AccessTokenList) ByName(name string) (AccessToken, bool) {
	var found AccessToken
	ok := false
	for _, token := range l.Tokens {
		if token.Name == name && (!ok || found.Expired(l.AsOf)) {
			found, ok = token, true
		}
	}
	return found, ok
}

// ByID finds the token of an id.
func (l AccessTokenList) ByID(id string) (AccessToken, bool) {
	if l.byID != nil {
		i, ok := l.byID[id]
		if !ok {
			return AccessToken{}, false
		}
		return l.Tokens[i], true
	}
	for _, token := range l.Tokens {
		if token.ID == id {
			return token, true
		}
	}
	return AccessToken{}, false
}

// RegisterToken is a one-time token for creating an access token. The service keeps no list of them (published).
type RegisterToken struct {
	// Value is shown once.
	Value Secret
	// CreatedAt is the service's time of creation in UTC, to the second, from the Date header of its answer.
	CreatedAt time.Time
}

// RegisterTokenRequest holds what an administrator fixes in a register token.
type RegisterTokenRequest struct {
	// AccessTokenName is the name of the access token to come.
	AccessTokenName string
	// Role is the role of the access token to come.
	Role Role
	// AccessTokenLifetime is the lifetime of the access token to come, in whole seconds; 0 means it never expires.
	AccessTokenLifetime time.Duration
	// Lifetime is the lifetime of the register token itself, in whole seconds.
	Lifetime time.Duration
}

// decodeTokens reads a list. It goes item by item and ends at the first bad one: decoded at once, a body of many items
// of next to nothing would take a hundred times its size.
func decodeTokens(body json.RawMessage) ([]AccessToken, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return nil, errors.New("the body is not a list")
	}
	tokens := []AccessToken{}
	for decoder.More() {
		var item wire.AccessToken
		if err := decoder.Decode(&item); err != nil {
			return nil, fmt.Errorf("item %d of the list: %w", len(tokens)+1, notJSON("it", err))
		}
		token, err := tokenFromWire(item)
		if err != nil {
			return nil, fmt.Errorf("item %d of the list: %w", len(tokens)+1, err)
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// tokenFromWire checks that every required key is there and reads the expiry in each of its spellings.
func tokenFromWire(in wire.AccessToken) (AccessToken, error) {
	switch {
	case in.Id == "":
		return AccessToken{}, missingKey("id")
	case in.Name == "":
		return AccessToken{}, missingKey("name")
	case in.Type == "":
		return AccessToken{}, missingKey("type")
	case in.IssuerName == nil:
		return AccessToken{}, missingKey("issuer_name")
	case len(in.Exp) == 0:
		return AccessToken{}, missingKey("exp")
	}
	expiresAt, err := parseExpiry(in.Exp)
	if err != nil {
		return AccessToken{}, err
	}
	return AccessToken{
		ID: in.Id, Name: in.Name, Role: Role(in.Type), IssuerName: *in.IssuerName, ExpiresAt: expiresAt,
	}, nil
}

func missingKey(key string) error {
	return fmt.Errorf("the required key %q is missing or empty", key)
}

var errExpiry = errors.New(`the key "exp" is neither null nor an RFC 3339 time nor Unix seconds`)

// parseExpiry reads null, an RFC 3339 time or Unix seconds. Times outside the years 1 to 9999 cannot be written in
// RFC 3339 and are refused.
func parseExpiry(raw json.RawMessage) (time.Time, error) {
	if bytes.Equal(raw, []byte("null")) {
		return time.Time{}, nil
	}
	var at time.Time
	if seconds, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		at = time.Unix(seconds, 0).UTC()
	} else {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return time.Time{}, errExpiry
		}
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return time.Time{}, errExpiry
		}
		at = parsed.UTC().Truncate(time.Second)
	}
	if at.Year() < 1 || at.Year() > 9999 || at.IsZero() {
		return time.Time{}, errExpiry
	}
	return at, nil
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Token is an access token as the service keeps it, without its value.
type Token struct {
	ID         string
	Name       string
	Role       string
	IssuerName string
	ExpiresAt  *time.Time // nil: never
}

// RegisterTokenRow is a register token that was created. The service itself keeps no list of these; tests and the
// demo look behind the scenes.
type RegisterTokenRow struct {
	ClientName string
	Role       string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	Used       bool
}

// SeedToken describes an access token that somebody makes in the management console.
type SeedToken struct {
	Name   string
	Role   string        // USER or ADMIN; empty means USER
	TTL    time.Duration // 0: never expires; negative: has expired already
	Issuer string        // empty means the issuer of the emulator's own ADMIN token
}

const (
	adminName     = "emulator-admin"
	defaultIssuer = "emulator@example.com"
)

// lifetimePattern is stricter than Go's durations: the service knows three units, in this order, each once.
var lifetimePattern = regexp.MustCompile(`^([0-9]+h)?([0-9]+m)?([0-9]+s)?$`)

// parseLifetime reads a lifetime as it stands in a request.
func parseLifetime(text string) (time.Duration, error) {
	if !lifetimePattern.MatchString(text) {
		return 0, errLifetime
	}

	// ParseDuration refuses the empty text and what overflows.
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, errLifetime
	}

	return d, nil
}

// newValue makes the value of a token. Its last characters are spelled differently in a URL and in base64, so that a
// search for a leaked value has to look for those spellings too. The caller holds the lock.
func (s *service) newValue(kind string) string {
	var random [16]byte

	// Read never fails: it ends the program where the system has no randomness to give.
	_, _ = rand.Read(random[:])

	value := fmt.Sprintf("emulated-%s/%s+==", kind, hex.EncodeToString(random[:]))
	s.issued = append(s.issued, value)

	return value
}

// list returns the rows that the service still knows, by name. With live, only those that work now.
func (s *service) list(live bool) []Token {
	s.mu.Lock()
	defer s.mu.Unlock()

	now := s.now()
	rows := make([]Token, 0, len(s.byName))

	for _, token := range s.byName {
		if live && expired(token.Token, now) || !s.kept(token.Token, now) {
			continue
		}

		rows = append(rows, token.Token)
	}

	slices.SortFunc(rows, func(a, b Token) int { return cmp.Compare(a.Name, b.Name) })

	return rows
}

// registerRows returns all register tokens that were ever made, oldest first.
func (s *service) registerRows() []RegisterTokenRow {
	s.mu.Lock()
	defer s.mu.Unlock()

	rows := make([]RegisterTokenRow, 0, len(s.minted))
	for _, token := range s.minted {
		rows = append(rows, token.RegisterTokenRow)
	}

	return rows
}

// values returns every value that was ever made, oldest first.
func (s *service) values() []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.issued)
}

// setHideExpired says whether expired tokens leave the list.
func (s *service) setHideExpired(hide bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.hideExpired = hide
}

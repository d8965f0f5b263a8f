// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

// Token is an access token without its value.
type Token struct {
	ID         string
	Name       string
	Role       string
	IssuerName string
	ExpiresAt  *time.Time // nil if it never expires
	Project    string     // empty for the project of the emulator's own ADMIN token
}

// RegisterTokenRow is a register token. The service does not list these; tests and the demo do.
type RegisterTokenRow struct {
	ClientName string
	Role       string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	Used       bool
}

// SeedToken describes an access token that is created out of band, as in the management console.
type SeedToken struct {
	Name   string
	Role   string        // USER or ADMIN; default USER
	TTL    time.Duration // 0 means that it never expires; a negative value that it has expired already
	Issuer string        // default: the issuer of the emulator's own ADMIN token
	// Project separates tokens: the list of an ADMIN token has only the tokens of its project. Default: the project of
	// the emulator's own ADMIN token.
	Project string
}

const (
	adminName     = "emulator-admin"
	defaultIssuer = "emulator@example.com"
)

// lifetimePattern is stricter than Go's durations: three units, in this order, each at most once.
var lifetimePattern = regexp.MustCompile(`^([0-9]+h)?([0-9]+m)?([0-9]+s)?$`)

// parseLifetime parses a lifetime of a request.
func parseLifetime(text string) (time.Duration, error) {
	if !lifetimePattern.MatchString(text) {
		return 0, errLifetime
	}

	// ParseDuration rejects an empty string and overflow.
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, errLifetime
	}
	return d, nil
}

// newValue creates and records a token value. It contains characters that a URL escapes and that differ in base64,
// so that leak tests must search for those forms too. The caller holds the lock.
func (s *service) newValue(kind string) string {
	var random [16]byte

	// Read never returns an error.
	_, _ = rand.Read(random[:])
	value := fmt.Sprintf("emulated-%s/%s+==", kind, hex.EncodeToString(random[:]))
	s.issued = append(s.issued, value)
	return value
}

// list returns the visible tokens of all projects, sorted by name; with live, only those that have not expired.
func (s *service) list(live bool) []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	rows := make([]Token, 0, len(s.byName))
	for _, token := range s.byName {
		if live && expired(token.Token, now) || !s.visible(token.Token, now) {
			continue
		}
		rows = append(rows, token.Token)
	}
	sortByName(rows)
	return rows
}

// listed returns the rows of the list of a project, sorted by name, without hidden names and the latest writes.
func (s *service) listed(project string) []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	tokens := s.byValue
	if s.stale > 0 {
		tokens = maps.Clone(tokens)
	}
	for _, write := range slices.Backward(s.writes[max(0, len(s.writes)-s.stale):]) {
		if write.added != nil {
			delete(tokens, write.added.value)
		}
		if write.removed != nil {
			tokens[write.removed.value] = write.removed
		}
	}
	now := s.now()
	rows := make([]Token, 0, len(tokens))
	for _, token := range tokens {
		if token.Project == project && s.visible(token.Token, now) && !s.hidden[token.Name] {
			rows = append(rows, token.Token)
		}
	}
	sortByName(rows)
	return rows
}

func sortByName(tokens []Token) {
	slices.SortFunc(tokens, func(a, b Token) int { return cmp.Compare(a.Name, b.Name) })
}

// registerRows returns all register tokens ever created, oldest first.
func (s *service) registerRows() []RegisterTokenRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := make([]RegisterTokenRow, 0, len(s.registerLog))
	for _, token := range s.registerLog {
		rows = append(rows, token.RegisterTokenRow)
	}
	return rows
}

// values returns every value ever issued, oldest first.
func (s *service) values() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issued)
}

// configure changes settings under the lock.
func (s *service) configure(change func(*service)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

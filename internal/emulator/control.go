// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Seed creates an access token out of band, as the management console does, and returns the token and its value. It
// returns an error if the name is empty or belongs to a live token of the project, or if the role is unknown.
func (s *Server) Seed(t SeedToken) (Token, string, error) {
	t.Role = cmp.Or(t.Role, string(USER))
	t.Issuer = cmp.Or(t.Issuer, defaultIssuer)
	token, err := s.service.seed(t)
	if err != nil {
		return Token{}, "", fmt.Errorf("seeding token %q: %w", t.Name, err)
	}
	return token.Token, token.value, nil
}

// SeedRegisterToken creates a register token out of band, valid for an hour, and returns its value. Redeeming it creates
// the access token t.
func (s *Server) SeedRegisterToken(t SeedToken) (string, error) {
	request := CreateRegisterTokenRequest{ClientName: t.Name, AccessTtl: "1h", TokenType: Role(cmp.Or(t.Role, string(USER)))}
	if t.TTL != 0 {
		lifetime := t.TTL.String()
		request.RefreshTtl = &lifetime
	}
	admin := Token{IssuerName: cmp.Or(t.Issuer, defaultIssuer), Project: t.Project}
	value, err := s.service.createRegisterToken(admin, request)
	if err != nil {
		return "", fmt.Errorf("seeding register token %q: %w", t.Name, err)
	}
	return value, nil
}

// Revoke deletes an access token of the emulator's own project out of band and reports whether it existed.
func (s *Server) Revoke(name string) bool {
	return s.service.deleteAccessToken("", name) == nil
}

// Amend changes an access token of the emulator's own project out of band, for a service that renames tokens or changes
// their role or expiry. It reports whether the token existed.
func (s *Server) Amend(name string, amend func(*Token)) bool {
	return s.service.amend(tokenName{"", name}, amend)
}

// Tokens returns the access tokens of all projects, sorted by name. Expired ones are included unless they are hidden.
func (s *Server) Tokens() []Token {
	return s.service.list(false)
}

// LiveTokens returns the access tokens of all projects that have not expired, sorted by name.
func (s *Server) LiveTokens() []Token {
	return s.service.list(true)
}

// RegisterTokens returns all register tokens ever created, oldest first.
func (s *Server) RegisterTokens() []RegisterTokenRow {
	return s.service.registerRows()
}

// IssuedValues returns every token value ever issued, oldest first: seeded and redeemed access tokens, and register
// tokens. Leak tests search for them.
func (s *Server) IssuedValues() []string {
	return s.service.values()
}

// SetHideExpired changes [Options].HideExpired while the emulator runs.
func (s *Server) SetHideExpired(hide bool) {
	s.service.configure(func(s *service) { s.hideExpired = hide })
}

// SetHidden sets the names that the list omits. The tokens are otherwise unaffected: whoami, redeem and delete see
// them. It replaces earlier names, so without names it hides nothing.
func (s *Server) SetHidden(names ...string) {
	hidden := map[string]bool{}
	for _, name := range names {
		hidden[name] = true
	}
	s.service.configure(func(s *service) { s.hidden = hidden })
}

// SetStale makes the list lag behind: it does not show the latest creations and deletions of access tokens, as many as
// writes says. 0 restores the current list.
func (s *Server) SetStale(writes int) {
	s.service.configure(func(s *service) { s.stale = writes })
}

// SetGrant sets a function that changes what a redemption creates, for a service that caps lifetimes, normalizes names
// or grants another role. It is called with what the register token asks for and must not call the Server. nil creates
// what was asked for.
func (s *Server) SetGrant(grant func(SeedToken) SeedToken) {
	s.service.configure(func(s *service) { s.grant = grant })
}

// CapLifetime returns a function for [Server.SetGrant] that limits the lifetime to d, also of tokens that would never
// expire.
func CapLifetime(d time.Duration) func(SeedToken) SeedToken {
	return func(t SeedToken) SeedToken {
		if t.TTL == 0 || t.TTL > d {
			t.TTL = d
		}
		return t
	}
}

// Journal returns all requests since the start or the last reset, in order of arrival. Requests whose body is too large
// or incomplete are not included.
func (s *Server) Journal() []Request {
	return s.journal.all()
}

// ResetJournal removes all entries from the journal.
func (s *Server) ResetJournal() {
	s.journal.reset()
}

// Violations returns the contract violations so far, of requests and of responses. They contain no token value.
func (s *Server) Violations() []string {
	return s.violations.all()
}

// Inject queues a fault. It panics if the operation is not in the contract, because the fault would never apply and
// the test would pass without it.
func (s *Server) Inject(f Fault) {
	if f.Operation != "" && !slices.Contains(operations(), f.Operation) {
		panic(fmt.Sprintf("emulator: the contract has no operation %q", f.Operation))
	}
	s.faults.add(f)
}

// ClearFaults removes all queued faults.
func (s *Server) ClearFaults() {
	s.faults.clear()
}

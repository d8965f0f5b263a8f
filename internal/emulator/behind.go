// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"fmt"
	"slices"
)

// Seed makes an access token as somebody in the management console does, and returns its row and its value. It
// fails if the name is empty or that of a live token, or if there is no such role.
func (s *Server) Seed(t SeedToken) (Token, string, error) {
	t.Role = cmp.Or(t.Role, string(USER))
	t.Issuer = cmp.Or(t.Issuer, defaultIssuer)

	token, err := s.service.seed(t)
	if err != nil {
		return Token{}, "", fmt.Errorf("seeding token %q: %w", t.Name, err)
	}

	return token.Token, token.value, nil
}

// Revoke deletes an access token out of band, and tells whether there was one of this name.
func (s *Server) Revoke(name string) bool {
	return s.service.remove(name) == nil
}

// Tokens returns the access tokens that the service keeps, by name; expired ones too, unless they are hidden.
func (s *Server) Tokens() []Token {
	return s.service.list(false)
}

// LiveTokens returns the access tokens that work now, by name.
func (s *Server) LiveTokens() []Token {
	return s.service.list(true)
}

// RegisterTokens returns all register tokens that were ever created, oldest first.
func (s *Server) RegisterTokens() []RegisterTokenRow {
	return s.service.registerRows()
}

// IssuedValues returns every value that was ever issued, oldest first: of seeded access tokens, of redeemed ones and
// of register tokens. A test for leaks searches for them.
func (s *Server) IssuedValues() []string {
	return s.service.values()
}

// SetHideExpired says from now on what [Options] says at the start.
func (s *Server) SetHideExpired(hide bool) {
	s.service.setHideExpired(hide)
}

// Journal returns all requests since the start or the last reset, in the order of their arrival. Not among
// them are those whose body is too large or incomplete.
func (s *Server) Journal() []Request {
	return s.journal.all()
}

// ResetJournal empties the journal.
func (s *Server) ResetJournal() {
	s.journal.reset()
}

// Violations returns the breaches of the contract so far, by either side. No value of a token is in them.
func (s *Server) Violations() []string {
	return s.violations.all()
}

// Inject puts a fault into the queue. A name that is no operation of the contract panics: the fault would never
// happen, and the test that counts on it would show nothing.
func (s *Server) Inject(f Fault) {
	if f.Operation != "" && !slices.Contains(operations(), f.Operation) {
		panic(fmt.Sprintf("emulator: the contract has no operation %q", f.Operation))
	}

	s.faults.add(f)
}

// ClearFaults empties the queue.
func (s *Server) ClearFaults() {
	s.faults.clear()
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// apiError is a refusal in the service's own words. Its text never repeats what the caller sent, so no value can
// reach a log through it.
type apiError struct {
	status int
	field  string
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%d: %s", e.status, e.field)
}

var (
	// errForbidden is the answer to an expired, a revoked and an unknown value alike.
	errForbidden = &apiError{http.StatusForbidden, "Forbidden"}
	errWeakRole  = &apiError{http.StatusForbidden, "KtoTam token does not contain the following scopes: ['ml-platform:Manage']"}
	// errRegisterToken does not tell unknown, used and expired apart, so that guessing teaches nothing.
	errRegisterToken = &apiError{http.StatusForbidden, "Register token is unknown, used or expired"}
	errNameTaken     = &apiError{http.StatusConflict, "A live token of this name exists"}
	errNotFound      = &apiError{http.StatusNotFound, "No token of this name exists"}
	errNoName        = &apiError{http.StatusBadRequest, "The name is empty"}
	errRole          = &apiError{http.StatusBadRequest, "The role is neither USER nor ADMIN"}
	errLifetime      = &apiError{http.StatusBadRequest, "A lifetime is whole hours, minutes and seconds, such as 2h45m30s, and at least 1s"}
)

type accessToken struct {
	Token
	value string
}

type registerToken struct {
	RegisterTokenRow
	issuer   string
	lifetime time.Duration // of the access token; 0: never expires
}

// service holds the rules and the state, and knows nothing of HTTP but the status of a refusal.
type service struct {
	clock func() time.Time

	mu          sync.Mutex
	hideExpired bool
	byName      map[string]*accessToken
	byValue     map[string]*accessToken
	registers   map[string]*registerToken
	minted      []*registerToken // the same, in the order of their making
	issued      []string         // every value ever made, of both kinds
}

func newService(clock func() time.Time, hideExpired bool) *service {
	return &service{
		clock:       clock,
		hideExpired: hideExpired,
		byName:      map[string]*accessToken{},
		byValue:     map[string]*accessToken{},
		registers:   map[string]*registerToken{},
	}
}

// now counts in whole seconds, as the Date header and the service's lifetimes do: a caller that adds a lifetime to
// the Date of the answer arrives at the very moment the token ends.
func (s *service) now() time.Time {
	return s.clock().UTC().Truncate(time.Second)
}

func expired(t Token, now time.Time) bool {
	return t.ExpiresAt != nil && !now.Before(*t.ExpiresAt)
}

// kept tells whether the service still knows a row: expired ones stay or go, as the live service may do either.
func (s *service) kept(t Token, now time.Time) bool {
	return !s.hideExpired || !expired(t, now)
}

// authorize returns the token of a value if it works now and is strong enough.
func (s *service) authorize(value string, need Role) (Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	token, ok := s.byValue[value]
	if !ok || expired(token.Token, s.now()) {
		return Token{}, errForbidden
	}

	if need == ADMIN && token.Role != string(ADMIN) {
		return Token{}, errWeakRole
	}

	return token.Token, nil
}

// roleOf returns the role that a value was given, expired or not, and "" for an unknown value.
func (s *service) roleOf(value string) string {
	s.mu.Lock()
	defer s.mu.Unlock()

	if token, ok := s.byValue[value]; ok {
		return token.Role
	}

	return ""
}

// nameOf returns the name of the access token that a value of either kind is for, expired or not, and "" for an unknown
// value.
func (s *service) nameOf(value string) string {
	s.mu.Lock()
	defer s.mu.Unlock()

	if token, ok := s.byValue[value]; ok {
		return token.Name
	}

	if register, ok := s.registers[value]; ok {
		return register.ClientName
	}

	return ""
}

// mint creates a register token. It reserves nothing: whether the name is free is decided when it is redeemed.
func (s *service) mint(issuer string, req CreateRegisterTokenRequest) (string, error) {
	if req.ClientName == "" {
		return "", errNoName
	}

	if !req.TokenType.Valid() {
		return "", errRole
	}

	ttl, err := parseLifetime(req.AccessTtl)
	if err != nil {
		return "", err
	}

	var lifetime time.Duration
	if req.RefreshTtl != nil {
		if lifetime, err = parseLifetime(*req.RefreshTtl); err != nil {
			return "", err
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	now := s.now()
	value := s.newValue("register")
	token := &registerToken{
		RegisterTokenRow: RegisterTokenRow{
			ClientName: req.ClientName,
			Role:       string(req.TokenType),
			CreatedAt:  now,
			ExpiresAt:  now.Add(ttl),
		},
		issuer:   issuer,
		lifetime: lifetime,
	}
	s.registers[value] = token
	s.minted = append(s.minted, token)

	return value, nil
}

// redeem creates the access token of a register token. A refusal leaves the register token unspent.
func (s *service) redeem(registerValue string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	register, ok := s.registers[registerValue]
	if !ok || register.Used || !s.now().Before(register.ExpiresAt) {
		return "", errRegisterToken
	}

	token, err := s.add(SeedToken{
		Name:   register.ClientName,
		Role:   register.Role,
		TTL:    register.lifetime,
		Issuer: register.issuer,
	})
	if err != nil {
		return "", err
	}

	register.Used = true

	return token.value, nil
}

// add creates an access token. One whose name is held by an expired row takes that row's place, because a name can
// be deleted only if it means one row. The caller holds the lock.
func (s *service) add(seed SeedToken) (*accessToken, error) {
	now := s.now()

	if old, ok := s.byName[seed.Name]; ok {
		if !expired(old.Token, now) {
			return nil, errNameTaken
		}

		s.drop(old)
	}

	token := &accessToken{
		Token: Token{ID: uuid.NewString(), Name: seed.Name, Role: seed.Role, IssuerName: seed.Issuer},
		value: s.newValue("access"),
	}

	if seed.TTL != 0 {
		expiresAt := now.Add(seed.TTL)
		token.ExpiresAt = &expiresAt
	}

	s.byName[token.Name] = token
	s.byValue[token.value] = token

	return token, nil
}

// drop forgets a row and its value. The caller holds the lock.
func (s *service) drop(token *accessToken) {
	delete(s.byName, token.Name)
	delete(s.byValue, token.value)
}

// remove deletes the row of a name that the service still knows.
func (s *service) remove(name string) error {
	if name == "" {
		return errNoName
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	token, ok := s.byName[name]
	if !ok || !s.kept(token.Token, s.now()) {
		return errNotFound
	}

	s.drop(token)

	return nil
}

// seed creates an access token as the management console does: at once, and with no register token.
func (s *service) seed(seed SeedToken) (*accessToken, error) {
	if seed.Name == "" {
		return nil, errNoName
	}

	if !Role(seed.Role).Valid() {
		return nil, errRole
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	return s.add(seed)
}

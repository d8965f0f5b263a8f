// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// apiError is an error response of the service. Its text never repeats what the caller sent, so it cannot leak a value.
type apiError struct {
	status int
	field  string
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%d: %s", e.status, e.field)
}

var (
	// errForbidden is returned for expired, revoked and unknown values.
	errForbidden = &apiError{http.StatusForbidden, "Forbidden"}
	errWeakRole  = &apiError{http.StatusForbidden, "KtoTam token does not contain the following scopes: ['ml-platform:Manage']"}
	// errRegisterToken does not reveal which of the three it is.
	errRegisterToken = &apiError{http.StatusForbidden, "Register token is unknown, used or expired"}
	errNameTaken     = &apiError{http.StatusConflict, "A live token with this name exists"}
	errNotFound      = &apiError{http.StatusNotFound, "No token with this name exists"}
	errNoName        = &apiError{http.StatusBadRequest, "The name is empty"}
	errRole          = &apiError{http.StatusBadRequest, "The role must be USER or ADMIN"}
	errLifetime      = &apiError{http.StatusBadRequest, "A lifetime must consist of whole hours, minutes and seconds, such as 2h45m30s, and be at least 1s"}
)

type accessToken struct {
	Token
	value string
}

type registerToken struct {
	RegisterTokenRow
	issuer   string
	lifetime time.Duration // lifetime of the access token; 0 means that it never expires
}

// service implements the rules and holds the state. All it knows about HTTP is the status of an error.
type service struct {
	clock func() time.Time

	mu          sync.Mutex
	hideExpired bool
	byName      map[string]*accessToken
	byValue     map[string]*accessToken
	registers   map[string]*registerToken
	registerLog []*registerToken // all of registers, oldest first
	issued      []string         // every value ever issued, of both kinds, oldest first
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

// now is truncated to seconds, like the Date header and lifetimes, so that the Date of a response plus a lifetime is
// exactly when the token expires.
func (s *service) now() time.Time {
	return s.clock().UTC().Truncate(time.Second)
}

func expired(t Token, now time.Time) bool {
	return t.ExpiresAt != nil && !now.Before(*t.ExpiresAt)
}

// visible reports whether the list may contain a token. The live service may keep expired tokens or omit them.
func (s *service) visible(t Token, now time.Time) bool {
	return !s.hideExpired || !expired(t, now)
}

// authorize returns the token with a value if it is valid and has the required role.
func (s *service) authorize(value string, required Role) (Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.byValue[value]
	if !ok || expired(token.Token, s.now()) {
		return Token{}, errForbidden
	}
	if required == ADMIN && token.Role != string(ADMIN) {
		return Token{}, errWeakRole
	}
	return token.Token, nil
}

// roleOf returns the role of the token with a value, expired or not, and "" for an unknown value.
func (s *service) roleOf(value string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token, ok := s.byValue[value]; ok {
		return token.Role
	}
	return ""
}

// nameOf returns the access token name for the value of an access token or a register token, expired or not, and "" for
// an unknown value.
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

// createRegisterToken creates a register token. It does not reserve the name, which is checked on redemption.
func (s *service) createRegisterToken(issuer string, req CreateRegisterTokenRequest) (string, error) {
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
	s.registerLog = append(s.registerLog, token)
	return value, nil
}

// redeem creates an access token from a register token. If it fails, the register token stays unused.
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

// add creates an access token. It replaces an expired token with the same name, because deletion by name requires that
// names are unique. The caller holds the lock.
func (s *service) add(seed SeedToken) (*accessToken, error) {
	now := s.now()
	if old, ok := s.byName[seed.Name]; ok {
		if !expired(old.Token, now) {
			return nil, errNameTaken
		}
		s.forget(old)
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

// forget removes a token and its value. The caller holds the lock.
func (s *service) forget(token *accessToken) {
	delete(s.byName, token.Name)
	delete(s.byValue, token.value)
}

// deleteAccessToken deletes the visible token with a name.
func (s *service) deleteAccessToken(name string) error {
	if name == "" {
		return errNoName
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.byName[name]
	if !ok || !s.visible(token.Token, s.now()) {
		return errNotFound
	}
	s.forget(token)
	return nil
}

// seed creates an access token without a register token, as the management console does.
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

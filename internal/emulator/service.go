// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
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
	project  string
	issuer   string
	lifetime time.Duration // lifetime of the access token; 0 means that it never expires
}

// tokenName identifies an access token: names are unique within a project.
type tokenName struct{ project, name string }

// write is a change of the access tokens. Either may be nil.
type write struct{ removed, added *accessToken }

// service implements the rules and holds the state. All it knows about HTTP is the status of an error.
type service struct {
	clock      func() time.Time
	numericIDs bool

	mu          sync.Mutex
	hideExpired bool
	hidden      map[string]bool           // names that the list omits
	stale       int                       // number of latest writes that the list does not show yet
	grant       func(SeedToken) SeedToken // changes what a redemption creates; nil for no change
	byName      map[tokenName]*accessToken
	writes      []write // creations and deletions of access tokens, oldest first
	byValue     map[string]*accessToken
	registers   map[string]*registerToken
	registerLog []*registerToken // all of registers, oldest first
	issued      []string         // every value ever issued, of both kinds, oldest first
}

func newService(opts Options) *service {
	return &service{
		clock:       opts.Clock,
		numericIDs:  opts.Dialect.has(IDNumber),
		hideExpired: opts.HideExpired,
		byName:      map[tokenName]*accessToken{},
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
func (s *service) createRegisterToken(admin Token, req CreateRegisterTokenRequest) (string, error) {
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
		project:  admin.Project,
		issuer:   admin.IssuerName,
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
	granted := SeedToken{
		Name:    register.ClientName,
		Role:    register.Role,
		TTL:     register.lifetime,
		Issuer:  register.issuer,
		Project: register.project,
	}
	if s.grant != nil {
		granted = s.grant(granted)
	}
	token, err := s.add(granted)
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
	old := s.byName[tokenName{seed.Project, seed.Name}]
	if old != nil {
		if !expired(old.Token, now) {
			return nil, errNameTaken
		}
		s.forget(old)
	}
	token := &accessToken{
		Token: Token{ID: s.newID(), Name: seed.Name, Role: seed.Role, IssuerName: seed.Issuer, Project: seed.Project},
		value: s.newValue("access"),
	}
	if seed.TTL != 0 {
		expiresAt := now.Add(seed.TTL)
		token.ExpiresAt = &expiresAt
	}
	s.byName[tokenName{token.Project, token.Name}] = token
	s.byValue[token.value] = token
	s.writes = append(s.writes, write{removed: old, added: token})
	return token, nil
}

// newID returns the id of a new token: a UUID, or the digits of a number that a float cannot represent exactly.
func (s *service) newID() string {
	id := uuid.New()
	if s.numericIDs {
		return strconv.FormatUint(binary.BigEndian.Uint64(id[:])>>1|1<<62|1, 10)
	}
	return id.String()
}

// forget removes a token and its value. The caller holds the lock.
func (s *service) forget(token *accessToken) {
	delete(s.byName, tokenName{token.Project, token.Name})
	delete(s.byValue, token.value)
}

// deleteAccessToken deletes the visible token with a name in a project.
func (s *service) deleteAccessToken(project, name string) error {
	if name == "" {
		return errNoName
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.byName[tokenName{project, name}]
	if !ok || !s.visible(token.Token, s.now()) {
		return errNotFound
	}
	s.forget(token)
	s.writes = append(s.writes, write{removed: token})
	return nil
}

// amend changes a token out of band and reports whether it existed.
func (s *service) amend(name tokenName, amend func(*Token)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.byName[name]
	if ok {
		delete(s.byName, name)
		amend(&token.Token)
		s.byName[tokenName{token.Project, token.Name}] = token
	}
	return ok
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

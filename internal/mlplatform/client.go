// SPDX-License-Identifier: MPL-2.0

// Package mlplatform is a client of the token service of VK Cloud's ML Platform: it creates and redeems register
// tokens, lists, describes and deletes access tokens.
//
// VK Cloud publishes how tokens behave, but not the HTTP requests. What is assumed of them is written in openapi.yaml
// beside this file, and the package is built on what is generated from it.
package mlplatform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// Config says where the service is and how to work with it.
type Config struct {
	// Endpoint is the service root; see ParseEndpoint.
	Endpoint string
	// Token is the access token to work with. It may be empty: an operation that needs it fails then with ErrNoToken.
	Token Secret
	// TokenSource says where Token comes from, such as "the token from the environment", for errors about a refused token.
	TokenSource string
	// UserAgent is sent with each request.
	UserAgent string
	// RequestTimeout limits each attempt of a request, its answer included; 0 means no limit.
	RequestTimeout time.Duration
	// MaxRetries is how often a failed attempt is repeated at the most.
	MaxRetries int
	// CACertPEM holds certificates to trust besides the system's.
	CACertPEM []byte
	// Log is told of each attempt; it may be nil.
	Log func(context.Context, Exchange)
	// Backoff replaces the wait between attempts; nil means exponential, from 1 to 30 seconds, or as Retry-After says.
	Backoff func(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration
}

// What was attempted, as the errors say it.
const (
	opCreateRegisterToken = "create a register token"
	opRedeem              = "redeem a register token"
	opList                = "list the access tokens"
	opWhoAmI              = "describe the token in use"
)

// ownValue is the TokenSource of a client that WithToken returned.
const ownValue = "the value of the access token itself"

// Client works with the service under one token. It is safe for concurrent use.
type Client struct {
	api       *wire.Client
	host      string
	source    string  // Config.TokenSource
	token     *Secret // a pointer, because fmt prints an unexported field itself, past the placeholder of Secret
	clock     *serverClock
	inventory *inventory
}

// New makes a client. It makes no request.
func New(cfg Config) (*Client, error) {
	endpoint, err := ParseEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	doer, err := newDoer(cfg)
	if err != nil {
		return nil, err
	}
	userAgent := func(_ context.Context, req *http.Request) error {
		req.Header.Set("User-Agent", cfg.UserAgent)
		return nil
	}
	api, err := wire.NewClient(endpoint, wire.WithHTTPClient(doer), wire.WithRequestEditorFn(userAgent))
	if err != nil {
		return nil, fmt.Errorf("the endpoint cannot be used: %w", err)
	}
	c := &Client{api: api, host: hostOf(endpoint), source: cfg.TokenSource, token: &cfg.Token, clock: &serverClock{}}
	c.inventory = newInventory(c.ListAccessTokens)
	return c, nil
}

// WithToken returns a client that works with another token on the same connections.
func (c *Client) WithToken(token Secret) *Client {
	other := &Client{api: c.api, host: c.host, source: ownValue, token: &token, clock: c.clock}
	other.inventory = newInventory(other.ListAccessTokens)
	return other
}

// HasToken tells whether the client has a token to work with.
func (c *Client) HasToken() bool { return *c.token != "" }

// UsesToken tells whether the client works with the token of this value.
func (c *Client) UsesToken(value Secret) bool { return c.HasToken() && *c.token == value }

// Now is the service's time in UTC, as the Date header of its latest answer tells; this machine's time before that.
func (c *Client) Now() time.Time { return c.clock.now() }

// CreateRegisterToken creates a one-time register token. It needs an ADMIN token.
// Grade: published as create_register_token(); the request is assumed.
func (c *Client) CreateRegisterToken(ctx context.Context, in RegisterTokenRequest) (RegisterToken, error) {
	body := wire.CreateRegisterTokenRequest{
		ClientName: in.AccessTokenName,
		AccessTtl:  FormatLifetime(in.Lifetime),
		TokenType:  wire.Role(in.Role),
	}
	if in.AccessTokenLifetime != 0 {
		ttl := FormatLifetime(in.AccessTokenLifetime)
		body.RefreshTtl = &ttl
	}
	var out wire.RegisterToken
	err := c.do(opCreateRegisterToken, http.StatusCreated, &out, c.authorized, func(edit wire.RequestEditorFn) (*http.Response, error) {
		return c.api.CreateRegisterToken(ctx, body, edit)
	})
	if err == nil && out.RegisterToken == "" {
		err = malformed(opCreateRegisterToken, http.StatusCreated, missingKey("register_token"))
	}
	if err != nil {
		return RegisterToken{}, err
	}
	return RegisterToken{Value: Secret(out.RegisterToken), CreatedAt: c.Now()}, nil
}

// RedeemRegisterToken exchanges a register token for an access token and returns the access token's value. It needs no
// token. Grade: published as create_refresh_token(); the request is assumed.
func (c *Client) RedeemRegisterToken(ctx context.Context, registerToken Secret) (Secret, error) {
	value, err := c.redeem(ctx, registerToken)
	if err == nil {
		c.inventory.forget() // there is a token now of which no more than the value is known
	}
	return value, err
}

// redeem is RedeemRegisterToken for callers that tell the inventory of the new token themselves.
func (c *Client) redeem(ctx context.Context, registerToken Secret) (Secret, error) {
	body := wire.RedeemRegisterTokenRequest{RegisterToken: registerToken.Reveal()}
	var out wire.RefreshToken
	err := c.do(opRedeem, http.StatusCreated, &out, anonymous, func(edit wire.RequestEditorFn) (*http.Response, error) {
		return c.api.RedeemRegisterToken(ctx, body, edit)
	})
	if err == nil && out.RefreshToken == "" {
		err = malformed(opRedeem, http.StatusCreated, missingKey("refresh_token"))
	}
	if IsOutcomeUnknown(err) {
		c.inventory.forget()
	}
	return Secret(out.RefreshToken), err
}

// ListAccessTokens lists the project's access tokens. It needs an ADMIN token. Only a complete, well-formed list is
// returned. Grade: published as get_project_tokens_info(); the request, and that it is not paginated, are assumed.
func (c *Client) ListAccessTokens(ctx context.Context) (AccessTokenList, error) {
	var body json.RawMessage
	err := c.do(opList, http.StatusOK, &body, c.authorized, func(edit wire.RequestEditorFn) (*http.Response, error) {
		return c.api.ListAccessTokens(ctx, edit)
	})
	if err != nil {
		return AccessTokenList{}, err
	}
	tokens, err := decodeTokens(body)
	if err != nil {
		return AccessTokenList{}, malformed(opList, http.StatusOK, err)
	}
	return AccessTokenList{Tokens: tokens, AsOf: c.Now()}, nil
}

// WhoAmI describes the token that the client works with, USER or ADMIN.
// Grade: published as who_am_i(); the request is assumed.
func (c *Client) WhoAmI(ctx context.Context) (AccessToken, error) {
	var out wire.AccessToken
	err := c.do(opWhoAmI, http.StatusOK, &out, c.authorized, func(edit wire.RequestEditorFn) (*http.Response, error) {
		return c.api.WhoAmI(ctx, edit)
	})
	if err != nil {
		return AccessToken{}, err
	}
	token, err := tokenFromWire(out)
	if err != nil {
		return AccessToken{}, malformed(opWhoAmI, http.StatusOK, err)
	}
	return token, nil
}

// DeleteAccessToken deletes an access token by its name, as the service wants it. It needs an ADMIN token.
// Grade: published as delete_token(); the request is assumed.
func (c *Client) DeleteAccessToken(ctx context.Context, name string) error {
	err := c.do(fmt.Sprintf("delete the access token %q", name), http.StatusNoContent, nil, c.authorized,
		func(edit wire.RequestEditorFn) (*http.Response, error) {
			return c.api.DeleteAccessToken(ctx, &wire.DeleteAccessTokenParams{TokenName: name}, edit)
		})
	switch {
	case err == nil || IsNotFound(err):
		c.inventory.follow(change{deleted: name})
	case IsOutcomeUnknown(err):
		c.inventory.forget()
	}
	return err
}

// authorized puts the client's token into a request.
func (c *Client) authorized(_ context.Context, req *http.Request) error {
	if !c.HasToken() {
		return ErrNoToken
	}
	req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	return nil
}

func anonymous(context.Context, *http.Request) error { return nil }

// do sends a request and decodes the answer of the wanted status into out, which is nil for an answer without a body.
func (c *Client) do(operation string, want int, out any, edit wire.RequestEditorFn,
	send func(wire.RequestEditorFn) (*http.Response, error),
) error {
	err := c.exchange(operation, want, out, edit, send)
	if failed, ok := asError(err); ok && IsUnauthorized(err) {
		failed.Host = c.host
		if operation != opRedeem {
			failed.TokenSource = c.source
		}
	}
	return err
}

func (c *Client) exchange(operation string, want int, out any, edit wire.RequestEditorFn,
	send func(wire.RequestEditorFn) (*http.Response, error),
) error {
	resp, err := send(edit)
	if err != nil {
		unsent := errors.Is(err, ErrNoToken) || isDialError(err)
		return &Error{Operation: operation, Err: err, unsent: unsent}
	}
	defer resp.Body.Close()
	c.clock.learn(resp.Header.Get("Date"))
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return &Error{Operation: operation, Status: resp.StatusCode, Err: err}
	case resp.StatusCode >= http.StatusMultipleChoices:
		return errorFromEnvelope(operation, resp.StatusCode, body)
	case resp.StatusCode != want:
		return malformed(operation, resp.StatusCode, fmt.Errorf("status %d was expected", want))
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return malformed(operation, resp.StatusCode, notJSON(bodyOfType(resp.Header.Get("Content-Type")), err))
	}
	return nil
}

func malformed(operation string, status int, err error) *Error {
	return &Error{Operation: operation, Status: status, Err: err}
}

// notJSON describes what could not be decoded by its kind and, for a key of the wrong type, by the key. The decoder's
// own text is not used, because it can repeat parts of the body.
func notJSON(what string, err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return fmt.Errorf("the key %q has the wrong type", wrongType.Field)
	}
	return fmt.Errorf("%s is not the JSON that was expected", what)
}

func bodyOfType(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = "of an unknown type"
	}
	return fmt.Sprintf("the body (%s)", media)
}

// serverClock estimates the service's time from its answers.
type serverClock struct{ offset atomic.Int64 }

func (s *serverClock) learn(date string) {
	if at, err := http.ParseTime(date); err == nil {
		s.offset.Store(int64(time.Until(at)))
	}
}

func (s *serverClock) now() time.Time {
	return time.Now().Add(time.Duration(s.offset.Load())).UTC().Truncate(time.Second)
}

// SPDX-License-Identifier: MPL-2.0

// Package mlplatform is a client for the token service of VK Cloud's ML Platform: it creates and redeems register
// tokens, and lists, describes and deletes access tokens.
//
// VK Cloud publishes how tokens behave, but not the HTTP requests. The assumptions about the requests are in
// openapi.yaml beside this file, and the package is built on the code generated from it. How a request carries its
// credential is in credential.go.
package mlplatform

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// Config configures a Client.
type Config struct {
	// Endpoint is the service root; see ParseEndpoint.
	Endpoint string
	// Token is the access token to work with. If it is empty, operations that need it fail with ErrNoToken.
	Token Secret
	// TokenSource says where Token comes from, such as "the token from the environment", for errors about a refused token.
	TokenSource string
	// UserAgent is sent with each request.
	UserAgent string
	// RequestTimeout limits each attempt, including its response body; 0 means no limit.
	RequestTimeout time.Duration
	// MaxRetries is the maximum number of retries after a failed attempt.
	MaxRetries int
	// CACertPEM holds certificates to trust besides the system's.
	CACertPEM []byte
	// Proxy returns the proxy for a request; nil means http.ProxyFromEnvironment.
	Proxy func(*http.Request) (*url.URL, error)
	// Log is called after each attempt, if set.
	Log func(context.Context, Attempt)
	// Warn is called with each spelling that differs from the contract and was read all the same, once per client and
	// spelling, if set. The text holds no value of a token.
	Warn func(ctx context.Context, text string)
	// Backoff replaces every wait of the client. It is called with the limits of the wait and, between attempts of a
	// request, with the response. nil means an exponential backoff, or what Retry-After says.
	Backoff func(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration
}

// ownValue is the TokenSource of a client that WithToken returned.
const ownValue = "the value of the access token itself"

// Client works with the service under one token. It is safe for concurrent use.
type Client struct {
	api        *wire.Client
	source     string // Config.TokenSource
	credential credential
	shared     *shared
	inventory  *inventory
	self       *selfCache
}

// shared is what a client and the clients derived from it have in common.
type shared struct {
	host     string
	clock    serverClock
	goodwill goodwill
	created  createdTokens
	backoff  backoff
}

// New returns a client. It makes no request.
func New(cfg Config) (*Client, error) {
	endpoint, err := ParseEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	transport, err := newRetryClient(cfg)
	if err != nil {
		return nil, err
	}
	userAgent := func(_ context.Context, req *http.Request) error {
		req.Header.Set("User-Agent", cfg.UserAgent)
		return nil
	}
	api, err := wire.NewClient(endpoint, wire.WithHTTPClient(transport), wire.WithRequestEditorFn(userAgent))
	if err != nil {
		return nil, fmt.Errorf("the endpoint cannot be used: %w", err)
	}
	common := &shared{host: EndpointHost(endpoint), goodwill: goodwill{warn: cfg.Warn}, backoff: cfg.Backoff}
	return newClient(api, cfg.TokenSource, cfg.Token, common), nil
}

func newClient(api *wire.Client, source string, token Secret, common *shared) *Client {
	c := &Client{api: api, source: source, credential: credential{&token}, shared: common, self: &selfCache{}}
	c.inventory = newInventory(c.ListAccessTokens)
	return c
}

// WithToken returns a client that works with another token on the same connections.
func (c *Client) WithToken(token Secret) *Client {
	return newClient(c.api, ownValue, token, c.shared)
}

// HasToken reports whether the client has a token to work with.
func (c *Client) HasToken() bool { return *c.credential.token != "" }

// UsesToken reports whether the client works with the token with this value.
func (c *Client) UsesToken(value Secret) bool { return c.HasToken() && *c.credential.token == value }

// Now returns the service's time in UTC, according to the Date header of its latest response, or this machine's time if
// there has been none.
func (c *Client) Now() time.Time { return c.shared.clock.now() }

// CreatedHere reports whether this client, or one derived from it or from the same client, created and described the
// token with this ID.
func (c *Client) CreatedHere(id string) bool { return c.shared.created.has(id) }

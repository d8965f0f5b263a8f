// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const (
	// canary stands for a token's value; no text may contain it.
	canary = "canary-of-the-tests"
	// generous is a timeout that only a hanging request reaches.
	generous = 30 * time.Second
)

// noWait makes the client wait for nothing.
func noWait(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 }

// newClient returns a client that waits for nothing between attempts, unless the configuration says otherwise.
func newClient(t *testing.T, cfg mlplatform.Config) *mlplatform.Client {
	t.Helper()
	if cfg.Backoff == nil {
		cfg.Backoff = noWait
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = generous
	}
	client, err := mlplatform.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// received records the requests that a server receives.
type received struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (r *received) add(request *http.Request) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	return len(r.requests)
}

func (r *received) all() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*http.Request(nil), r.requests...)
}

func (r *received) want(t *testing.T, count int) {
	t.Helper()
	if got := len(r.all()); got != count {
		t.Errorf("the server received %d requests, want %d", got, count)
	}
}

// numberedHandler is a handler that is given the number of the request, from 1.
type numberedHandler func(w http.ResponseWriter, r *http.Request, number int)

// serve starts a server. It closes each connection after one request, because Go's transport itself retries a read on a
// reused connection that broke, which would change the counts.
func serve(t *testing.T, handler numberedHandler) (*httptest.Server, *received) {
	t.Helper()
	requests := &received{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler(w, r, requests.add(r))
	}))
	server.Config.SetKeepAlivesEnabled(false)
	t.Cleanup(server.Close)
	return server, requests
}

// respond returns a handler with a constant response.
func respond(status int, contentType, body string) numberedHandler {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// operation is one of the five, for tests about all of them.
type operation struct {
	method string
	path   string
	call   func(context.Context, *mlplatform.Client) error
}

func operations() map[string]operation {
	return map[string]operation{
		"create": {http.MethodPost, "/v1_0/auth/register_tokens", func(ctx context.Context, c *mlplatform.Client) error {
			_, err := c.CreateRegisterToken(ctx, mlplatform.RegisterTokenRequest{
				AccessTokenName: "a name", Role: mlplatform.RoleUser, Lifetime: time.Minute,
			})
			return err
		}},
		"redeem": {http.MethodPost, "/v1_0/auth/refresh_tokens", func(ctx context.Context, c *mlplatform.Client) error {
			_, err := c.RedeemRegisterToken(ctx, canary)
			return err
		}},
		"list": {http.MethodGet, "/v1_0/auth/refresh_tokens", func(ctx context.Context, c *mlplatform.Client) error {
			_, err := c.ListAccessTokens(ctx)
			return err
		}},
		"who am I": {http.MethodGet, "/v1_0/auth/whoami", func(ctx context.Context, c *mlplatform.Client) error {
			_, err := c.WhoAmI(ctx)
			return err
		}},
		"delete": {http.MethodDelete, "/v1_0/auth/refresh_tokens", func(ctx context.Context, c *mlplatform.Client) error {
			return c.DeleteAccessToken(ctx, "a name")
		}},
	}
}

// start runs an emulator for one test and returns it with a client that uses its ADMIN token. The test fails if a request
// or a response is not in the contract.
func start(t *testing.T, opts emulator.Options, cfg mlplatform.Config) (*emulator.Server, *mlplatform.Client) {
	t.Helper()
	server, err := emulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		for _, violation := range server.Violations() {
			t.Errorf("contract violation: %s", violation)
		}
	})
	cfg.Endpoint, cfg.Token = server.Endpoint(), mlplatform.Secret(server.AdminToken())
	return server, newClient(t, cfg)
}

// seed creates an access token without the client and returns its value.
func seed(t *testing.T, server *emulator.Server, token emulator.SeedToken) mlplatform.Secret {
	t.Helper()
	_, value, err := server.Seed(token)
	if err != nil {
		t.Fatal(err)
	}
	return mlplatform.Secret(value)
}

// requests returns the operations in the journal, joined by spaces.
func requests(server *emulator.Server) string {
	var out []string
	for _, request := range server.Journal() {
		out = append(out, request.Operation)
	}
	return strings.Join(out, " ")
}

// count returns how often an operation is in the journal.
func count(server *emulator.Server, operation string) int {
	return strings.Count(requests(server), operation)
}

// onRequest returns options that call a function after each request of an operation.
func onRequest(operation string, call func()) emulator.Options {
	return emulator.Options{OnRequest: func(request emulator.Request) {
		if request.Operation == operation {
			call()
		}
	}}
}

// newRegisterToken creates a register token for a USER token that never expires.
func newRegisterToken(t *testing.T, client *mlplatform.Client, name string) mlplatform.Secret {
	t.Helper()
	register, err := client.CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
		AccessTokenName: name, Role: mlplatform.RoleUser, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	return register.Value
}

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
	// canary stands for a token's value; no text may repeat it.
	canary = "canary-of-the-tests"
	// plenty is a time limit that is reached only when something hangs that must not.
	plenty = 30 * time.Second
)

// noWait lets attempts follow each other at once.
func noWait(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 }

// newClient makes a client that waits for nothing between attempts, where the configuration does not say otherwise.
func newClient(t *testing.T, cfg mlplatform.Config) *mlplatform.Client {
	t.Helper()
	if cfg.Backoff == nil {
		cfg.Backoff = noWait
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = plenty
	}
	client, err := mlplatform.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// attempts counts the requests that a server sees.
type attempts struct {
	mu   sync.Mutex
	seen []*http.Request
}

func (a *attempts) add(r *http.Request) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = append(a.seen, r)
	return len(a.seen)
}

func (a *attempts) all() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]*http.Request(nil), a.seen...)
}

// serve runs a server of one handler, which is told the number of the request. Each connection is used once: Go's
// transport repeats by itself a read that a used connection has lost, and that would confuse the counts.
func serve(t *testing.T, handler func(w http.ResponseWriter, r *http.Request, number int)) (*httptest.Server, *attempts) {
	t.Helper()
	seen := &attempts{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler(w, r, seen.add(r))
	}))
	server.Config.SetKeepAlivesEnabled(false)
	t.Cleanup(server.Close)
	return server, seen
}

// answer is a handler that always answers the same.
func answer(status int, contentType, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// operation is one of the five, as a test that is about all of them calls it.
type operation struct {
	method string
	path   string
	call   func(context.Context, *mlplatform.Client) error
}

// operations are all five.
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

// start runs an emulator for one test, which must not see a breach of the contract, and returns it with a client that
// works with its ADMIN token.
func start(t *testing.T, opts emulator.Options, cfg mlplatform.Config) (*emulator.Server, *mlplatform.Client) {
	t.Helper()
	server, err := emulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		for _, violation := range server.Violations() {
			t.Errorf("the contract is broken: %s", violation)
		}
	})
	cfg.Endpoint, cfg.Token = server.Endpoint(), mlplatform.Secret(server.AdminToken())
	return server, newClient(t, cfg)
}

// seed makes an access token behind the client's back and returns its value.
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

// when has something done after each request of an operation.
func when(operation string, do func()) emulator.Options {
	return emulator.Options{OnRequest: func(request emulator.Request) {
		if request.Operation == operation {
			do()
		}
	}}
}

// promise makes a register token for a USER token of this name that never expires.
func promise(t *testing.T, client *mlplatform.Client, name string) mlplatform.Secret {
	t.Helper()
	register, err := client.CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
		AccessTokenName: name, Role: mlplatform.RoleUser, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	return register.Value
}

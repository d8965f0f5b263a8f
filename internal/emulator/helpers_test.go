// SPDX-License-Identifier: MPL-2.0

package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

const (
	registerPath = "/v1_0/auth/register_tokens"
	tokensPath   = "/v1_0/auth/refresh_tokens"
	whoAmIPath   = "/v1_0/auth/whoami"
)

// noon is the initial time of the tests' clocks.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// start starts an emulator and closes it when the test ends.
func start(t *testing.T, opts emulator.Options) *emulator.Server {
	t.Helper()
	srv, err := emulator.Start(opts)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(srv.Close)
	return srv
}

// request is an HTTP request to the emulator.
type request struct {
	method, path, token, body string
	contentType               string // default JSON if there is a body
}

// response is the result of a request; err comes from the transport or from reading the body.
type response struct {
	status int
	header http.Header
	body   string
	err    error
}

// newClient disables keep-alives, because the transport retries requests that fail on a reused connection.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func do(t *testing.T, srv *emulator.Server, r request) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, srv.Endpoint()+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.contentType == "" && r.body != "" {
		r.contentType = "application/json"
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	res, err := newClient().Do(req)
	if err != nil {
		return response{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{status: res.StatusCode, header: res.Header, body: string(body), err: err}
}

// createRegister creates a register token; lifetime is the access token's, empty if it never expires.
func createRegister(t *testing.T, srv *emulator.Server, name, role, ttl, lifetime string) response {
	t.Helper()
	body := map[string]string{"client_name": name, "access_ttl": ttl, "token_type": role}
	if lifetime != "" {
		body["refresh_ttl"] = lifetime
	}
	return do(t, srv, request{method: http.MethodPost, path: registerPath, token: srv.AdminToken(), body: encode(t, body)})
}

func redeem(t *testing.T, srv *emulator.Server, registerToken string) response {
	t.Helper()
	body := encode(t, map[string]string{"register_token": registerToken})
	return do(t, srv, request{method: http.MethodPost, path: tokensPath, body: body})
}

// create creates and redeems a register token and returns the value of the access token, with the USER role.
func create(t *testing.T, srv *emulator.Server, name, lifetime string) string {
	t.Helper()
	registered := createRegister(t, srv, name, "USER", "1h", lifetime)
	wantStatus(t, registered, http.StatusCreated)
	redeemed := redeem(t, srv, field(t, registered, "register_token"))
	wantStatus(t, redeemed, http.StatusCreated)
	return field(t, redeemed, "refresh_token")
}

func whoAmI(t *testing.T, srv *emulator.Server, token string) response {
	t.Helper()
	return do(t, srv, request{method: http.MethodGet, path: whoAmIPath, token: token})
}

func list(t *testing.T, srv *emulator.Server) response {
	t.Helper()
	return do(t, srv, request{method: http.MethodGet, path: tokensPath, token: srv.AdminToken()})
}

func remove(t *testing.T, srv *emulator.Server, name string) response {
	t.Helper()
	path := tokensPath + "?" + url.Values{"token_name": {name}}.Encode()
	return do(t, srv, request{method: http.MethodDelete, path: path, token: srv.AdminToken()})
}

func seed(t *testing.T, srv *emulator.Server, s emulator.SeedToken) string {
	t.Helper()
	_, value, err := srv.Seed(s)
	if err != nil {
		t.Fatalf("Seed: %v", err)
	}
	return value
}

func encode(t *testing.T, value any) string {
	t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func decode(t *testing.T, r response, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), into); err != nil {
		t.Fatalf("status %d, body is not JSON: %v", r.status, err)
	}
}

// field returns a string field of the response body.
func field(t *testing.T, r response, key string) string {
	t.Helper()
	var object map[string]any
	decode(t, r, &object)
	value, ok := object[key].(string)
	if !ok {
		t.Fatalf("status %d, no string %q in %s", r.status, key, r.body)
	}
	return value
}

func wantStatus(t *testing.T, r response, status int) {
	t.Helper()
	if r.err != nil || r.status != status {
		t.Fatalf("got status %d, error %v, body %s; want status %d", r.status, r.err, r.body, status)
	}
}

// wantError checks an error envelope; an empty text matches any.
func wantError(t *testing.T, r response, status int, code, text string) {
	t.Helper()
	wantStatus(t, r, status)
	var envelope struct {
		Status      int
		ErrorCode   string
		ErrorParams struct{ Field string }
	}
	decode(t, r, &envelope)
	if envelope.Status != status || envelope.ErrorCode != code || text != "" && envelope.ErrorParams.Field != text {
		t.Errorf("got envelope %s; want status %d, code %q, field %q", r.body, status, code, text)
	}
}

func wantNoViolations(t *testing.T, srv *emulator.Server) {
	t.Helper()
	for _, violation := range srv.Violations() {
		t.Errorf("violation: %s", violation)
	}
}

// names returns the names of tokens.
func names(tokens []emulator.Token) []string {
	all := []string{}
	for _, token := range tokens {
		all = append(all, token.Name)
	}
	return all
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// secret is a token value, which no violation may contain.
const secret = "secret-value-of-a-token"

// validate passes a request and a response through the validation, without a server.
func validate(t *testing.T, r *http.Request, respond http.HandlerFunc) (*response, []string) {
	t.Helper()
	contract, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	var v violations
	resp := record(v.withValidation(respond), r.WithContext(withCall(r.Context(), newCall(contract, r))))
	for _, text := range v.all() {
		if strings.Contains(text, secret) {
			t.Errorf("the violation %q contains a token value", text)
		}
	}
	return resp, v.all()
}

// newRequest returns a request as a server receives it.
func newRequest(t *testing.T, method, target, bearer, body string) *http.Request {
	t.Helper()
	address, err := url.Parse(basePath + target)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, "http://127.0.0.1", io.NopCloser(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.URL = address
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != "" {
		r.Header.Set("Content-Type", contentTypeJSON)
	}
	return r
}

func wantViolation(t *testing.T, got []string, want string) {
	t.Helper()
	if want == "" && len(got) == 0 {
		return
	}
	if want == "" || len(got) != 1 || !strings.Contains(got[0], want) {
		t.Errorf("got violations %q, want one with %q", got, want)
	}
}

func TestResponsesAgainstTheContract(t *testing.T) {
	t.Parallel()
	const row = `{"id":"1","name":"a","type":"USER","issuer_name":"b","exp":null}`
	tests := map[string]struct {
		status            int
		contentType, body string
		want              string
	}{
		"valid":            {http.StatusOK, contentTypeJSON, "[" + row + "]", ""},
		"empty list":       {http.StatusOK, contentTypeJSON, "[]", ""},
		"time":             {http.StatusOK, contentTypeJSON, strings.Replace("["+row+"]", "null", `"2026-07-01T12:00:00Z"`, 1), ""},
		"Unix seconds":     {http.StatusOK, contentTypeJSON, strings.Replace("["+row+"]", "null", "1782907200", 1), ""},
		"error":            {http.StatusForbidden, contentTypeJSON, `{"status":403}`, ""},
		"not a list":       {http.StatusOK, contentTypeJSON, `{"token":"` + secret + `"}`, `response of GET /infra/mlplatform/v1_0/auth/refresh_tokens: / violates "type"`},
		"no id":            {http.StatusOK, contentTypeJSON, `[{"name":"` + secret + `","type":"USER","issuer_name":"b","exp":null}]`, `/0/id violates "required"`},
		"unknown role":     {http.StatusOK, contentTypeJSON, strings.Replace("["+row+"]", "USER", secret, 1), `/0/type violates "enum"`},
		"invalid time":     {http.StatusOK, contentTypeJSON, strings.Replace("["+row+"]", "null", `"`+secret+`"`, 1), `/0/exp violates "oneOf"`},
		"not JSON":         {http.StatusOK, contentTypeJSON, secret, "undeclared"},
		"no content type":  {http.StatusOK, "", "[]", "undeclared"},
		"HTML":             {http.StatusOK, "text/html", secret, "undeclared"},
		"error, no status": {http.StatusForbidden, contentTypeJSON, `{"errorCode":"` + secret + `"}`, `/status violates "required"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t, http.MethodGet, "/v1_0/auth/refresh_tokens", secret, "")
			resp, got := validate(t, r, func(w http.ResponseWriter, _ *http.Request) {
				if test.contentType != "" {
					w.Header().Set("Content-Type", test.contentType)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			wantViolation(t, got, test.want)
			if resp.status != test.status || resp.body.String() != test.body || resp.header.Get("Content-Type") != test.contentType {
				t.Errorf("the validation changed the response: %d %s", resp.status, resp.body.String())
			}
		})
	}
}

func TestRequestsAgainstTheContract(t *testing.T) {
	t.Parallel()
	const (
		registers = "/v1_0/auth/register_tokens"
		tokens    = "/v1_0/auth/refresh_tokens"
	)
	tests := map[string]struct {
		method, target, bearer, body string
		want                         string
	}{
		"create":             {http.MethodPost, registers, secret, `{"client_name":"a","access_ttl":"1h","refresh_ttl":"1h","token_type":"USER"}`, ""},
		"redeem":             {http.MethodPost, tokens, "", `{"register_token":"` + secret + `"}`, ""},
		"delete":             {http.MethodDelete, tokens + "?token_name=a%2Fb+c%2Cd", secret, "", ""},
		"no bearer":          {http.MethodGet, tokens, "", "", "the bearer token is missing"},
		"unneeded bearer":    {http.MethodPost, tokens, secret, `{"register_token":"a"}`, errCredential.Error()},
		"no path":            {http.MethodGet, "/v1_0/auth/tokens", secret, "", errNoOperation.Error()},
		"no method":          {http.MethodPatch, tokens, secret, "", errNoOperation.Error()},
		"no prefix":          {http.MethodGet, "/../v1_0/auth/whoami", secret, "", errNoOperation.Error()},
		"no body":            {http.MethodPost, tokens, "", "", "value is required but missing"},
		"not JSON":           {http.MethodPost, tokens, "", secret, "undeclared"},
		"wrong key":          {http.MethodPost, tokens, "", `{"registerToken":"` + secret + `"}`, `/register_token violates "required"`},
		"empty value":        {http.MethodPost, tokens, "", `{"register_token":""}`, `/register_token violates "minLength"`},
		"number for a value": {http.MethodPost, tokens, "", `{"register_token":1}`, `/register_token violates "type"`},
		"wrong lifetime":     {http.MethodPost, registers, secret, `{"client_name":"a","access_ttl":"30d","token_type":"USER"}`, `/access_ttl violates "allOf"`},
		"wrong role":         {http.MethodPost, registers, secret, `{"client_name":"a","access_ttl":"1h","token_type":"` + secret + `"}`, `/token_type violates "enum"`},
		"no name":            {http.MethodDelete, tokens, secret, "", "parameter token_name: value is required but missing"},
		"empty name":         {http.MethodDelete, tokens + "?token_name=", secret, "", "parameter token_name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t, test.method, test.target, test.bearer, test.body)
			_, got := validate(t, r, func(w http.ResponseWriter, r *http.Request) {
				// The body must still be readable after the validation.
				if body, err := io.ReadAll(r.Body); err != nil || string(body) != test.body {
					t.Errorf("got body %q, error %v", body, err)
				}
				writeError(w, http.StatusTeapot, "")
			})
			wantViolation(t, got, test.want)
		})
	}
}

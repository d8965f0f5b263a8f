// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

const whoAmI = "https://msk.cloud.vk.ru/infra/mlplatform/v1_0/auth/whoami"

// clientOf returns a client behind the proxy that trusts its CA only.
func clientOf(t *testing.T, address, caFile string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	proxy, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
	}}
}

func send(t *testing.T, client *http.Client, method, target, body string, headers ...string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestProxyRefusesOtherHosts(t *testing.T) {
	t.Parallel()
	reached := false
	o := startObserver(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		reached = true
		return nil, http.ErrNotSupported
	}), "")
	client := clientOf(t, o.address, o.caFile())
	if got := send(t, client, http.MethodGet, "https://example.com/secret-path", ""); got != 0 {
		t.Errorf("https: got status %d", got)
	}
	if got := send(t, client, http.MethodGet, "http://example.com/secret-path", ""); got != http.StatusForbidden {
		t.Errorf("http: got status %d", got)
	}
	// A request inside a tunnel to the service that names another host.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, whoAmI, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "other.example.com"
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || reached {
		t.Errorf("other Host: got status %d, passed on: %t", resp.StatusCode, reached)
	}
	rows := o.compare()
	refused := ": request: not a host of the service; refused"
	wantDifferences(t, rows, refused, refused, refused)
	if text := writeReport(t, rows, ""); !strings.Contains(text, "GET example.com") || strings.Contains(text, "secret") {
		t.Errorf("got report %s", text)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Without upstream the emulator responds, also for a token that only the live service knows.
func TestEmulatorResponds(t *testing.T) {
	t.Parallel()
	o := startObserver(t, nil, "ignored")
	client := clientOf(t, o.address, o.caFile())
	for name, test := range map[string]struct {
		token string
		want  int
	}{"its own token": {o.service.AdminToken(), http.StatusOK}, "another": {"unknown", http.StatusForbidden}} {
		if got := send(t, client, http.MethodGet, whoAmI, "", "Authorization: Bearer "+test.token); got != test.want {
			t.Errorf("%s: got status %d, want %d", name, got, test.want)
		}
	}
	wantDifferences(t, o.compare())
}

// TestNoValueInReport sends a secret in every place that a request has.
func TestNoValueInReport(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		"emulated-access/0123456789abcdef+==", "secretname", "my secret name", "2c2f8a0e-8f8b-4a36-9d5e-3f5f0d8c7f11", "12345678901234567890",
		"a.jwt-like.value", "секрет",
	} {
		live := startLive(t, emulator.Dialect(0))
		if _, _, err := live.Seed(emulator.SeedToken{Name: "of the list " + secret, Issuer: secret}); err != nil {
			t.Fatal(err)
		}
		o := startObserver(t, live, live.AdminToken())
		client := clientOf(t, o.address, o.caFile())
		escaped := url.PathEscape(secret)
		const base = "https://msk.cloud.vk.ru/infra/mlplatform/v1_0/auth/"
		token := "Authorization: Bearer " + live.AdminToken()
		jsonType, form := "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded"
		send(t, client, http.MethodGet, base+"refresh_tokens", "", token)
		send(t, client, http.MethodDelete, base+"tokens/"+escaped, "", token)
		send(t, client, http.MethodDelete, base+escaped+"/tokens?name="+url.QueryEscape(secret), "", token)
		send(t, client, http.MethodDelete, base+"refresh_tokens?"+url.QueryEscape(secret), "", token)
		send(t, client, http.MethodDelete, base+"refresh_tokens?token_name="+url.QueryEscape(secret), "", token)
		send(t, client, http.MethodPost, base+"refresh_tokens", `{"register_token":"`+secret+`","a":{"b":["`+secret+`"]}}`, jsonType)
		send(t, client, http.MethodPost, base+"refresh_tokens", `"`+secret+`"`, jsonType)
		send(t, client, http.MethodPost, base+"refresh_tokens", secret, jsonType)
		send(t, client, http.MethodPost, base+"refresh_tokens", url.QueryEscape(secret), form)
		send(t, client, http.MethodPost, base+"refresh_tokens", "token="+url.QueryEscape(secret), form)
		if secret != "секрет" && secret != "my secret name" {
			send(t, client, http.MethodGet, base+"whoami", "", "Authorization: "+secret)
			send(t, client, http.MethodGet, base+"whoami", "", "Authorization: Token "+secret, "X-Auth-Token: "+secret, "Cookie: s="+secret)
			send(t, client, http.MethodGet, base+"whoami", "", "Content-Type: "+secret)
		}
		rows := o.compare()
		if len(rows) < 40 {
			t.Errorf("got %d rows", len(rows))
		}
		text := writeReport(t, rows, "")
		wantNoValues(t, text, live.Server)
		for _, spelled := range []string{secret, escaped, url.QueryEscape(secret)} {
			if strings.Contains(text, spelled) {
				t.Errorf("the report contains %q:\n%s", spelled, text)
			}
		}
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	client := func(args ...string) []string { return append([]string{"--", os.Args[0], "client"}, args...) }
	tests := map[string]struct {
		args []string
		want int
		text string
	}{
		"same":           {client("GET", whoAmI, "Authorization: Bearer a"), exitSame, "Everything is as the contract says."},
		"different":      {client("GET", whoAmI, "X-Auth-Token: a"), exitDifferent, "Differences from the contract: 2."},
		"help":           {[]string{"-h"}, exitSame, "-forward"},
		"no request":     {client("GET", "http://127.0.0.1:1/"), exitFailed, "no request was observed"},
		"no program":     {[]string{"--", "/nonexistent"}, exitFailed, "running the command"},
		"unknown flag":   {[]string{"-x"}, exitFailed, "flag provided but not defined"},
		"no archive":     {[]string{"-library", "/nonexistent"}, exitFailed, "opening the library"},
		"no python":      {[]string{"-library", "proxy.go", "-python", "/nonexistent"}, exitFailed, "requires Python"},
		"both":           {[]string{"-library", "proxy.go", "true"}, exitFailed, "exclude each other"},
		"report in vain": {append([]string{"-report", "/nonexistent/a"}, client("GET", whoAmI)...), exitFailed, "writing the report"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var output bytes.Buffer
			args := append([]string{"-report", filepath.Join(t.TempDir(), "report.md")}, test.args...)
			if got := run(t.Context(), args, &output, &output); got != test.want || !strings.Contains(output.String(), test.text) {
				t.Errorf("got exit status %d, want %d and %q:\n%s", got, test.want, test.text, output.String())
			}
		})
	}
}

// Without arguments, the program prints settings and reports when it is interrupted.
func TestServesUntilInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"-report", filepath.Join(t.TempDir(), "report.md")}, writer, writer)
		writer.Close()
	}()
	settings := map[string]string{}
	lines := bufio.NewScanner(reader)
	for settings["no_proxy"] == "" && lines.Scan() {
		if setting, ok := strings.CutPrefix(lines.Text(), "  export "); ok {
			name, value, _ := strings.Cut(setting, "=")
			settings[name] = value
		}
	}
	unquote := func(name string) string { return strings.Trim(settings[name], "'") }
	client := clientOf(t, unquote("HTTPS_PROXY"), unquote("SSL_CERT_FILE"))
	if got := send(t, client, http.MethodGet, whoAmI, "", "Authorization: Bearer "+unquote("MLPLATFORM_TOKEN")); got != http.StatusOK {
		t.Errorf("got status %d", got)
	}
	interrupt()
	rest, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != exitSame || !strings.Contains(string(rest), "Everything is as the contract says.") {
		t.Errorf("got exit status %d and %s", code, rest)
	}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// serveTLS starts a server with a certificate that no system trusts, and returns the certificate in PEM.
func serveTLS(t *testing.T, versions *tls.Config) (*httptest.Server, []byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		respond(http.StatusOK, "application/json", "[]")(w, r, 0)
	}))
	// These tests are about failing handshakes.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = versions
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestPrivateCertificateAuthority(t *testing.T) {
	t.Parallel()
	server, certificate := serveTLS(t, nil)
	_, otherCertificate := serveTLS(t, nil)
	bundle := append([]byte("# a comment\n"), certificate...)
	for name, pem := range map[string][]byte{"single": certificate, "in a bundle": bundle, "twice": append(bundle, otherCertificate...)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, CACertPEM: pem})
			if _, err := client.ListAccessTokens(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	server, certificate := serveTLS(t, nil)
	wrongName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	tests := map[string]mlplatform.Config{
		"no bundle":           {Endpoint: server.URL},
		"name does not match": {Endpoint: wrongName, CACertPEM: certificate},
	}
	for name, cfg := range tests {
		for operation, op := range operations() {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				cfg := cfg
				var attempts atomic.Int32
				cfg.Log = func(context.Context, mlplatform.Attempt) { attempts.Add(1) }
				cfg.Token, cfg.MaxRetries = canary, 3
				err := op.call(t.Context(), newClient(t, cfg))
				wantErrorWithoutCanary(t, err)
				var failure *mlplatform.Error
				if !mlplatform.IsUntrusted(err) || !errors.As(err, &failure) || failure.OutcomeUnknown() {
					t.Errorf("got error %v", err)
				}
				if attempts.Load() != 1 {
					t.Errorf("got %d attempts, want 1", attempts.Load())
				}
			})
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	versions := map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true}
	for version, accepted := range versions {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			server, certificate := serveTLS(t, &tls.Config{MinVersion: version, MaxVersion: version})
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, CACertPEM: certificate})
			_, err := client.ListAccessTokens(t.Context())
			if accepted != (err == nil) {
				t.Errorf("got error %v", err)
			}
			if mlplatform.IsUntrusted(err) {
				t.Errorf("IsUntrusted is true for %v", err)
			}
		})
	}
}

// The port of the endpoint speaks another protocol.
func TestHTTPWhereTLSIsExpected(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, respond(http.StatusOK, "application/json", "[]"))
	client := newClient(t, mlplatform.Config{Endpoint: strings.Replace(server.URL, "http:", "https:", 1), Token: canary})
	_, err := client.ListAccessTokens(t.Context())
	if err == nil || mlplatform.IsUntrusted(err) || !strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		t.Errorf("got error %v", err)
	}
}

func TestBundleWithoutACertificate(t *testing.T) {
	t.Parallel()
	tests := map[string][]byte{
		"words":     []byte("not a certificate: " + canary),
		"blank":     []byte("\n"),
		"a key":     pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(canary)}),
		"nonsense":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(canary)}),
		"truncated": []byte("-----BEGIN CERTIFICATE-----\nMIIB"),
	}
	for name, bundle := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := mlplatform.New(mlplatform.Config{Endpoint: mlplatform.DefaultEndpoint, CACertPEM: bundle})
			if client != nil {
				t.Error("got a client")
			}
			wantErrorWithoutCanary(t, err)
		})
	}
}

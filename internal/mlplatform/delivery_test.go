// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// connectProxy is a proxy that opens tunnels.
type connectProxy struct {
	listener net.Listener
	connects atomic.Int32
	// respond writes the response to the CONNECT with this number, from 1, and reports whether the tunnel is open.
	respond func(conn net.Conn, number int) bool
}

// startConnectProxy starts a proxy whose URL has a password.
func startConnectProxy(t *testing.T, respond func(conn net.Conn, number int) bool) (*connectProxy, func(*http.Request) (*url.URL, error)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy := &connectProxy{listener: listener, respond: respond}
	var conns sync.WaitGroup
	// The client keeps its idle tunnels open, so the proxy has to end them.
	stopped, stop := context.WithCancel(context.Background())
	t.Cleanup(func() { _ = listener.Close(); stop(); conns.Wait() })
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(stopped, func() { _ = conn.Close() })
			conns.Go(func() { proxy.serve(conn) })
		}
	})
	return proxy, http.ProxyURL(&url.URL{Scheme: "http", Host: listener.Addr().String(), User: url.UserPassword("proxy-user", canary)})
}

func (p *connectProxy) serve(client net.Conn) {
	defer client.Close()
	reader := bufio.NewReader(client)
	request, err := http.ReadRequest(reader)
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	if !p.respond(client, int(p.connects.Add(1))) {
		return
	}
	server, err := net.Dial("tcp", request.Host)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, reader); _ = server.Close() }() // ends io.Copy below
	_, _ = io.Copy(client, server)
}

// tunnel opens the tunnel.
func tunnel(conn net.Conn, _ int) bool {
	_, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	return err == nil
}

// refuse returns a function that responds with a status and a page.
func refuse(status int) func(net.Conn, int) bool {
	return func(conn net.Conn, _ int) bool {
		page := "<html>" + canary + "</html>"
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), len(page), page)
		return false
	}
}

// What a proxy did not pass on was not sent: the outcome is known, the error names the proxy without its password, and the
// attempt is retried for any method where that can help.
func TestHardening05RefusingProxy(t *testing.T) {
	t.Parallel()
	const retries = 2
	tests := map[string]struct {
		respond  func(net.Conn, int) bool
		want     string
		attempts int32
		proxied  bool
	}{
		"403":      {refuse(403), "the proxy refused to connect to the service: status 403 (Forbidden)", 1, true},
		"407":      {refuse(407), "the proxy refused to connect to the service: status 407 (Proxy Authentication Required)", 1, true},
		"502":      {refuse(502), "the proxy refused to connect to the service: status 502 (Bad Gateway)", 1 + retries, true},
		"drop":     {func(net.Conn, int) bool { return false }, "EOF", 1 + retries, false},
		"not HTTP": {func(conn net.Conn, _ int) bool { _, _ = io.WriteString(conn, canary+"\r\n\r\n"); return false }, "the response is not HTTP", 1 + retries, false},
	}
	for name, test := range tests {
		for operation, op := range operations() {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				server, certificate := serveTLS(t, nil)
				proxy, proxyURL := startConnectProxy(t, test.respond)
				client := newClient(t, mlplatform.Config{
					Endpoint: server.URL, Token: canary, CACertPEM: certificate, Proxy: proxyURL, MaxRetries: retries,
				})
				err := op.call(t.Context(), client)
				wantErrorWithoutCanary(t, err)
				if mlplatform.IsOutcomeUnknown(err) || mlplatform.IsProxyError(err) != test.proxied || strings.Contains(err.Error(), "proxy-user") {
					t.Errorf("got error %v", err)
				}
				want := test.want + " (through the proxy " + proxy.listener.Addr().String() + ")"
				if !strings.HasSuffix(err.Error(), want) {
					t.Errorf("got error %v, want: %s", err, want)
				}
				if got := proxy.connects.Load(); got != test.attempts {
					t.Errorf("got %d attempts, want %d", got, test.attempts)
				}
			})
		}
	}
}

// A proxy that fails once does not fail a POST or a DELETE.
func TestHardening05ProxyRecovers(t *testing.T) {
	t.Parallel()
	_, certificate := serveTLS(t, nil)
	for operation, op := range operations() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			server, _ := serveTLS(t, nil)
			proxy, proxyURL := startConnectProxy(t, func(conn net.Conn, number int) bool {
				if number == 1 {
					return refuse(503)(conn, number)
				}
				return tunnel(conn, number)
			})
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, CACertPEM: certificate, Proxy: proxyURL, MaxRetries: 1})
			// The server responds with a list, which only one operation understands.
			err := op.call(t.Context(), client)
			var failed *mlplatform.Error
			if errors.As(err, &failed) && failed.Status != http.StatusOK {
				t.Errorf("got error %v", err)
			}
			if got := proxy.connects.Load(); got != 2 {
				t.Errorf("got %d attempts", got)
			}
		})
	}
}

// A request that went through a tunnel was sent.
func TestHardening05BrokenTunnel(t *testing.T) {
	t.Parallel()
	for operation, op := range operations() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			server, certificate := serveTLS(t, nil)
			server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			proxy, proxyURL := startConnectProxy(t, tunnel)
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, CACertPEM: certificate, Proxy: proxyURL, MaxRetries: 1})
			err := op.call(t.Context(), client)
			wantErrorWithoutCanary(t, err)
			if !mlplatform.IsOutcomeUnknown(err) || mlplatform.IsProxyError(err) {
				t.Errorf("got error %v", err)
			}
			want := int32(1)
			if op.method == http.MethodGet {
				want = 2
			}
			if got := proxy.connects.Load(); got != want {
				t.Errorf("got %d attempts, want %d", got, want)
			}
		})
	}
}

// A connection that hangs, or breaks before TLS is established, carried nothing.
func TestHardening05NoConnection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		accept  func(net.Conn)
		timeout bool
	}{
		"TLS handshake hangs":  {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, true},
		"TLS handshake breaks": {func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }, false},
	}
	for name, test := range tests {
		for operation, op := range operations() {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = listener.Close() })
				go func() {
					for {
						conn, err := listener.Accept()
						if err != nil {
							return
						}
						go func() { test.accept(conn); _ = conn.Close() }()
					}
				}()
				var attempts atomic.Int32
				client := newClient(t, mlplatform.Config{
					Endpoint: "https://" + listener.Addr().String(), Token: canary, MaxRetries: 1, RequestTimeout: 300 * time.Millisecond,
					Log: func(context.Context, mlplatform.Attempt) { attempts.Add(1) },
				})
				err = op.call(t.Context(), client)
				wantErrorWithoutCanary(t, err)
				if mlplatform.IsOutcomeUnknown(err) || mlplatform.IsTimeout(err) != test.timeout {
					t.Errorf("got error %v", err)
				}
				if got := attempts.Load(); got != 2 {
					t.Errorf("got %d attempts", got)
				}
			})
		}
	}
}

// A setting that is not a URL is not quoted, because it may hold a password.
func TestHardening05InvalidProxySetting(t *testing.T) {
	t.Parallel()
	client := newClient(t, mlplatform.Config{
		Endpoint: "http://127.0.0.1:1", Token: canary, MaxRetries: 2,
		Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("invalid proxy " + canary) },
	})
	for name, op := range operations() {
		err := op.call(t.Context(), client)
		wantErrorWithoutCanary(t, err)
		if mlplatform.IsOutcomeUnknown(err) || !strings.Contains(err.Error(), "the proxy of the environment is not a valid URL") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// A redemption that was not sent is neither repeated nor called lost.
func TestHardening05UnsentRedemptionIsNotLost(t *testing.T) {
	t.Parallel()
	proxy, proxyURL := startConnectProxy(t, refuse(http.StatusForbidden))
	client := newClient(t, mlplatform.Config{Endpoint: mlplatform.DefaultEndpoint, Proxy: proxyURL, MaxRetries: 3})
	value, err := client.RedeemAccessToken(t.Context(), "made-up")
	var lost *mlplatform.LostTokenError
	if value != "" || !mlplatform.IsProxyError(err) || errors.As(err, &lost) {
		t.Errorf("got %v, error %v", value, err)
	}
	if got := proxy.connects.Load(); got != 1 {
		t.Errorf("got %d attempts", got)
	}
}

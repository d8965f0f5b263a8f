// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// maxBody bounds what is read of a request or a response.
const maxBody = 8 << 20

// serviceHosts are the hosts that the proxy responds for. It refuses all others.
var serviceHosts = []string{"msk.cloud.vk.ru", "kz.cloud.vk.kz", "msk.cloud.vk.com", "kz.cloud.vk.com"}

// exchange is a request and its response. It holds values, so it is never printed; shape.go describes it.
type exchange struct {
	call         string
	request      *http.Request // without body
	body         []byte
	status       int // 0 if there was no response
	header       http.Header
	responseBody []byte
	blocked      bool // the host is not one of the service's
}

// observer is the running proxy and what it has seen.
type observer struct {
	upstream http.RoundTripper // the live service, or nil for the emulator
	service  *emulator.Server
	emulator string // host and port
	contract []operation
	token    string // access token that the observed library is given
	other    string // another ADMIN token of the emulator, for requests that are not in the contract
	dir      string // holds the CA certificate
	proxy    *http.Server
	address  string

	mu        sync.Mutex
	call      string
	library   bool // all values come from the emulator and from calls.py
	exchanges []exchange
	outcomes  map[string]outcome
	known     map[string]string // values, and what they are
}

// start starts the emulator and the proxy. Without an upstream, token is ignored.
func start(upstream http.RoundTripper, token string) (*observer, error) {
	contract, err := loadContract()
	if err != nil {
		return nil, err
	}
	service, err := emulator.Start(emulator.Options{Unchecked: true})
	if err != nil {
		return nil, err
	}
	_, other, err := service.Seed(emulator.SeedToken{Name: "exchanged", Role: "ADMIN"})
	if err != nil {
		return nil, err
	}
	endpoint, err := url.Parse(service.Endpoint())
	if err != nil {
		return nil, err
	}
	o := &observer{
		upstream: upstream, service: service, emulator: endpoint.Host, contract: contract,
		token: token, other: other, outcomes: map[string]outcome{},
	}
	if upstream == nil {
		o.token = service.AdminToken()
	}
	o.known = map[string]string{o.token: "the access token"}
	if err := o.listen(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *observer) listen() error {
	ca, err := newCA()
	if err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp("", "observe"); err != nil {
		return err
	}
	if err := os.WriteFile(o.caFile(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate[0]}), 0o600); err != nil {
		return err
	}
	proxy := goproxy.NewProxyHttpServer()
	quiet := log.New(io.Discard, "", 0)
	proxy.Logger = quiet
	intercept := &goproxy.ConnectAction{Action: goproxy.ConnectMitm, TLSConfig: goproxy.TLSConfigFromCA(ca)}
	proxy.OnRequest().HandleConnectFunc(func(host string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		if o.allowed(ctx.Req) {
			return intercept, host
		}
		ctx.Resp = o.block(ctx.Req) //nolint:bodyclose // goproxy writes and closes it
		return goproxy.RejectConnect, host
	})
	proxy.OnRequest().DoFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		// The Host header of an intercepted request may differ from the host of the tunnel.
		if !o.allowed(r) {
			return r, o.block(r)
		}
		return r, o.handle(r)
	})
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	o.address = "http://" + listener.Addr().String()
	o.proxy = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet}
	go func() { _ = o.proxy.Serve(listener) }()
	return nil
}

func (o *observer) close() {
	if o.proxy != nil {
		_ = o.proxy.Close()
	}
	o.service.Close()
	_ = os.RemoveAll(o.dir)
}

func (o *observer) caFile() string { return filepath.Join(o.dir, "ca.pem") }

// environment returns what sends common clients through the proxy, and the token that the emulator knows.
func (o *observer) environment() []string {
	var env []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		env = append(env, name+"="+o.address)
	}
	for _, name := range []string{"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
		env = append(env, name+"="+o.caFile())
	}
	if o.upstream == nil {
		env = append(env, "MLPLATFORM_TOKEN="+o.token)
	}
	return append(env, "NO_PROXY=", "no_proxy=")
}

func (o *observer) allowed(r *http.Request) bool {
	return slices.Contains(serviceHosts, r.URL.Hostname())
}

// block records and refuses a request to another host.
func (o *observer) block(r *http.Request) *http.Response {
	o.record(exchange{request: r, blocked: true})
	return goproxy.NewResponse(r, goproxy.ContentTypeText, http.StatusForbidden, "observe: not a host of the service\n")
}

// handle records a request and responds to it.
func (o *observer) handle(r *http.Request) *http.Response {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return goproxy.NewResponse(r, goproxy.ContentTypeText, http.StatusBadRequest, "observe: the body could not be read\n")
	}
	seen := exchange{request: r, body: body}
	resp, err := o.respond(r, body)
	if err != nil {
		o.record(seen)
		return goproxy.NewResponse(r, goproxy.ContentTypeText, http.StatusBadGateway, "observe: the service could not be reached\n")
	}
	defer resp.Body.Close()
	seen.status, seen.header = resp.StatusCode, resp.Header
	seen.responseBody, _ = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	o.record(seen)
	resp.Body = io.NopCloser(bytes.NewReader(seen.responseBody))
	resp.ContentLength = int64(len(seen.responseBody))
	resp.Header.Del("Content-Length")
	return resp
}

// respond gets the response from the live service or the emulator. A request that is not in the contract gets a made-up
// success from the emulator, so that the client goes on to its next request.
func (o *observer) respond(r *http.Request, body []byte) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.Body = io.NopCloser(bytes.NewReader(body))
	out.ContentLength = int64(len(body))
	goproxy.RemoveProxyHeaders(&goproxy.ProxyCtx{Proxy: &goproxy.ProxyHttpServer{}}, out)
	if o.upstream != nil {
		return o.upstream.RoundTrip(out)
	}
	if find(o.contract, r) == nil {
		return goproxy.NewResponse(r, "application/json", http.StatusOK, o.madeUp()), nil
	}
	out.URL.Scheme, out.URL.Host, out.Host = "http", o.emulator, ""
	return http.DefaultTransport.RoundTrip(out)
}

// madeUp has the keys that a response could have. The token in it is valid in the emulator.
func (o *observer) madeUp() string {
	text, _ := json.Marshal(map[string]any{
		"access_token": o.other, "refresh_token": o.other, "token": o.other, "register_token": o.other, "token_type": "Bearer",
		"expires_in": 3600, "id": "1", "name": "made up", "type": "USER", "issuer_name": "emulator@example.com", "exp": nil,
	})
	return string(text)
}

// record keeps an exchange, and the values of its response to recognize them in later requests.
func (o *observer) record(e exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e.call = o.call
	o.exchanges = append(o.exchanges, e)
	for _, value := range stringsIn(decode(e.body)) {
		if _, ok := o.known[value]; !ok {
			o.known[value] = "" // the client's own
		}
	}
	for _, value := range stringsIn(decode(e.responseBody)) {
		if _, ok := o.known[value]; !ok && len(value) >= 16 {
			o.known[value] = "a value from an earlier response"
		}
	}
}

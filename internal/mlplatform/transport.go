// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

// maxBody bounds a response body. A list of 10,000 tokens takes about 2 MiB.
const maxBody = 16 << 20

var (
	errTooLarge     = fmt.Errorf("the body is larger than %d MiB", maxBody>>20)
	errNotHTTP      = errors.New("the response is not HTTP")
	errProxySetting = errors.New("the proxy of the environment is not a valid URL")
)

// Attempt is one attempt of a request, for a log. It holds no header, body or query.
type Attempt struct {
	Method, Path string
	// Status is 0 if no response arrived.
	Status   int
	Duration time.Duration
	// Err is the failure of the attempt, if it had no complete response.
	Err error
}

// newTransport returns a transport for one host: TLS 1.2 or later, and proxy errors that name no credentials.
func newTransport(cfg Config) (*http.Transport, error) {
	transport := cleanhttp.DefaultPooledTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	// All requests go to one host; the default of one idle connection per core would keep opening new ones.
	transport.MaxIdleConnsPerHost = 16
	if len(cfg.CACertPEM) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(cfg.CACertPEM) {
			return nil, errors.New("the CA bundle holds no PEM certificate")
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	proxyFor := cfg.Proxy
	if proxyFor == nil {
		proxyFor = http.ProxyFromEnvironment
	}
	transport.Proxy = func(req *http.Request) (*url.URL, error) {
		proxy, err := proxyFor(req)
		if err != nil {
			return nil, errProxySetting // net/http's error quotes the URL, which may hold a password
		}
		if proxy != nil {
			deliveryOf(req.Context()).proxy = proxy.Host
		}
		return proxy, nil
	}
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		return &proxyError{resp.StatusCode}
	}
	return transport, nil
}

// proxyError is the error of a proxy that did not open a tunnel to the service.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return "the proxy refused to connect to the service: " + statusText(e.status)
}

// boundedTransport reads each body to its end, within bounds, before the response counts as received: a connection that
// breaks while the body is read is then a failed attempt like any other. It also tracks the delivery and logs attempts.
type boundedTransport struct {
	next http.RoundTripper
	log  func(context.Context, Attempt)
}

// RoundTrip implements http.RoundTripper.
func (t *boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	sent := deliveryOf(req.Context())
	resp, err := t.next.RoundTrip(req.WithContext(sent.attempt(req.Context())))
	if err == nil {
		sent.redirectHost = takeLocation(resp, req.URL)
		absoluteRetryAfter(resp)
		err = readWhole(resp)
	}
	err = withoutQuotes(err, sent.lastMaybeSent())
	if t.log != nil {
		attempt := Attempt{Method: req.Method, Path: req.URL.Path, Duration: time.Since(start), Err: err}
		if resp != nil {
			attempt.Status = resp.StatusCode
		}
		t.log(req.Context(), attempt)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// takeLocation removes the Location header, because redirects are not followed and net/http would quote one that is no
// URL. It returns the host that it points to, or "".
func takeLocation(resp *http.Response, base *url.URL) string {
	location := resp.Header.Get("Location")
	resp.Header.Del("Location")
	if location == "" {
		return ""
	}
	target, err := base.Parse(location)
	if err != nil || strings.Trim(strings.ToLower(target.Host), "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "" {
		return ""
	}
	return target.Host
}

// absoluteRetryAfter replaces the date in a Retry-After header by the seconds since the response's own Date, because the
// clock of this machine may be wrong.
func absoluteRetryAfter(resp *http.Response) {
	until, err := http.ParseTime(resp.Header.Get("Retry-After"))
	if err != nil {
		return
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	seconds := max(0, int64(until.Sub(now)/time.Second))
	resp.Header.Set("Retry-After", strconv.FormatInt(seconds, 10))
}

// withoutQuotes replaces errors of net/http that quote the response that they could not read: it may be a body, and so a
// token. Before the request was sent, only a proxy can have responded.
func withoutQuotes(err error, sent bool) error {
	if err == nil || !strings.Contains(err.Error(), `"`) {
		return err
	}
	if sent || strings.Contains(err.Error(), "malformed") {
		return errNotHTTP
	}
	return err
}

func readWhole(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return fmt.Errorf("the response is incomplete: %w", err)
	}
	if len(body) > maxBody {
		return errTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

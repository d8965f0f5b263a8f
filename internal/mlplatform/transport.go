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
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-retryablehttp"
)

const (
	// maxBody bounds a response body. A list of 10,000 tokens has about 2 MiB.
	maxBody = 16 << 20
	// maxRetryAfter is the longest wait that a Retry-After header is granted; a longer one ends the operation.
	maxRetryAfter = 2 * time.Minute
	retryWaitMin  = time.Second
	retryWaitMax  = 30 * time.Second
)

var (
	errTooLarge = fmt.Errorf("the body is larger than %d MiB", maxBody>>20)
	errNotHTTP  = errors.New("the answer is not HTTP")
)

// Exchange is one attempt of a request, for a log. It holds neither header, body nor query.
type Exchange struct {
	Method, Path string
	// Status is 0 if no answer came.
	Status   int
	Duration time.Duration
	// Err is the failure of the attempt, if there was no whole answer.
	Err error
}

// newDoer makes the transport: TLS 1.2 or later, no redirects, bounded bodies, a time limit for each attempt, retries.
func newDoer(cfg Config) (*doer, error) {
	transport := cleanhttp.DefaultPooledTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	// All requests go to one host; the default of one idle connection per core would open new ones all the time.
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
	retry := retryablehttp.NewClient()
	retry.Logger = nil
	retry.RetryMax = cfg.MaxRetries
	retry.RetryWaitMin, retry.RetryWaitMax = retryWaitMin, retryWaitMax
	retry.CheckRetry = checkRetry
	retry.ErrorHandler = retryablehttp.PassthroughErrorHandler
	if cfg.Backoff != nil {
		retry.Backoff = cfg.Backoff
	}
	retry.HTTPClient = &http.Client{
		Transport: &wholeBody{next: transport, log: cfg.Log},
		Timeout:   cfg.RequestTimeout,
		// A redirect is an answer like any other: following it could carry the token to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &doer{retry: retry}, nil
}

// doer puts the retries under the generated client.
type doer struct{ retry *retryablehttp.Client }

type methodKey struct{}

// Do sends the request, perhaps several times. The error is without the URL, which the caller's text has no use for.
func (d *doer) Do(req *http.Request) (*http.Response, error) {
	// The retry policy is given no request, so the method travels in the context.
	retryable, err := retryablehttp.FromRequest(req.WithContext(context.WithValue(req.Context(), methodKey{}, req.Method)))
	if err != nil {
		return nil, err
	}
	resp, err := d.retry.Do(retryable)
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	return resp, err
}

// checkRetry decides whether an attempt is repeated. What surely did nothing (429, no connection) is repeated for
// every method; what may have acted (502, 503, 504, a broken connection) only for reads: a second POST could make a
// second token.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	repeat := worthRepeating(ctx.Value(methodKey{}) == http.MethodGet, resp, err)
	// An answer that stands is kept even if the caller has just given up: it may hold a value that is shown once.
	if (repeat || err != nil) && ctx.Err() != nil {
		return false, ctx.Err()
	}
	return repeat, nil
}

func worthRepeating(reading bool, resp *http.Response, err error) bool {
	if err != nil {
		// A certificate does not become trusted, and a body not smaller, by asking again.
		hopeless := IsUntrusted(err) || errors.Is(err, errTooLarge)
		return (reading || isDialError(err)) && !hopeless
	}
	// A wait below zero is one that was too long for its type.
	if wait := retryablehttp.DefaultBackoff(0, 0, 0, resp); wait < 0 || wait > maxRetryAfter {
		return false
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return reading
	}
	return false
}

// wholeBody reads each body to its end, within bounds, before the answer counts as received: a connection that breaks
// half way is then a failed attempt like any other. It also reports each attempt to the log.
type wholeBody struct {
	next http.RoundTripper
	log  func(context.Context, Exchange)
}

func (t *wholeBody) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.next.RoundTrip(req)
	if err == nil {
		// It is not followed, and net/http would quote one that is no URL.
		resp.Header.Del("Location")
		err = readWhole(resp)
	}
	if err != nil && quotesAnswer(err) {
		err = errNotHTTP
	}
	if t.log != nil {
		exchange := Exchange{Method: req.Method, Path: req.URL.Path, Duration: time.Since(start), Err: err}
		if resp != nil {
			exchange.Status = resp.StatusCode
		}
		t.log(req.Context(), exchange)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// quotesAnswer tells of errors of net/http that quote what they could not read. That may be a body, and so a token.
func quotesAnswer(err error) bool {
	ofRequest := IsUntrusted(err) || isDialError(err) || strings.HasPrefix(err.Error(), "net/http: invalid header")
	return strings.Contains(err.Error(), `"`) && !ofRequest
}

func readWhole(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return fmt.Errorf("the answer broke off: %w", err)
	}
	if len(body) > maxBody {
		return errTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

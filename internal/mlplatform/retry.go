// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// maxRetryAfter is the longest wait that a Retry-After header may ask for; a longer one ends the operation.
const maxRetryAfter = 2 * time.Minute

// retryClient puts retries under the generated client.
type retryClient struct{ retry *retryablehttp.Client }

func newRetryClient(cfg Config) (*retryClient, error) {
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
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
		Transport: &boundedTransport{next: transport, log: cfg.Log},
		Timeout:   cfg.RequestTimeout,
		// Following a redirect could send the token to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &retryClient{retry: retry}, nil
}

// Do sends the request, with retries. The error does not contain the URL.
func (c *retryClient) Do(req *http.Request) (*http.Response, error) {
	deliveryOf(req.Context()).method = req.Method // the retry policy is not given the request
	retryable, err := retryablehttp.FromRequest(req)
	if err != nil {
		return nil, err
	}
	resp, err := c.retry.Do(retryable)
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		err = urlErr.Err
	}
	var refused *proxyError
	if errors.As(err, &refused) {
		err = refused // without net/http's "proxyconnect tcp"
	}
	return resp, err
}

// checkRetry is the retry policy. 429 and attempts that were not sent are retried for any method; 500, 502, 503, 504 and
// broken connections only for GET, since a retried POST could create a second token.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	retry := shouldRetry(deliveryOf(ctx), resp, err)
	// A usable response is kept even if the caller has just been cancelled: it may hold a value that is shown once.
	if (retry || err != nil) && ctx.Err() != nil {
		return false, ctx.Err()
	}
	return retry, nil
}

func shouldRetry(sent *delivery, resp *http.Response, err error) bool {
	reading := sent.method == http.MethodGet
	if err != nil {
		return (reading || !sent.lastMaybeSent()) && !isPermanent(err)
	}
	// A negative wait is one that overflowed.
	if wait := retryablehttp.DefaultBackoff(0, 0, 0, resp); wait < 0 || wait > maxRetryAfter {
		return false
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return reading
	}
	return false
}

// isPermanent reports whether the same attempt would fail again for the same reason.
func isPermanent(err error) bool {
	var alert tls.AlertError
	var notTLS tls.RecordHeaderError
	if IsUntrusted(err) || errors.As(err, &alert) || errors.As(err, &notTLS) {
		return true
	}
	var refused *proxyError
	if errors.As(err, &refused) {
		return refused.status < http.StatusInternalServerError && refused.status != http.StatusTooManyRequests
	}
	return errors.Is(err, errTooLarge) || errors.Is(err, errProxySetting) || strings.Contains(err.Error(), "net/http: invalid header")
}

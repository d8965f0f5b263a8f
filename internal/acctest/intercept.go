// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// Forward sends an intercepted request to the service and returns the response. It may only be called from an
// Interceptor.
type Forward func() *httptest.ResponseRecorder

// Interceptor handles the request number n, counted from 0. It returns the response, or nil to break the connection.
type Interceptor func(n int, r *http.Request, forward Forward) *httptest.ResponseRecorder

// Intercept starts a server in front of the service, for Workspace.Through.
func (s *Service) Intercept(t *testing.T, intercept Interceptor) *httptest.Server {
	t.Helper()
	service, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: service.Scheme, Host: service.Host})
	}}
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		// The service acts on a request that has reached it even if the caller has gone away.
		forwarded := r.Clone(context.WithoutCancel(r.Context()))
		forwarded.Body = io.NopCloser(bytes.NewReader(body))
		response := intercept(int(count.Add(1))-1, r, func() *httptest.ResponseRecorder {
			recorder := httptest.NewRecorder()
			proxy.ServeHTTP(recorder, forwarded)
			return recorder
		})
		if response == nil {
			panic(http.ErrAbortHandler)
		}
		for name, values := range response.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(response.Code)
		_, _ = rw.Write(response.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	return server
}

// CloseAfter starts a server in front of the service that forwards the first requests and then refuses connections.
func (s *Service) CloseAfter(t *testing.T, requests int) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	started := make(chan struct{}) // closed when server is set
	server = s.Intercept(t, func(n int, _ *http.Request, forward Forward) *httptest.ResponseRecorder {
		response := forward()
		if n == requests-1 {
			// Before the response is sent, and with no connection kept alive, so that the next request is refused.
			<-started
			_ = server.Listener.Close()
		}
		response.Header().Set("Connection", "close")
		return response
	})
	close(started)
	if requests == 0 {
		_ = server.Listener.Close()
	}
	return server
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/routers"
)

const (
	defaultAddr = "127.0.0.1:0"
	// maxBody is far larger than any request in the contract.
	maxBody = 1 << 20
)

// Options configure an emulator. The zero value suits most tests.
type Options struct {
	Addr        string           // default 127.0.0.1 and a free port; must be loopback
	Clock       func() time.Time // default time.Now; used for expiry and the Date header
	HideExpired bool             // the list omits expired tokens; otherwise they stay until deleted
	Latency     time.Duration    // delay of every request
	Dialect     Dialect          // spellings that differ from the contract
	OnRequest   func(Request)    // called after each request, if set; must be safe for concurrent use
	Unchecked   bool             // skips validation against the contract, which dominates the cost of a long list
}

// Server is a running emulator.
type Server struct {
	now        func() time.Time
	dialect    Dialect
	latency    time.Duration
	onRequest  func(Request)
	contract   routers.Router
	service    *service
	journal    journal
	violations violations
	faults     faults
	adminToken string

	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when the listener has stopped accepting connections
	conns    sync.WaitGroup
	closing  sync.Once
}

// Start starts an emulator that holds one access token, with the ADMIN role. The caller must close it.
func Start(opts Options) (*Server, error) {
	contract, err := loadContract()
	if err != nil {
		return nil, err
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	s := &Server{
		now:       opts.Clock,
		dialect:   opts.Dialect,
		latency:   opts.Latency,
		onRequest: opts.OnRequest,
		contract:  contract,
		service:   newService(opts),
		served:    make(chan struct{}),
	}
	_, s.adminToken, err = s.Seed(SeedToken{Name: adminName, Role: string(ADMIN)})
	if err != nil {
		return nil, err
	}
	if s.listener, err = listen(opts.Addr); err != nil {
		return nil, err
	}
	s.serve(opts.Unchecked)
	return s, nil
}

// listen accepts loopback addresses only, because the emulator does not protect what it holds.
func listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = defaultAddr
	}
	resolved, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", addr, err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("listening on %q: must be a loopback address, such as %s", addr, defaultAddr)
	}
	listener, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", addr, err)
	}
	return listener, nil
}

// serve builds the handler chain and serves it. From the outside in: Date header, buffered body, latency, journal,
// faults, dialect, contract validation, service.
func (s *Server) serve(unchecked bool) {
	routes := withNotFound(HandlerWithOptions(handlers{s.service}, StdHTTPServerOptions{
		BaseURL:          basePath,
		ErrorHandlerFunc: func(w http.ResponseWriter, _ *http.Request, _ error) { writeServiceError(w, errNoName) },
	}))
	if !unchecked {
		routes = s.violations.withValidation(routes)
	}
	s.http = &http.Server{
		Handler:           s.withDate(withBufferedBody(s.withLatency(s.withJournal(s.withFaults(s.withDialect(routes)))))),
		ReadHeaderTimeout: 10 * time.Second,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed:
				s.conns.Done()
			}
		},
	}
	go func() {
		defer close(s.served)
		// Serve always returns an error; here it is http.ErrServerClosed.
		_ = s.http.Serve(s.listener)
	}()
}

// Close aborts all requests, including hung ones, and waits until all connections are closed. It may be called more
// than once.
func (s *Server) Close() {
	s.closing.Do(func() {
		// This also cancels the contexts of all requests.
		_ = s.http.Close()
		<-s.served
		// Closes a connection that was accepted during the first Close.
		_ = s.http.Close()
		s.conns.Wait()
	})
}

// Endpoint returns the URL to configure as the endpoint. Its path is that of the live service.
func (s *Server) Endpoint() string {
	return "http://" + s.listener.Addr().String() + basePath
}

// AdminToken returns the value of the ADMIN token that the emulator starts with.
func (s *Server) AdminToken() string {
	return s.adminToken
}

// withDate sets the Date header from the emulator's clock, because clients judge expiry by it.
func (s *Server) withDate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		if s.dialect.has(NoDate) {
			w.Header()["Date"] = nil // keeps net/http from adding its own
		}
		next.ServeHTTP(w, r)
	})
}

// withLatency delays each request before it is handled.
func (s *Server) withLatency(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !wait(r.Context(), s.latency) {
			abort()
		}
		next.ServeHTTP(w, r)
	})
}

// wait sleeps for d and reports whether the caller is still connected.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// withBufferedBody reads the body, up to maxBody. net/http only notices a closed connection after the body is read, and
// hung and delayed requests rely on that.
func withBufferedBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			writeError(w, http.StatusBadRequest, "The body is too large")
		case err != nil:
			abort()
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		}
	})
}

// withNotFound returns an error envelope for paths and methods that are not in the contract.
func withNotFound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch c := callOf(r); {
		case c.route != nil:
			next.ServeHTTP(w, r)
		case c.badMethod:
			writeError(w, http.StatusMethodNotAllowed, "Method not allowed")
		default:
			writeError(w, http.StatusNotFound, "Path not found")
		}
	})
}

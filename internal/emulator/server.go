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
	// maxBody is far above any request of the contract.
	maxBody = 1 << 20
)

// Options say how an emulator runs. The zero value is good for most tests.
type Options struct {
	Addr        string           // empty: 127.0.0.1 and a free port; a host that is not loopback is refused
	Clock       func() time.Time // nil: time.Now; all rules and the Date header go by it
	HideExpired bool             // expired tokens leave the list at once; otherwise they stay until deleted
	Latency     time.Duration    // added to every answer
	OnRequest   func(Request)    // nil, or called after each request; it must be safe for concurrent use
	Unchecked   bool             // nothing is compared with the contract, which takes most of the time of a long list
}

// Server is a running emulator.
type Server struct {
	now        func() time.Time
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
	served   chan struct{} // closed when no connection is accepted any more
	conns    sync.WaitGroup
	closing  sync.Once
}

// Start runs an emulator until it is closed. It holds one access token, of role ADMIN.
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
		latency:   opts.Latency,
		onRequest: opts.OnRequest,
		contract:  contract,
		service:   newService(opts.Clock, opts.HideExpired),
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

// listen refuses all but loopback: whoever reaches the emulator may have what it holds.
func listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = defaultAddr
	}

	resolved, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", addr, err)
	}

	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("listening on %q: only a loopback address will do, such as %s", addr, defaultAddr)
	}

	listener, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", addr, err)
	}

	return listener, nil
}

// serve answers on the listener, outermost first: the Date, the body, the latency, the journal, the faults, the check
// of the contract, the rules.
func (s *Server) serve(unchecked bool) {
	routes := routed(HandlerWithOptions(handlers{s.service}, StdHTTPServerOptions{
		BaseURL:          basePath,
		ErrorHandlerFunc: func(w http.ResponseWriter, _ *http.Request, _ error) { refuse(w, errNoName) },
	}))

	if !unchecked {
		routes = s.violations.checked(routes)
	}

	s.http = &http.Server{
		Handler:           s.dated(buffered(s.late(s.journalled(s.faulty(routes))))),
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
		// It returns when the server is closed, and that is the only error there is to have.
		_ = s.http.Serve(s.listener)
	}()
}

// Close ends all requests, also those that hang, and returns when no connection is left. It may be called twice.
func (s *Server) Close() {
	s.closing.Do(func() {
		// It also ends the contexts of all requests, as their callers do by going away.
		_ = s.http.Close()
		<-s.served
		// Once more, for a connection that was accepted while the first one went through the list.
		_ = s.http.Close()
		s.conns.Wait()
	})
}

// Endpoint returns the address to configure; its path is that of the real service.
func (s *Server) Endpoint() string {
	return "http://" + s.listener.Addr().String() + basePath
}

// AdminToken returns the value of the ADMIN token that every emulator starts with.
func (s *Server) AdminToken() string {
	return s.adminToken
}

// dated sets the Date by the emulator's clock, for callers that judge expiry by it.
func (s *Server) dated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, r)
	})
}

// late puts the latency before everything that a request does.
func (s *Server) late(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !pause(r.Context(), s.latency) {
			abort()
		}

		next.ServeHTTP(w, r)
	})
}

// pause waits, and tells whether the caller is still there.
func pause(ctx context.Context, d time.Duration) bool {
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

// buffered reads the body at once and within bounds. Only then does net/http notice that a connection ends, which
// a request that hangs or is delayed waits for.
func buffered(next http.Handler) http.Handler {
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

// routed answers in the envelope where the contract has no such path or method.
func routed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch c := callOf(r); {
		case c.route != nil:
			next.ServeHTTP(w, r)
		case c.badMethod:
			writeError(w, http.StatusMethodNotAllowed, "This path has no such method")
		default:
			writeError(w, http.StatusNotFound, "There is no such path")
		}
	})
}

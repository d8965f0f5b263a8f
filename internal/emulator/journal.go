// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"sync"
	"time"
)

// Request is one request in the journal. No value of a token is ever in it.
type Request struct {
	Operation string // operationId of the contract; empty for a path or method that is not in it
	Method    string
	Path      string
	TokenName string // name of the access token that it is about; empty for the list and for one that is unknown
	Role      string // role of the calling token, expired or not; empty for none and for one that is unknown
	UserAgent string
	Status    int // 0: no answer was sent, or not yet
	At        time.Time
	Fault     string // the injected fault that this request met, such as "drop" or "respond after"
}

// IsWrite tells whether the request is of a kind that changes what the service holds.
func (r Request) IsWrite() bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// journal keeps the requests in the order of their arrival. A request is there before its answer leaves, so whoever
// has the answer finds the request.
type journal struct {
	mu       sync.Mutex
	requests []*Request
}

func (j *journal) add(r *Request) {
	j.mu.Lock()
	defer j.mu.Unlock()

	j.requests = append(j.requests, r)
}

// edit changes a request, also one that a reset has since removed.
func (j *journal) edit(r *Request, change func(*Request)) {
	j.mu.Lock()
	defer j.mu.Unlock()

	change(r)
}

// get copies a request as it is now.
func (j *journal) get(r *Request) Request {
	j.mu.Lock()
	defer j.mu.Unlock()

	return *r
}

func (j *journal) all() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()

	all := make([]Request, 0, len(j.requests))
	for _, r := range j.requests {
		all = append(all, *r)
	}

	return all
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()

	j.requests = nil
}

// statusWriter tells the status just before it is sent. All answers here state theirs.
type statusWriter struct {
	http.ResponseWriter
	onStatus func(int)
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	w.onStatus(status)
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] flush.
func (w *statusWriter) Unwrap() http.ResponseWriter {
	return w.ResponseWriter
}

// journalled writes each request down, and finds its operation for all that is inside.
func (s *Server) journalled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := newCall(s.contract, r)
		operation := c.operation()
		value, _ := bearer(r)
		entry := &Request{
			Operation: operation,
			Method:    r.Method,
			Path:      r.URL.Path,
			TokenName: s.subject(operation, r),
			Role:      s.service.roleOf(value),
			UserAgent: r.UserAgent(),
			At:        s.now(),
		}
		c.entry = entry
		s.journal.add(entry)

		if s.onRequest != nil {
			// Deferred, because a fault may end the connection and with it this call.
			defer func() { s.onRequest(s.journal.get(entry)) }()
		}

		next.ServeHTTP(&statusWriter{w, func(status int) {
			s.journal.edit(entry, func(r *Request) { r.Status = status })
		}}, r.WithContext(withCall(r.Context(), c)))
	})
}

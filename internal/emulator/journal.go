// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"net/http"
	"sync"
	"time"
)

// Request is a journal entry. It never contains a token value.
type Request struct {
	Operation string // operationId in the contract; empty for an unknown path or method
	Method    string
	Path      string
	TokenName string // name of the access token that the request concerns; empty for the list and for an unknown token
	Role      string // role of the calling token, even if it is expired; empty if there is none or it is unknown
	UserAgent string
	Status    int // 0 if no response was sent, or none yet
	At        time.Time
	Fault     string // injected fault that was applied, such as "drop" or "respond after"
}

// IsWrite reports whether the method can change the service's state.
func (r Request) IsWrite() bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// journal keeps requests in order of arrival. An entry is added before the response is sent, so a caller that has a
// response finds its request.
type journal struct {
	mu       sync.Mutex
	requests []*Request
}

func (j *journal) add(r *Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, r)
}

// edit changes an entry, which may have been removed by a reset.
func (j *journal) edit(r *Request, change func(*Request)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(r)
}

// get returns a copy of an entry.
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

// statusWriter reports the status before it is written. Every handler here calls WriteHeader.
type statusWriter struct {
	http.ResponseWriter
	onStatus func(int)
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	w.onStatus(status)
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives [http.ResponseController] access to Flush.
func (w *statusWriter) Unwrap() http.ResponseWriter {
	return w.ResponseWriter
}

// withJournal records each request and resolves its operation for the inner handlers.
func (s *Server) withJournal(next http.Handler) http.Handler {
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
			// Deferred because a fault may panic to close the connection.
			defer func() { s.onRequest(s.journal.get(entry)) }()
		}
		next.ServeHTTP(&statusWriter{w, func(status int) {
			s.journal.edit(entry, func(r *Request) { r.Status = status })
		}}, r.WithContext(withCall(r.Context(), c)))
	})
}

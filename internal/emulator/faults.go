// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FaultKind is what a [Fault] does to a request.
type FaultKind int

const (
	// Respond sends Status (default 500) and Body; without a Body, the error envelope.
	Respond FaultKind = iota
	// Drop closes the connection without a response.
	Drop
	// Truncate handles the request, announces the full Content-Length, and closes the connection after half of the
	// body. A response without a body is dropped instead.
	Truncate
	// BadJSON sends a success whose body is JSON but not in the contract. Status and Body override the defaults.
	BadJSON
	// Hang sends no response until the caller disconnects or the emulator closes.
	Hang
	// Redirect sends 302, or Status, with Body as the Location.
	Redirect
	// Slow leaves the response unchanged; Delay applies before the request is handled, or after it with After.
	Slow
)

// String returns the kind as it appears in the journal.
func (k FaultKind) String() string {
	names := [...]string{"respond", "drop", "truncate", "bad json", "hang", "redirect", "slow"}
	if k < 0 || int(k) >= len(names) {
		return "fault " + strconv.Itoa(int(k))
	}
	return names[k]
}

// Fault is a failure of a request, in the service or between it and the caller. Faults are applied outside the contract
// validation, so a response changed by a fault is not a violation.
type Fault struct {
	Operation   string // operationId; empty matches any request
	NamePrefix  string // prefix of the name of the access token that the request concerns; empty matches any
	Skip        int    // number of matching requests that pass first, regardless of other faults
	Times       int    // number of requests to fail: 0 means once, -1 always
	After       bool   // the service handles the request before the fault applies; otherwise it never receives it
	Kind        FaultKind
	Status      int
	Body        string
	ContentType string // of Body; default HTML for Respond, JSON for BadJSON
	RetryAfter  string // Retry-After header of Respond
	Delay       time.Duration
}

// String returns the fault as it appears in the journal.
func (f Fault) String() string {
	if f.After {
		return f.Kind.String() + " after"
	}
	return f.Kind.String()
}

// faults is the queue of injected faults.
type faults struct {
	mu    sync.Mutex
	queue []*Fault
}

func (f *faults) add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.Times == 0 {
		fault.Times = 1
	}
	f.queue = append(f.queue, &fault)
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = nil
}

// next returns the fault for a request: the oldest one that is due. Each fault counts its own matching requests, so Skip
// does not depend on other faults in the queue.
func (f *faults) next(r Request) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due *Fault
	for _, fault := range f.queue {
		switch {
		case fault.Operation != "" && fault.Operation != r.Operation:
		case !strings.HasPrefix(r.TokenName, fault.NamePrefix):
		case fault.Skip > 0:
			fault.Skip--
		case due == nil:
			due = fault
		}
	}
	if due == nil {
		return Fault{}, false
	}
	found := *due
	if due.Times > 0 {
		due.Times--
	}
	f.queue = slices.DeleteFunc(f.queue, func(fault *Fault) bool { return fault.Times == 0 })
	return found, true
}

// withFaults applies the fault that is due for a request, if any.
func (s *Server) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		fault, ok := s.faults.next(s.journal.get(c.entry))
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		s.journal.edit(c.entry, func(entry *Request) { entry.Fault = fault.String() })
		var handled *response
		if fault.After || fault.Kind == Truncate {
			handled = record(next, r)
		}
		if !wait(r.Context(), fault.Delay) {
			abort()
		}
		s.apply(fault, w, r, next, handled)
	})
}

// apply writes the response of the fault. handled is the service's response, or nil if it has not handled the request.
func (s *Server) apply(f Fault, w http.ResponseWriter, r *http.Request, next http.Handler, handled *response) {
	switch f.Kind {
	case Respond:
		s.respond(f, w)
	case Truncate:
		truncate(w, handled)
	case BadJSON:
		f.badJSON(w, r)
	case Hang:
		<-r.Context().Done()
		abort()
	case Redirect:
		w.Header().Set("Location", f.Body)
		w.WriteHeader(cmp.Or(f.Status, http.StatusFound))
	case Slow:
		if handled == nil {
			handled = record(next, r)
		}
		handled.send(w)
	default:
		abort()
	}
}

func (s *Server) respond(f Fault, w http.ResponseWriter) {
	status := cmp.Or(f.Status, http.StatusInternalServerError)
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Body == "" {
		resp := &response{header: http.Header{}}
		writeError(resp, status, "Injected fault")
		rewrite(resp, s.dialect.translateError)
		resp.send(w)
		return
	}
	w.Header().Set("Content-Type", cmp.Or(f.ContentType, "text/html; charset=utf-8"))
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, f.Body)
}

func (f Fault) badJSON(w http.ResponseWriter, r *http.Request) {
	success := http.StatusOK
	if r.Method == http.MethodPost {
		success = http.StatusCreated
	}
	w.Header().Set("Content-Type", cmp.Or(f.ContentType, contentTypeJSON))
	w.WriteHeader(cmp.Or(f.Status, success))
	_, _ = fmt.Fprint(w, cmp.Or(f.Body, `{"unexpected":true}`))
}

func truncate(w http.ResponseWriter, whole *response) {
	body := whole.body.Bytes()
	if len(body) == 0 {
		abort()
	}
	whole.header.Set("Content-Length", strconv.Itoa(len(body)))
	whole.body.Truncate(len(body) / 2)
	whole.send(w)
	// Without the flush the half would be lost with the connection, and the caller would see a drop.
	_ = http.NewResponseController(w).Flush()
	abort()
}

// abort closes the connection immediately; net/http does not log this panic.
func abort() {
	panic(http.ErrAbortHandler)
}

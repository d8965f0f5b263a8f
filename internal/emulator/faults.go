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
	// Respond answers with Status (0: 500) and Body; without a Body, with the service's envelope.
	Respond FaultKind = iota
	// Drop closes the connection with no answer at all.
	Drop
	// Truncate lets the service act, announces its whole answer, and closes the connection half way through it.
	// An answer with no body is dropped instead.
	Truncate
	// BadJSON answers with a success and a body that is JSON but not of the contract; Status and Body may change them.
	BadJSON
	// Hang keeps the request without an answer until the caller goes away or the emulator closes.
	Hang
	// Redirect answers 302, or Status, with the Body as the Location.
	Redirect
	// Slow leaves the answer as it is; with Delay before acting, or after it.
	Slow
)

// String returns the kind as it stands in the journal.
func (k FaultKind) String() string {
	names := [...]string{"respond", "drop", "truncate", "bad json", "hang", "redirect", "slow"}
	if k < 0 || int(k) >= len(names) {
		return "fault " + strconv.Itoa(int(k))
	}

	return names[k]
}

// Fault is something that goes wrong with a request: in the service, or in what lies between it and the caller.
// Faults sit outside the check of the contract, so a spoiled answer is no violation.
type Fault struct {
	Operation   string // operationId; empty: any request
	NamePrefix  string // how the name of the access token begins that the request is about; empty: whatever it is about
	Skip        int    // so many matching requests pass first, whatever other faults do to them
	Times       int    // 0: once; -1: always
	After       bool   // the service acts, then the answer is spoiled; otherwise it never learns of the request
	Kind        FaultKind
	Status      int
	Body        string
	ContentType string // of Body; empty: HTML for Respond, JSON for BadJSON
	RetryAfter  string // value of the Retry-After header of Respond
	Delay       time.Duration
}

// String returns the fault as it stands in the journal.
func (f Fault) String() string {
	if f.After {
		return f.Kind.String() + " after"
	}

	return f.Kind.String()
}

// faults is the queue of what is still to go wrong.
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

// next returns the fault that a request meets: the oldest one that is due. Each fault counts the requests that match
// it by itself, so what it skips does not depend on the others in the queue.
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

// faulty lets each request meet the fault that is due for it.
func (s *Server) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r)

		fault, ok := s.faults.next(s.journal.get(c.entry))
		if !ok {
			next.ServeHTTP(w, r)
			return
		}

		s.journal.edit(c.entry, func(entry *Request) { entry.Fault = fault.String() })

		var acted *answer
		if fault.After || fault.Kind == Truncate {
			acted = record(next, r)
		}

		if !pause(r.Context(), fault.Delay) {
			abort()
		}

		fault.spoil(w, r, next, acted)
	})
}

// spoil gives the answer of a fault. acted is what the service answered, nil if it has not acted.
func (f Fault) spoil(w http.ResponseWriter, r *http.Request, next http.Handler, acted *answer) {
	switch f.Kind {
	case Respond:
		f.respond(w)
	case Truncate:
		truncate(w, acted)
	case BadJSON:
		f.badJSON(w, r)
	case Hang:
		<-r.Context().Done()
		abort()
	case Redirect:
		w.Header().Set("Location", f.Body)
		w.WriteHeader(cmp.Or(f.Status, http.StatusFound))
	case Slow:
		if acted == nil {
			acted = record(next, r)
		}

		acted.send(w)
	default:
		abort()
	}
}

func (f Fault) respond(w http.ResponseWriter) {
	status := cmp.Or(f.Status, http.StatusInternalServerError)

	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}

	if f.Body == "" {
		writeError(w, status, "Injected fault")
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

func truncate(w http.ResponseWriter, whole *answer) {
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

// abort closes the connection in the middle of whatever is going on; net/http keeps this panic quiet.
func abort() {
	panic(http.ErrAbortHandler)
}

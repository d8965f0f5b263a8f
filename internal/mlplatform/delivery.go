// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"net/http/httptrace"
	"sync"
)

// delivery tracks how far the request of an operation got, over all attempts. What the service never received it cannot
// have acted on.
type delivery struct {
	method string
	// proxy is the host of the proxy in use, without credentials; empty for none.
	proxy string
	// redirectHost is the host that a redirect points to, if it can be read.
	redirectHost string
	// retried is set when an attempt that the service may have received was followed by another one.
	retried bool
	last    *attemptTrace
}

type deliveryKey struct{}

// withDelivery returns a context whose requests are tracked.
func withDelivery(ctx context.Context) (context.Context, *delivery) {
	d := &delivery{}
	return context.WithValue(ctx, deliveryKey{}, d), d
}

// deliveryOf returns the delivery of a context, or an unused one.
func deliveryOf(ctx context.Context) *delivery {
	if d, ok := ctx.Value(deliveryKey{}).(*delivery); ok {
		return d
	}
	return &delivery{}
}

// attempt begins another attempt and returns the context for it.
func (d *delivery) attempt(ctx context.Context) context.Context {
	d.retried = d.retried || d.lastMaybeSent()
	d.last = &attemptTrace{}
	return httptrace.WithClientTrace(ctx, d.last.hooks())
}

// lastMaybeSent reports whether the service may have received the latest attempt.
func (d *delivery) lastMaybeSent() bool { return d.last != nil && d.last.maybeSent() }

// unsent reports whether the service received no attempt.
func (d *delivery) unsent() bool { return !d.retried && !d.lastMaybeSent() }

// attemptTrace records whether an attempt was written to a connection.
type attemptTrace struct {
	mu      sync.Mutex
	writing bool // a connection was handed out and has not reported the end of the write
	written bool
}

func (a *attemptTrace) hooks() *httptrace.ClientTrace {
	set := func(writing, written bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.writing, a.written = writing, written
	}
	return &httptrace.ClientTrace{
		// net/http looks for another connection if a reused one was closed before anything was written to it, and for
		// reads. In both cases the earlier connection does not count.
		GetConn: func(string) { set(false, false) },
		GotConn: func(httptrace.GotConnInfo) { set(true, false) },
		// A request that was not written to its end cannot be acted on.
		WroteRequest: func(info httptrace.WroteRequestInfo) { set(false, info.Err == nil) },
	}
}

// maybeSent errs on the side of "sent": a write that is still going on may succeed after a cancellation.
func (a *attemptTrace) maybeSent() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.writing || a.written
}

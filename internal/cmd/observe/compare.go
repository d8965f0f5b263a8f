// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// row is a line of the report. A row without a result is information.
type row struct {
	call, part, observed, contract, result string
}

const (
	same      = "same"
	different = "DIFFERENT: "
)

// usualHeaders need no mention in the contract.
var usualHeaders = []string{
	"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection",
	"Content-Length", "Content-Type", "Cookie", "Expect", "Host", "Origin", "Pragma", "Priority", "Proxy-Connection", "Referer",
	"User-Agent",
}

// verdict returns the result of a comparison; reason is empty if there is no difference.
func verdict(reason string) string {
	if reason == "" {
		return same
	}
	return different + reason
}

func list(parts []string) string {
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// compare returns the rows of everything that was observed: for the library call by call, otherwise by request.
func (o *observer) compare() []row {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.library {
		var rows []row
		for _, e := range o.exchanges {
			rows = append(rows, o.compareExchange(e, find(o.contract, e.request), "the contract has no such request")...)
		}
		return rows
	}
	var rows []row
	for _, call := range calls {
		rows = append(rows, o.compareCall(call)...)
	}
	return rows
}

// compareCall compares what a call of the library did with the one request that the contract has for it.
func (o *observer) compareCall(call call) []row {
	index := slices.IndexFunc(o.contract, func(op operation) bool { return strings.EqualFold(op.id, call.operation) })
	op := &o.contract[index]
	var seen []exchange
	for _, e := range o.exchanges {
		if e.call == call.name {
			seen = append(seen, e)
		}
	}
	// The call's own request is the one in the contract; without one the last, because a client that exchanges its
	// credential does that first.
	own := slices.IndexFunc(seen, func(e exchange) bool { return find(o.contract, e.request) == op })
	if own < 0 {
		own = len(seen) - 1
	}
	var rows []row
	if len(seen) == 0 {
		rows = append(rows, row{call.name, "request", "none", op.method + " " + op.path, verdict("not sent")})
	}
	result := row{call.name, "result", o.outcomes[call.name].String(), "returns", ""}
	for i, e := range seen {
		if i != own {
			rows = append(rows, o.compareExchange(e, nil, "the contract has no such request in this call")...)
			continue
		}
		rows = append(rows, o.compareExchange(e, op, "another method or path")...)
		// If the request was refused or is not in the contract, so is the cause of a failure.
		if e.status >= http.StatusBadRequest {
			result.observed += fmt.Sprintf(" after status %d", e.status)
		} else if result.observed == result.contract {
			result.result = same
		} else if find(o.contract, e.request) == op {
			result.result = verdict("the library does not accept the response")
		}
	}
	return append(rows, result)
}

// compareExchange compares an exchange with an operation. Without one, the request itself is the difference.
func (o *observer) compareExchange(e exchange, op *operation, reason string) []row {
	r := e.request
	if e.blocked {
		return []row{{e.call, "request", r.Method + " " + r.URL.Hostname(), "none", verdict("not a host of the service; refused")}}
	}
	target := r.Method + " " + r.URL.Hostname() + o.maskPath(r.URL.Path)
	request := row{e.call, "request", target, "none", verdict(reason)}
	authorization := row{e.call, "authorization", o.describeAuthorization(r.Header.Get("Authorization")), "none", ""}
	var schema *openapi3.Schema
	if op != nil {
		schema = op.body
		request.contract, request.result = op.method+" "+op.path, same
		if find(o.contract, r) != op {
			request.result = verdict(reason)
		} else if r.URL.Scheme != "https" {
			request.result = verdict("not https")
		}
		o.compareAuthorization(&authorization, op)
	}
	rows := []row{request, authorization}
	rows = append(rows, o.compareHeaders(e, op != nil)...)
	rows = append(rows, compareQuery(e, op)...)
	rows = append(rows, compareBody(row{call: e.call, part: "body"}, e.body, r.Header, schema, op != nil, o.describeSent)...)
	if o.upstream != nil {
		rows = append(rows, o.compareResponse(e, op)...)
	}
	return rows
}

// compareAuthorization compares the scheme, and whose value it is where that is known.
func (o *observer) compareAuthorization(sent *row, op *operation) {
	scheme := "none"
	if op.bearer {
		scheme, sent.contract = "Bearer", "Bearer, the access token"
	}
	sent.result = same
	if given, _, _ := strings.Cut(sent.observed, ","); given != scheme || o.library && sent.observed != sent.contract {
		sent.result = verdict("another credential")
	}
}

// compareResponse compares the live service's response with the contract, which allows errors with several bodies.
func (o *observer) compareResponse(e exchange, op *operation) []row {
	status := row{e.call, "response status", fmt.Sprint(e.status), "none", ""}
	var schema *openapi3.Schema
	if op != nil {
		if e.status < http.StatusBadRequest {
			schema = op.response
		}
		status.contract, status.result = fmt.Sprint(op.status), same
		if e.status != op.status {
			status.result = verdict("another status")
		}
	}
	compared := op != nil && e.status < http.StatusBadRequest
	body := row{call: e.call, part: "response body"}
	return append([]row{status}, compareBody(body, e.responseBody, e.header, schema, compared, describeString)...)
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
)

const contentTypeJSON = "application/json"

// answer is a response that is still in hand: it can be checked or spoiled before the caller sees any of it.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// record lets a handler act and keeps what it answers.
func record(next http.Handler, r *http.Request) *answer {
	a := &answer{status: http.StatusOK, header: http.Header{}}
	next.ServeHTTP(a, r)

	return a
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// send passes the answer on. A caller that went away is not this side's trouble, hence no error.
func (a *answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

// writeJSON answers with a value that always has a JSON form.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		body, status = nil, http.StatusInternalServerError
	}

	w.Header().Set("Content-Type", contentTypeJSON)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// writeError answers with the service's error envelope.
func writeError(w http.ResponseWriter, status int, field string) {
	// The published code of 403 is ForbiddenException; the others are named after their status in the same way.
	code := strings.ReplaceAll(http.StatusText(status), " ", "") + "Exception"

	writeJSON(w, status, Error{Status: status, ErrorCode: &code, ErrorParams: &ErrorParams{Field: &field}})
}

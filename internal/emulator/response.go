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

// response is a recorded response. It can be validated or changed before the caller sees it.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// record runs a handler and returns its response.
func record(next http.Handler, r *http.Request) *response {
	resp := &response{status: http.StatusOK, header: http.Header{}}
	next.ServeHTTP(resp, r)
	return resp
}

// Header implements [http.ResponseWriter].
func (resp *response) Header() http.Header { return resp.header }

// WriteHeader implements [http.ResponseWriter].
func (resp *response) WriteHeader(status int) { resp.status = status }

// Write implements [http.ResponseWriter].
func (resp *response) Write(b []byte) (int, error) { return resp.body.Write(b) }

// send writes the response. A write error means that the caller has gone away and is ignored.
func (resp *response) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), resp.header)
	w.WriteHeader(resp.status)
	_, _ = w.Write(resp.body.Bytes())
}

// writeJSON writes value as JSON. All values passed to it can be marshaled.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		body, status = nil, http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", contentTypeJSON)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// writeError writes the service's error envelope.
func writeError(w http.ResponseWriter, status int, field string) {
	// The published code of a 403 is ForbiddenException; the other codes follow the same pattern.
	code := strings.ReplaceAll(http.StatusText(status), " ", "") + "Exception"
	writeJSON(w, status, Error{Status: status, ErrorCode: &code, ErrorParams: &ErrorParams{Field: &field}})
}

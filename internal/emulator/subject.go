// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// subject returns the name of the access token that a request concerns, before the service handles it. It returns ""
// for the list, an unknown token and an invalid request.
func (s *Server) subject(operation string, r *http.Request) string {
	switch operation {
	case OpCreateRegisterToken:
		var body CreateRegisterTokenRequest
		peek(r, &body)
		return body.ClientName
	case OpRedeemRegisterToken:
		var body RedeemRegisterTokenRequest
		peek(r, &body)
		return s.service.nameOf(body.RegisterToken)
	case OpDeleteAccessToken:
		return r.URL.Query().Get("token_name")
	case OpWhoAmI:
		value, _ := bearer(r)
		return s.service.nameOf(value)
	default:
		return ""
	}
}

// peek decodes a buffered body and restores it. Invalid JSON is left for the handler to report.
func peek(r *http.Request, into any) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = json.Unmarshal(body, into)
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// subject returns the name of the access token that a request is about, before the service acts on it; "" for all
// tokens, for an unknown value and for a request that is not understood.
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

// peek reads a body that is buffered, and leaves it to be read. One that is no such JSON is left to whoever answers.
func peek(r *http.Request, into any) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = json.Unmarshal(body, into)
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// errorCode is what an error code looks like; anything else in its place is not shown to the user.
var errorCode = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{0,63}$`)

// readBody reads an error body of the service: the envelope in both of its published spellings, or detail without a code.
// Other bodies, such as a proxy's web page, change nothing. It returns the spelling if it is not the contract's.
func (e *Error) readBody(body []byte) (spelling string) {
	var envelope wire.Error
	if json.Unmarshal(body, &envelope) != nil {
		return ""
	}
	for _, code := range []*string{envelope.WarnorCode, envelope.ErrorCode} {
		if code != nil && errorCode.MatchString(*code) {
			e.Code = *code
		}
	}
	for _, params := range []*wire.ErrorParams{envelope.WarnorParams, envelope.ErrorParams} {
		if params != nil && params.Field != nil && isScopeText(*params.Field) {
			e.MissingScope = true
		}
	}
	switch {
	case e.Code != "" && envelope.ErrorCode == nil:
		return "an error has the keys warnorCode and warnorParams"
	case e.Code == "" && e.isDetail(envelope.Detail):
		e.detail = true
		e.MissingScope = e.MissingScope || isScopeText(string(envelope.Detail))
		return "an error has the key detail instead of errorCode"
	}
	return ""
}

// isDetail reports whether the detail is one of the service. Its framework also writes a detail, the status text, for a
// path that it does not know, which is what a wrong endpoint gets.
func (e *Error) isDetail(detail json.RawMessage) bool {
	if bytes.HasPrefix(detail, []byte("[")) {
		return true
	}
	var text string
	if json.Unmarshal(detail, &text) != nil || text == "" {
		return false
	}
	wrongPath := e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed
	return !wrongPath || text != http.StatusText(e.Status)
}

func isScopeText(text string) bool { return strings.Contains(text, "scope") }

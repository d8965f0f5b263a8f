// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// Error is a failed operation of the service. It never holds a response body: a body could repeat a token's value.
type Error struct {
	// Operation is what was attempted, such as "list the access tokens".
	Operation string
	// Status is the HTTP status of the answer; 0 if there was none.
	Status int
	// Code is the service's error code, such as ForbiddenException; empty if the answer was not the service's
	// envelope, for example a proxy's web page. Grade: the envelope is published.
	Code string
	// MissingScope tells that the service refused the token for its role, not for its expiry. Grade: published.
	MissingScope bool
	// Host is where a request went whose token was refused (401 or 403); empty for other errors.
	Host string
	// TokenSource says where the refused token came from; empty if the request carried none.
	TokenSource string
	// Err is the cause where there was no usable answer: a connection error, a timeout, a malformed body.
	Err error

	// unsent tells that the request surely never reached the service.
	unsent bool
}

// Error says what was attempted and what came of it.
func (e *Error) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "cannot %s", e.Operation)
	if e.Status != 0 {
		fmt.Fprintf(&out, ": the service answered status %d", e.Status)
		if text := http.StatusText(e.Status); text != "" {
			fmt.Fprintf(&out, " (%s)", text)
		}
	}
	switch {
	case e.Code != "":
		fmt.Fprintf(&out, ", code %s", e.Code)
	case e.Status >= http.StatusMultipleChoices && e.Err == nil:
		out.WriteString(", without the service's error envelope")
	}
	if e.Err != nil {
		fmt.Fprintf(&out, ": %v", e.Err)
	}
	return out.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// OutcomeUnknown tells that the service may have acted although no usable answer came: the connection broke, time
// ran out, a server or proxy error, or a success whose body could not be read.
func (e *Error) OutcomeUnknown() bool {
	refused := e.Status >= http.StatusMultipleChoices && e.Status < http.StatusInternalServerError
	return !e.unsent && !refused
}

// Refused tells that the service itself, in its own envelope, said no to the request as it was.
func (e *Error) Refused() bool {
	return e.Code != "" && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError &&
		e.Status != http.StatusTooManyRequests
}

// NameTakenError tells that a live token has the wanted name already. Nothing was created.
type NameTakenError struct {
	// Token is the one that has the name; only its name is set where nothing more is known.
	Token AccessToken
}

// Error names the token.
func (e *NameTakenError) Error() string {
	return fmt.Sprintf("the name %q is taken by an access token of the project", e.Token.Name)
}

// IsMissingScope reports whether the service refused the token because of its role, not because it is expired, revoked
// or unknown.
func IsMissingScope(err error) bool {
	e, ok := asError(err)
	return ok && e.MissingScope && IsUnauthorized(err)
}

// IsRefused reports whether the service itself, in its own error format, refused the request as it was.
func IsRefused(err error) bool {
	e, ok := asError(err)
	return ok && e.Refused()
}

// IsOutcomeUnknown reports whether the service may have acted although no usable response arrived.
func IsOutcomeUnknown(err error) bool {
	e, ok := asError(err)
	return ok && e.OutcomeUnknown()
}

// ErrNoToken is the cause of an Error where an operation needs a token and the client has none.
var ErrNoToken = errors.New("no token is configured")

func asError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// IsUnauthorized reports whether the service refused the token (401 or 403), for its role or because it is expired,
// revoked or unknown. Grade: 403 for both is published; 401 is assumed.
func IsUnauthorized(err error) bool {
	e, ok := asError(err)
	return ok && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
}

// IsNotFound reports whether the service said, in its own envelope, that the token is not there. The 404 of a proxy
// or of a wrong endpoint does not count.
func IsNotFound(err error) bool {
	e, ok := asError(err)
	return ok && e.Status == http.StatusNotFound && e.Code != ""
}

// IsConflict reports whether the name is taken by a live token (409). Grade: assumed.
func IsConflict(err error) bool {
	e, ok := asError(err)
	var taken *NameTakenError
	return ok && e.Status == http.StatusConflict || errors.As(err, &taken)
}

// IsUntrusted reports whether the connection failed because the certificate of the service is not trusted.
func IsUntrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &verification) || errors.As(err, &authority)
}

// IsTimeout reports whether an attempt ran out of time.
func IsTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// isDialError tells that no connection came about, so that the service cannot have acted.
func isDialError(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || IsUntrusted(err)
}

// errorCode is what an error code looks like; anything else in its place is not repeated to the user.
var errorCode = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{0,63}$`)

// errorFromEnvelope reads the service's error envelope, in both of its published spellings. A body that is not one,
// such as a proxy's web page, leaves Code empty.
func errorFromEnvelope(operation string, status int, body []byte) *Error {
	out := &Error{Operation: operation, Status: status}
	var envelope wire.Error
	if json.Unmarshal(body, &envelope) != nil {
		return out
	}
	for _, code := range []*string{envelope.ErrorCode, envelope.WarnorCode} {
		if code != nil && errorCode.MatchString(*code) {
			out.Code = *code
		}
	}
	for _, params := range []*wire.ErrorParams{envelope.ErrorParams, envelope.WarnorParams} {
		if params != nil && params.Field != nil && strings.Contains(*params.Field, "scope") {
			out.MissingScope = true
		}
	}
	return out
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error is a failed operation. It never holds a response body, which could contain a token's value.
type Error struct {
	// Operation is what was attempted, such as "list the access tokens".
	Operation string
	// Status is the HTTP status of the response; 0 if there was none.
	Status int
	// Code is the service's error code, such as ForbiddenException; empty if the response had none, for example a proxy's
	// web page.
	Code string
	// MissingScope is set when the service refused the token because of its role.
	MissingScope bool
	// Host is where a request was sent whose token was refused (401 or 403); empty for other errors.
	Host string
	// TokenSource says where the refused token came from; empty if the request carried none.
	TokenSource string
	// Proxy is the host of the proxy in use, without credentials; empty for none.
	Proxy string
	// Err is the cause if there was no usable response: a connection error, a timeout, a malformed body.
	Err error

	detail       bool   // the body is an error of the service without a code
	redirectHost string // the host that a redirect points to, if it could be read
	unsent       bool   // the service received no attempt
	retried      bool   // the service may have received an earlier attempt
}

// Error describes what was attempted and how it failed.
func (e *Error) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "cannot %s", e.Operation)
	if e.Status != 0 {
		fmt.Fprintf(&out, ": the service responded with %s", statusText(e.Status))
	}
	switch {
	case e.Code != "":
		fmt.Fprintf(&out, ", code %s", e.Code)
	case isRedirect(e.Status):
		out.WriteString("; redirects are not followed")
		if e.redirectHost != "" {
			fmt.Fprintf(&out, ", and this one points to the host %s", e.redirectHost)
		}
	case e.Status >= http.StatusMultipleChoices && e.Err == nil && !e.detail:
		out.WriteString(", not in the service's error format")
	}
	if e.Err != nil {
		fmt.Fprintf(&out, ": %v", e.Err)
	}
	if e.Proxy != "" && !e.FromService() {
		fmt.Fprintf(&out, " (through the proxy %s)", e.Proxy)
	}
	return out.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FromService reports whether the error is in one of the service's error formats, as opposed to, for example, a proxy's
// web page.
func (e *Error) FromService() bool { return e.Code != "" || e.detail }

// OutcomeUnknown reports whether the service may have acted although no usable response arrived: the connection broke,
// the attempt timed out, a server or proxy failed, or the body of a success could not be read.
func (e *Error) OutcomeUnknown() bool {
	refused := e.Status >= http.StatusMultipleChoices && e.Status < http.StatusInternalServerError
	return !e.unsent && !refused
}

// Refused reports whether the service itself, in one of its error formats, refused the request as it was.
func (e *Error) Refused() bool {
	return e.FromService() && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError &&
		e.Status != http.StatusTooManyRequests
}

// NameTakenError is returned when a live token already has the wanted name. Nothing was created.
type NameTakenError struct {
	// Token is the one with the name; only its name is set if nothing else is known.
	Token AccessToken
}

// Error names the token.
func (e *NameTakenError) Error() string {
	return fmt.Sprintf("the name %q is taken by an access token of the project", e.Token.Name)
}

// LostTokenError is returned when an access token may exist whose value nobody has.
type LostTokenError struct {
	// Name is the token's name; empty if only its register token is known.
	Name string
	// Proven is set when the service has shown that it created the token.
	Proven bool
	// Candidates are the names of the live tokens that were created since. If the token exists, it is one of them. They are
	// known only if Name is not and the client may list.
	Candidates []string
	// Err is what kept the value from arriving.
	Err error
	// Cleanup is why the token was not deleted; nil if that was not possible at all.
	Cleanup error
}

// Error names the token, if its name is known.
func (e *LostTokenError) Error() string {
	verb := "may exist"
	if e.Proven {
		verb = "was created"
	}
	if e.Name == "" {
		return fmt.Sprintf("the access token of the register token %s, but its value was lost (%v)", verb, e.Err)
	}
	return fmt.Sprintf("an access token named %q %s, but its value was lost (%v), and it was not deleted (%v)", e.Name, verb, e.Err, e.Cleanup)
}

// Unwrap returns the causes.
func (e *LostTokenError) Unwrap() []error { return []error{e.Err, e.Cleanup} }

// ErrNoToken is the cause of an Error if an operation needs a token and the client has none.
var ErrNoToken = errors.New("no token is configured")

// ErrUnreadableRow is the cause of an Error if a decision depends on a row of the list that cannot be read.
var ErrUnreadableRow = errors.New("the list of access tokens has a row that cannot be read")

func asError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// IsUnauthorized reports whether the token was refused (401 or 403), because of its role or because it is expired, revoked
// or unknown. (403 for all of these is published, 401 is assumed.)
func IsUnauthorized(err error) bool {
	e, ok := asError(err)
	return ok && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
}

// IsMissingScope reports whether the service refused the token because of its role, not because it is expired, revoked
// or unknown.
func IsMissingScope(err error) bool {
	e, ok := asError(err)
	return ok && e.MissingScope && IsUnauthorized(err)
}

// IsRefused reports whether the service itself, in one of its error formats, refused the request as it was.
func IsRefused(err error) bool {
	e, ok := asError(err)
	return ok && e.Refused()
}

// IsOutcomeUnknown reports whether the service may have acted although no usable response arrived.
func IsOutcomeUnknown(err error) bool {
	e, ok := asError(err)
	return ok && e.OutcomeUnknown()
}

// IsNotFound reports whether the service itself, in one of its error formats, responded that the token does not exist.
// The 404 of a proxy or of a wrong endpoint does not count.
func IsNotFound(err error) bool {
	e, ok := asError(err)
	return ok && e.Status == http.StatusNotFound && e.FromService()
}

// IsConflict reports whether the name is taken by a live token (409, which is assumed).
func IsConflict(err error) bool {
	e, ok := asError(err)
	var taken *NameTakenError
	return ok && e.Status == http.StatusConflict || errors.As(err, &taken)
}

// IsUntrusted reports whether the connection failed because a certificate is not trusted.
func IsUntrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &verification) || errors.As(err, &authority)
}

// IsProxyError reports whether a proxy refused to connect to the service.
func IsProxyError(err error) bool {
	var refused *proxyError
	return errors.As(err, &refused)
}

// IsTimeout reports whether an attempt timed out.
func IsTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isRedirect(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest
}

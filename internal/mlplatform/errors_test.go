// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const weakRole = `KtoTam token does not contain the following scopes: ['ml-platform:Manage']`

// errorFromBody returns the error of a response with this status and body.
func errorFromBody(status int, body string) *Error {
	e := &Error{Operation: "test", Status: status}
	e.readBody([]byte(body))
	return e
}

func TestErrorEnvelope(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body         string
		code         string
		missingScope bool
	}{
		"weak role": {
			body: `{"status":403,"errorCode":"ForbiddenException","errorParams":{"field":"` + weakRole + `"}}`,
			code: "ForbiddenException", missingScope: true,
		},
		"weak role in the other spelling": {
			body: `{"status":403,"warnorCode":"ForbiddenException","warnorParams":{"field":"` + weakRole + `"}}`,
			code: "ForbiddenException", missingScope: true,
		},
		"mixed spellings": {
			body: `{"status":403,"errorCode":"ForbiddenException","warnorParams":{"field":"` + weakRole + `"}}`,
			code: "ForbiddenException", missingScope: true,
		},
		"expired":               {body: `{"status":403,"errorCode":"ForbiddenException","errorParams":{"field":"Forbidden"}}`, code: "ForbiddenException"},
		"expired, other":        {body: `{"status":403,"warnorCode":"ForbiddenException","warnorParams":{"field":"Forbidden"}}`, code: "ForbiddenException"},
		"no parameters":         {body: `{"status":404,"errorCode":"NotFoundException"}`, code: "NotFoundException"},
		"empty parameters":      {body: `{"status":404,"errorCode":"NotFoundException","errorParams":{}}`, code: "NotFoundException"},
		"parameters are null":   {body: `{"status":404,"errorCode":"NotFoundException","errorParams":null}`, code: "NotFoundException"},
		"underscores":           {body: `{"status":404,"errorCode":"NOT_FOUND"}`, code: "NOT_FOUND"},
		"extra keys":            {body: `{"status":404,"errorCode":"NotFound","canary":{"canary":"canary"}}`, code: "NotFound"},
		"longest code":          {body: `{"status":404,"errorCode":"` + strings.Repeat("e", 64) + `"}`, code: strings.Repeat("e", 64)},
		"no code":               {body: `{"status":404}`},
		"code is null":          {body: `{"status":404,"errorCode":null}`},
		"code is empty":         {body: `{"status":404,"errorCode":""}`},
		"code is a number":      {body: `{"status":404,"errorCode":404}`},
		"code has a space":      {body: `{"status":404,"errorCode":"canary canary"}`},
		"code has a line end":   {body: `{"status":404,"errorCode":"canary\n"}`},
		"code looks like a key": {body: `{"status":404,"errorCode":"canary-0123/4567+89=="}`},
		"code is too long":      {body: `{"status":404,"errorCode":"` + strings.Repeat("canary", 11) + `"}`},
		"code is HTML":          {body: `{"status":404,"errorCode":"<b>canary</b>"}`},
		"code escapes":          {body: `{"status":404,"errorCode":"\u001b[31mcanary"}`},
		"code in Cyrillic":      {body: `{"status":404,"errorCode":"НеНайдено"}`},
		"status is a text":      {body: `{"status":"canary","errorCode":"NotFound"}`},
		"empty object":          {body: `{}`},
		"null":                  {body: `null`},
		"list":                  {body: `["canary"]`},
		"text":                  {body: `"canary"`},
		"other JSON":            {body: `{"message":"canary"}`},
		"nothing":               {body: ``},
		"HTML":                  {body: `<html><body>canary scope</body></html>`},
		"truncated":             {body: `{"status":404,"errorCode":"canary`},
		"two objects":           {body: `{"status":404,"errorCode":"canary"}{"status":404}`},
		"not UTF-8":             {body: "\xff\xfecanary"},
		"deep":                  {body: strings.Repeat(`{"errorParams":`, 20000)},
		"huge":                  {body: `{"status":404,"errorParams":{"field":"` + strings.Repeat("canary", 1<<20) + `"}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := errorFromBody(404, test.body)
			want := &Error{Operation: "test", Status: 404, Code: test.code, MissingScope: test.missingScope}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Error{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if IsNotFound(got) != (test.code != "") {
				t.Errorf("IsNotFound is %v", IsNotFound(got))
			}
			wantNoCanary(t, got.Error())
			wantNoCanary(t, fmt.Sprintf("%+v", got))
			if len(got.Error()) > 200 {
				t.Errorf("the text has %d bytes", len(got.Error()))
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"code":           {&Error{Operation: "list", Status: 403, Code: "ForbiddenException"}, "cannot list: the service responded with status 403 (Forbidden), code ForbiddenException"},
		"no envelope":    {&Error{Operation: "list", Status: 502}, "cannot list: the service responded with status 502 (Bad Gateway), not in the service's error format"},
		"redirect":       {&Error{Operation: "list", Status: 302}, "cannot list: the service responded with status 302 (Found); redirects are not followed"},
		"malformed":      {&Error{Operation: "list", Status: 200, Err: missingKey("id")}, `cannot list: the service responded with status 200 (OK): the required key "id" is missing or empty`},
		"no response":    {&Error{Operation: "list", Err: io.ErrUnexpectedEOF}, "cannot list: unexpected EOF"},
		"no token":       {&Error{Operation: "list", Err: ErrNoToken}, "cannot list: no token is configured"},
		"odd status":     {&Error{Operation: "list", Status: 599}, "cannot list: the service responded with status 599, not in the service's error format"},
		"name is taken":  {&NameTakenError{Token: AccessToken{Name: "a \"name\""}}, `the name "a \"name\"" is taken by an access token of the project`},
		"token was lost": {&LostTokenError{Name: "n", Err: io.EOF, Cleanup: io.ErrUnexpectedEOF}, `an access token named "n" may exist, but its value was lost (EOF), and it was not deleted (unexpected EOF)`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.err.Error(); got != test.want {
				t.Errorf("got:  %s\nwant: %s", got, test.want)
			}
		})
	}
}

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	const code = "SomeException"
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	type kinds struct{ Unauthorized, NotFound, Conflict, Timeout, Unknown bool }
	tests := map[string]struct {
		err  *Error
		want kinds
	}{
		"400":               {&Error{Status: 400, Code: code}, kinds{}},
		"401":               {&Error{Status: 401, Code: code}, kinds{Unauthorized: true}},
		"401 of a proxy":    {&Error{Status: 401}, kinds{Unauthorized: true}},
		"403":               {&Error{Status: 403, Code: code}, kinds{Unauthorized: true}},
		"404":               {&Error{Status: 404, Code: code}, kinds{NotFound: true}},
		"404 of a proxy":    {&Error{Status: 404}, kinds{}},
		"409":               {&Error{Status: 409, Code: code}, kinds{Conflict: true}},
		"429":               {&Error{Status: 429, Code: code}, kinds{}},
		"302":               {&Error{Status: 302}, kinds{}},
		"500":               {&Error{Status: 500, Code: code}, kinds{Unknown: true}},
		"503 of a proxy":    {&Error{Status: 503}, kinds{Unknown: true}},
		"malformed success": {&Error{Status: 201, Err: missingKey("id")}, kinds{Unknown: true}},
		"connection broke":  {&Error{Err: io.ErrUnexpectedEOF}, kinds{Unknown: true}},
		"cancelled":         {&Error{Err: context.Canceled}, kinds{Unknown: true}},
		"timeout":           {&Error{Err: context.DeadlineExceeded}, kinds{Unknown: true, Timeout: true}},
		"not sent":          {&Error{Err: refused, unsent: true}, kinds{}},
		"no token":          {&Error{Err: ErrNoToken, unsent: true}, kinds{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, err := range []error{test.err, fmt.Errorf("wrapped: %w", test.err), errors.Join(io.EOF, test.err)} {
				got := kinds{IsUnauthorized(err), IsNotFound(err), IsConflict(err), IsTimeout(err), IsOutcomeUnknown(err)}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("of %v, -want +got:\n%s", err, diff)
				}
			}
		})
	}
}

func TestErrorKindsOfOtherErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, io.EOF, errors.New("404 409 403 timeout")} {
		if IsUnauthorized(err) || IsNotFound(err) || IsConflict(err) || IsTimeout(err) || IsUntrusted(err) || IsOutcomeUnknown(err) {
			t.Errorf("%v is taken for an error of the service", err)
		}
	}
	if !IsConflict(&NameTakenError{}) {
		t.Error("a name that is taken is no conflict")
	}
}

func TestLostTokenErrorKeepsBothCauses(t *testing.T) {
	t.Parallel()
	err := &LostTokenError{Name: "n", Err: &Error{Err: io.ErrUnexpectedEOF}, Cleanup: &Error{Err: context.DeadlineExceeded}}
	if !errors.Is(err, io.ErrUnexpectedEOF) || !IsTimeout(err) {
		t.Error("a cause was lost")
	}
}

func FuzzErrorEnvelope(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `<html></html>`, `{"status":403,"errorCode":"ForbiddenException","errorParams":{"field":"Forbidden"}}`,
		`{"status":403,"warnorCode":"ForbiddenException","warnorParams":{"field":"` + weakRole + `"}}`, `{"status":404,"errorCode":"<b>"}`,
	} {
		f.Add([]byte(seed), 404)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		err := errorFromBody(status, string(body))
		text := err.Error()
		if err.Code != "" && !errorCode.MatchString(err.Code) {
			t.Fatalf("the code is %q", err.Code)
		}
		if strings.ContainsAny(text, "<>\"\\\n\x1b") || len(text) > 250 {
			t.Fatalf("the text is %q", text)
		}
		if IsNotFound(err) && (status != 404 || err.Code == "") {
			t.Fatalf("status %d, code %q counts as not found", status, err.Code)
		}
	})
}

// A refused token is reported with its source and the host that it was sent to.
func TestHardening09RefusedTokenNamesSourceAndHost(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		rw.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	client, err := New(Config{Endpoint: server.URL, Token: "secret", TokenSource: "the token of a test"})
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	_, listErr := client.ListAccessTokens(t.Context())
	_, ownErr := client.WithToken("other").WhoAmI(t.Context())
	_, redeemErr := client.RedeemRegisterToken(t.Context(), "register token")
	for source, err := range map[string]error{"the token of a test": listErr, ownValue: ownErr, "": redeemErr} {
		var failed *Error
		if !errors.As(err, &failed) || failed.Host != host || failed.TokenSource != source {
			t.Errorf("the error of %q has the host and source of %+v", source, failed)
		}
	}
	var failed *Error
	if err := client.DeleteAccessToken(t.Context(), "a"); !errors.As(err, &failed) || failed.Host != "" || failed.TokenSource != "" {
		t.Errorf("a 404 is reported as a refused token: %+v", failed)
	}
}

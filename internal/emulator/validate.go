// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// violations are the breaches of the contract, by either side.
type violations struct {
	mu    sync.Mutex
	texts []string
}

func (v *violations) add(r *http.Request, side string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()

	v.texts = append(v.texts, fmt.Sprintf("%s of %s %s: %s", side, r.Method, r.URL.Path, explain(err)))
}

func (v *violations) all() []string {
	v.mu.Lock()
	defer v.mu.Unlock()

	return slices.Clone(v.texts)
}

var (
	errNoOperation = errors.New("the contract has no such operation")
	errNeedless    = errors.New("a credential is sent where none is needed")
)

// checked compares each request and each answer with the contract. It reports and does not interfere: what a bad
// request gets is for the rules to say.
func (v *violations) checked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		if c.route == nil {
			v.add(r, "request", errNoOperation)
			next.ServeHTTP(w, r)

			return
		}

		input := &openapi3filter.RequestValidationInput{
			Request:    r,
			PathParams: c.params,
			Route:      c.route,
			Options:    &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: authenticated},
		}

		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			v.add(r, "request", err)
		}

		// A document can say that an operation needs no credential, not that one had better stay away.
		if security := c.route.Operation.Security; security != nil && len(*security) == 0 && r.Header.Get("Authorization") != "" {
			v.add(r, "request", errNeedless)
		}

		a := record(next, r)

		output := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input,
			Status:                 a.status,
			Header:                 a.header,
			Options:                input.Options,
		}
		output.SetBodyBytes(a.body.Bytes())

		if err := openapi3filter.ValidateResponse(r.Context(), output); err != nil {
			v.add(r, "response", err)
		}

		a.send(w)
	})
}

// authenticated checks the form of the credential; whether it is good is for the rules to say.
func authenticated(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	if _, ok := bearer(input.RequestValidationInput.Request); !ok {
		return errNoBearer
	}

	return nil
}

// explain says where and how the contract is broken. It uses none of the validator's own texts, for they may quote
// what was sent, and that may be the value of a token.
func explain(err error) string {
	var (
		request  *openapi3filter.RequestError
		schema   *openapi3.SchemaError
		security *openapi3filter.SecurityRequirementsError
		where    string
	)

	if errors.As(err, &request) && request.Parameter != nil {
		where = "parameter " + request.Parameter.Name + ": "
	}

	for _, fixed := range []error{errNoOperation, errNeedless, openapi3filter.ErrInvalidRequired} {
		if errors.Is(err, fixed) {
			return where + fixed.Error()
		}
	}

	switch {
	case errors.As(err, &security):
		return "the bearer token is missing"
	case errors.As(err, &schema):
		return fmt.Sprintf("%s/%s is against %q of the schema", where, strings.Join(schema.JSONPointer(), "/"), schema.SchemaField)
	default:
		return where + "status, content type or encoding is not as declared"
	}
}

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

// violations collects contract violations of requests and responses.
type violations struct {
	mu    sync.Mutex
	texts []string
}

func (v *violations) add(r *http.Request, side string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.texts = append(v.texts, fmt.Sprintf("%s of %s %s: %s", side, r.Method, r.URL.Path, describe(err)))
}

func (v *violations) all() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.texts)
}

var (
	errNoOperation = errors.New("the operation is not in the contract")
	errCredential  = errors.New("the operation takes no credential, but one was sent")
)

// withValidation validates each request and response against the contract. It only reports; the service decides how to
// respond to an invalid request.
func (v *violations) withValidation(next http.Handler) http.Handler {
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
			Options:    &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: requireBearer},
		}
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			v.add(r, "request", err)
		}

		// OpenAPI can say that a credential is optional, not that none may be sent.
		if security := c.route.Operation.Security; security != nil && len(*security) == 0 && r.Header.Get("Authorization") != "" {
			v.add(r, "request", errCredential)
		}
		resp := record(next, r)
		output := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input,
			Status:                 resp.status,
			Header:                 resp.header,
			Options:                input.Options,
		}
		output.SetBodyBytes(resp.body.Bytes())
		if err := openapi3filter.ValidateResponse(r.Context(), output); err != nil {
			v.add(r, "response", err)
		}
		resp.send(w)
	})
}

// requireBearer validates the form of the credential only; the service checks its value.
func requireBearer(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	if _, ok := bearer(input.RequestValidationInput.Request); !ok {
		return errNoBearer
	}
	return nil
}

// describe says where and how the contract is violated. It does not use the validator's messages, because they may quote
// a token value.
func describe(err error) string {
	var (
		request  *openapi3filter.RequestError
		schema   *openapi3.SchemaError
		security *openapi3filter.SecurityRequirementsError
		where    string
	)
	if errors.As(err, &request) && request.Parameter != nil {
		where = "parameter " + request.Parameter.Name + ": "
	}
	for _, fixed := range []error{errNoOperation, errCredential, openapi3filter.ErrInvalidRequired} {
		if errors.Is(err, fixed) {
			return where + fixed.Error()
		}
	}
	switch {
	case errors.As(err, &security):
		return "the bearer token is missing"
	case errors.As(err, &schema):
		return fmt.Sprintf("%s/%s violates %q of the schema", where, strings.Join(schema.JSONPointer(), "/"), schema.SchemaField)
	default:
		return where + "undeclared status, content type or encoding"
	}
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// basePath is the path of the real endpoint, so that a client that drops or doubles it fails here too.
const basePath = "/infra/mlplatform"

// Operations of the contract, by their operationId, for [Fault] and [Request].
const (
	OpCreateRegisterToken = "createRegisterToken"
	OpRedeemRegisterToken = "redeemRegisterToken"
	OpListAccessTokens    = "listAccessTokens"
	OpDeleteAccessToken   = "deleteAccessToken"
	OpWhoAmI              = "whoAmI"
)

// operations returns all of them.
func operations() []string {
	return []string{OpCreateRegisterToken, OpRedeemRegisterToken, OpListAccessTokens, OpDeleteAccessToken, OpWhoAmI}
}

// loadContract reads the embedded document once: it is the same for every emulator of a test run.
var loadContract = sync.OnceValues(func() (routers.Router, error) {
	document, err := GetSpec()
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}

	// The document names the real hosts; the emulator answers for the same path on its own.
	document.Servers = openapi3.Servers{{URL: basePath}}

	router, err := legacy.NewRouter(document)
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}

	return router, nil
})

// call is what is found out about a request on its way in.
type call struct {
	route     *routers.Route // nil if the contract has no such operation
	params    map[string]string
	badMethod bool // the path is in the contract, the method is not
	entry     *Request
}

type callKey struct{}

func newCall(contract routers.Router, r *http.Request) *call {
	route, params, err := contract.FindRoute(r)
	if err != nil {
		var unknown *routers.RouteError
		badMethod := errors.As(err, &unknown) && unknown.Reason == routers.ErrMethodNotAllowed.Error()

		return &call{badMethod: badMethod}
	}

	return &call{route: route, params: params}
}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns what the journal put there; all that asks is inside of it.
func callOf(r *http.Request) *call {
	c, _ := r.Context().Value(callKey{}).(*call)

	return c
}

// operation returns the operationId as the document spells it; the generator capitalizes it in its embedded copy.
func (c *call) operation() string {
	if c.route == nil {
		return ""
	}

	id := c.route.Operation.OperationID

	return strings.ToLower(id[:1]) + id[1:]
}

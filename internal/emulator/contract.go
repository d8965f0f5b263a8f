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

// basePath is the path of the live endpoint, so that a client that omits or doubles it fails here too.
const basePath = "/infra/mlplatform"

// Operation IDs of the contract, for [Fault] and [Request].
const (
	OpCreateRegisterToken = "createRegisterToken"
	OpRedeemRegisterToken = "redeemRegisterToken"
	OpListAccessTokens    = "listAccessTokens"
	OpDeleteAccessToken   = "deleteAccessToken"
	OpWhoAmI              = "whoAmI"
)

// operations returns all operation IDs.
func operations() []string {
	return []string{OpCreateRegisterToken, OpRedeemRegisterToken, OpListAccessTokens, OpDeleteAccessToken, OpWhoAmI}
}

// loadContract parses the embedded document once per process.
var loadContract = sync.OnceValues(func() (routers.Router, error) {
	document, err := GetSpec()
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}

	// The document names the live hosts; the emulator serves the same path on its own address.
	document.Servers = openapi3.Servers{{URL: basePath}}

	router, err := legacy.NewRouter(document)
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}

	return router, nil
})

// call holds what is known about a request once it is routed.
type call struct {
	route     *routers.Route // nil if the operation is not in the contract
	params    map[string]string
	badMethod bool // the contract has the path but not the method
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

// callOf returns the call that withJournal put into the context.
func callOf(r *http.Request) *call {
	c, _ := r.Context().Value(callKey{}).(*call)
	return c
}

// operation returns the operationId as the document spells it; the generator capitalizes it in the embedded copy.
func (c *call) operation() string {
	if c.route == nil {
		return ""
	}
	id := c.route.Operation.OperationID
	return strings.ToLower(id[:1]) + id[1:]
}

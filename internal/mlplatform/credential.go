// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"net/http"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// credential authorizes a request with an access token: it sends the token itself as a Bearer token. That is assumed.
//
// Also plausible: another header, such as X-Auth-Token, or an exchange of the access token for a short-lived one, as the
// vendor's other machine learning services do. For another header, change authorize, the security scheme in openapi.yaml
// and the emulator. For an exchange, authorize makes the request for the short-lived token, with the context that it is
// given, and keeps the token until it expires; describe that request in openapi.yaml. CONTRIBUTING.md has an example.
type credential struct {
	token *Secret // a pointer, because fmt prints unexported fields without calling Format
}

func (c credential) authorize(_ context.Context, req *http.Request) error {
	if *c.token == "" {
		return ErrNoToken
	}
	req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	return nil
}

// redemption carries a register token to the service: in the body, and without an Authorization header. That is assumed;
// it is published that a redemption needs no other credential.
//
// Also plausible: the register token as a Bearer token, with an empty body. Then change authorize and body, and the
// operation redeemRegisterToken in openapi.yaml and in the emulator.
type redemption struct{ registerToken Secret }

func (r redemption) body() wire.RedeemRegisterTokenRequest {
	return wire.RedeemRegisterTokenRequest{RegisterToken: r.registerToken.Reveal()}
}

func (redemption) authorize(context.Context, *http.Request) error { return nil }

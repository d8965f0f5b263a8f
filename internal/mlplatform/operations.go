// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// CreateRegisterToken creates a one-time register token. It requires an ADMIN token. (The behaviour is published as
// create_register_token(), the request is assumed.)
func (c *Client) CreateRegisterToken(ctx context.Context, in RegisterTokenRequest) (RegisterToken, error) {
	body := wire.CreateRegisterTokenRequest{
		ClientName: in.AccessTokenName,
		AccessTtl:  FormatLifetime(in.Lifetime),
		TokenType:  wire.Role(in.Role),
	}
	if in.AccessTokenLifetime != 0 {
		ttl := FormatLifetime(in.AccessTokenLifetime)
		body.RefreshTtl = &ttl
	}
	var out wire.RegisterToken
	err := c.do(ctx, opCreateRegisterToken, &out, func(ctx context.Context) (*http.Response, error) {
		return c.api.CreateRegisterToken(ctx, body, c.credential.authorize)
	})
	if err == nil && out.RegisterToken == "" {
		err = malformed(opCreateRegisterToken, missingKey("register_token"))
	}
	if err != nil {
		return RegisterToken{}, err
	}
	return RegisterToken{Value: Secret(out.RegisterToken), CreatedAt: c.Now()}, nil
}

// RedeemRegisterToken exchanges a register token for an access token and returns the access token's value. It requires no
// token. (Published as create_refresh_token(), the request is assumed.)
func (c *Client) RedeemRegisterToken(ctx context.Context, registerToken Secret) (Secret, error) {
	value, err := c.redeem(ctx, registerToken)
	if err == nil {
		c.inventory.invalidate() // the new token's ID is unknown, so the cached list is stale
	}
	return value, err
}

// redeem is RedeemRegisterToken for callers that describe the new token, which updates the cached list.
func (c *Client) redeem(ctx context.Context, registerToken Secret) (Secret, error) {
	carrier := redemption{registerToken}
	var out wire.RefreshToken
	err := c.do(ctx, opRedeem, &out, func(ctx context.Context) (*http.Response, error) {
		return c.api.RedeemRegisterToken(ctx, carrier.body(), carrier.authorize)
	})
	if err == nil && out.RefreshToken == "" {
		err = malformed(opRedeem, missingKey("refresh_token"))
	}
	if IsOutcomeUnknown(err) {
		c.inventory.invalidate()
	}
	return Secret(out.RefreshToken), err
}

// ListAccessTokens lists the project's access tokens. It requires an ADMIN token. Only a complete list is returned; rows
// that cannot be read are in AccessTokenList.Unreadable. (Published as get_project_tokens_info(); the request, and that
// there are no pages, are assumed.)
func (c *Client) ListAccessTokens(ctx context.Context) (AccessTokenList, error) {
	var body json.RawMessage
	err := c.do(ctx, opList, &body, func(ctx context.Context) (*http.Response, error) {
		return c.api.ListAccessTokens(ctx, c.credential.authorize)
	})
	if err != nil {
		return AccessTokenList{}, err
	}
	list, err := decodeList(body, func(spelling string) { c.shared.goodwill.report(ctx, spelling) })
	if err != nil {
		return AccessTokenList{}, malformed(opList, err)
	}
	list.AsOf = c.Now()
	return list.indexed(), nil
}

// WhoAmI describes the token that the client works with. It requires a USER or an ADMIN token. (Published as who_am_i(),
// the request is assumed.)
func (c *Client) WhoAmI(ctx context.Context) (AccessToken, error) {
	var out wire.AccessToken
	err := c.do(ctx, opWhoAmI, &out, func(ctx context.Context) (*http.Response, error) {
		return c.api.WhoAmI(ctx, c.credential.authorize)
	})
	if err != nil {
		return AccessToken{}, err
	}
	token, err := tokenFromWire(out, func(spelling string) { c.shared.goodwill.report(ctx, spelling) })
	if err != nil {
		return AccessToken{}, malformed(opWhoAmI, err)
	}
	return token, nil
}

// DeleteAccessToken deletes an access token by name, which is how the service identifies it. It requires an ADMIN token.
// (Published as delete_token(), the request is assumed.)
func (c *Client) DeleteAccessToken(ctx context.Context, name string) error {
	err := c.do(ctx, opDelete(name), nil, func(ctx context.Context) (*http.Response, error) {
		params := &wire.DeleteAccessTokenParams{TokenName: name}
		return c.api.DeleteAccessToken(ctx, params, c.credential.authorize)
	})
	switch {
	case err == nil || IsNotFound(err):
		c.inventory.record(change{deleted: name})
	case IsOutcomeUnknown(err):
		c.inventory.invalidate()
	}
	return err
}

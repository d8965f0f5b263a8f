// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func (r *accessTokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state accessTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	origin := readPrivate[tokenOrigin](ctx, req.Private, privateOrigin, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	before := state
	if r.ready() { // otherwise the provider's configuration is not known yet, and the state is kept
		r.read(masked(ctx, state.value()), &state, origin, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() {
		if !reflect.DeepEqual(state, before) {
			resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		}
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.Name.ValueString())...)
	}
}

// read updates the state from the list of access tokens, or with the token's own value where there is no list.
func (r *accessTokenResource) read(ctx context.Context, state *accessTokenModel, origin tokenOrigin, diags *diag.Diagnostics) {
	client := r.data.client
	if state.ID.IsNull() || origin == originRedeemed && !client.HasToken() {
		r.readByOwnValue(ctx, state, diags)
		return
	}
	list, err := client.AccessTokens(ctx)
	switch {
	case err == nil:
		state.refresh(list)
		r.data.sawToken(state.ID.ValueString(), list.AsOf)
	case origin == originRedeemed && mlplatform.IsMissingScope(err):
		// Redeeming a register token does not require an administrator.
		r.readByOwnValue(ctx, state, diags)
	default:
		addServiceError(diags, "Unable to read access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
	}
}

// readByOwnValue updates the state with the token's own value. It is for a token that was redeemed without an
// administrator, and for one whose ID is not known yet.
func (r *accessTokenResource) readByOwnValue(ctx context.Context, state *accessTokenModel, diags *diag.Diagnostics) {
	own := r.data.client.WithToken(state.value())
	token, err := own.WhoAmI(ctx)
	switch {
	case err == nil:
		state.describe(token)
		state.Status = types.StringValue(state.statusFound(own.Now()))
		r.data.sawToken(token.ID, own.Now())
	// Only a refusal by the service itself counts: a proxy must not make a live token look missing.
	case mlplatform.IsUnauthorized(err) && mlplatform.IsRefused(err):
		state.Status = types.StringValue(state.statusGone(own.Now()))
	default:
		addServiceError(diags, "Unable to read access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleUser)
	}
}

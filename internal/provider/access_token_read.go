// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const unableToDelete = "Unable to delete access token"

// read takes over what the service says of the token.
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
		// Whoever redeems a register token need not be an administrator.
		r.readByOwnValue(ctx, state, diags)
	default:
		addServiceError(diags, "Unable to read access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
	}
}

// readByOwnValue describes a token with its own value: one that was redeemed without an administrator, or one whose
// creation broke off before its id was known.
func (r *accessTokenResource) readByOwnValue(ctx context.Context, state *accessTokenModel, diags *diag.Diagnostics) {
	own := r.data.client.WithToken(state.value())
	token, err := own.WhoAmI(ctx)
	switch {
	case err == nil:
		state.describe(token)
		state.Status = types.StringValue(state.statusFound(own.Now()))
		r.data.sawToken(token.ID, own.Now())
	// Only the service itself may say so: a token that was taken for gone would never be deleted.
	case mlplatform.IsUnauthorized(err) && mlplatform.IsRefused(err):
		state.Status = types.StringValue(state.statusGone(own.Now()))
	default:
		addServiceError(diags, "Unable to read access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleUser)
	}
}

// deleteToken deletes the token of the state and no other. The service deletes by name, so the list must say that the
// name still belongs to the id.
func (r *accessTokenResource) deleteToken(ctx context.Context, client *mlplatform.Client, state accessTokenModel, diags *diag.Diagnostics) {
	fail := func(err error) {
		addServiceError(diags, unableToDelete, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
	}
	if !client.HasToken() {
		diags.AddError(unableToDelete, fmt.Sprintf("The access token %s is to be deleted, but no token is configured, and this "+
			"needs one of the role ADMIN. %s To leave the token to its expiry instead, set `delete_on_destroy = false`, apply, "+
			"and destroy then.", state.Name, howToSetToken))
		return
	}
	if state.ID.IsNull() {
		// The creation broke off before the id was known; only the value tells which token it is.
		r.readByOwnValue(ctx, &state, diags)
		if diags.HasError() || state.ID.IsNull() {
			return
		}
	}
	self, err := r.data.ownToken(ctx)
	if err != nil {
		fail(err)
		return
	}
	if self.ID == state.ID.ValueString() {
		diags.AddError("Refusing to delete the provider's own token", ownTokenDetail(state.Name.ValueString())+
			", or remove the token from Terraform with `terraform state rm`.")
		return
	}
	foreign, err := client.DeleteAccessTokenWithID(ctx, state.ID.ValueString(), state.Name.ValueString())
	if err != nil {
		fail(err)
	}
	if foreign != nil {
		diags.AddWarning("Another token has the name", fmt.Sprintf("Somebody made another access token named %s (id %s). It "+
			"is left alone; the token of the state is gone or expired.", state.Name, foreign.ID))
	}
}

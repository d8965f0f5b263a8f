// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const unableToDelete = "Unable to delete access token"

func (r *accessTokenResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state accessTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	history := readTokenHistory(ctx, req.Private, &resp.Diagnostics)
	next := readPrivate[*successor](ctx, req.Private, privateSuccessor, &resp.Diagnostics)
	if next != nil {
		// The private data is that of the plan. If the deletion fails and returns no state, Terraform keeps the old state with
		// its own private data.
		defer func() {
			if resp.Diagnostics.HasError() {
				resp.State.RemoveResource(ctx)
			}
		}()
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !state.DeleteOnDestroy.IsNull() && !state.DeleteOnDestroy.ValueBool() {
		if next == nil || !r.refuseLoss(ctx, state, history, *next, &resp.Diagnostics) {
			warnOfLiveToken(state, &resp.Diagnostics)
		}
		return
	}
	if client := r.client(&resp.Diagnostics); client != nil {
		r.deleteToken(masked(ctx, state.plainValue()), client, state, history, &resp.Diagnostics)
	}
}

// warnOfLiveToken says what delete_on_destroy = false leaves behind.
func warnOfLiveToken(state accessTokenModel, diags *diag.Diagnostics) {
	if !state.live() {
		return
	}
	until := "It never expires."
	if !state.ExpiresAt.IsNull() {
		until = "It expires at " + state.ExpiresAt.ValueString() + "."
	}
	diags.AddWarning("The access token stays valid", fmt.Sprintf("Terraform no longer manages the access token %s, but with "+
		"`delete_on_destroy = false` it is not deleted. %s", state.Name, until))
}

// deleteToken deletes the token of the state and no other. The service deletes by name, so the list must confirm that
// the name still belongs to the ID.
func (r *accessTokenResource) deleteToken(ctx context.Context, client *mlplatform.Client, state accessTokenModel,
	history tokenHistory, diags *diag.Diagnostics,
) {
	fail := func(err error) {
		addServiceError(diags, unableToDelete, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
	}
	if !client.HasToken() {
		diags.AddError(unableToDelete, fmt.Sprintf("Deleting the access token %s requires a provider token with the ADMIN role, "+
			"but none is configured. %s To keep the token valid until it expires instead, set `delete_on_destroy = false`, "+
			"apply, and destroy again.", state.Name, howToSetToken))
		return
	}
	if state.ID.IsNull() && !r.identify(ctx, client, &state, history, diags) {
		return
	}
	self, err := client.Self(ctx)
	if err != nil {
		fail(err)
		return
	}
	r.data.warnOfExpiry(self, diags)
	if self.ID == state.ID.ValueString() {
		diags.AddError("Refusing to delete the provider's own token", ownTokenDetail(state.Name.ValueString())+
			", or remove the token from Terraform with `terraform state rm`.")
		return
	}
	foreign, err := client.DeleteAccessTokenWithID(ctx, state.ID.ValueString(), state.Name.ValueString())
	if err != nil {
		fail(err)
	}
	if foreign != nil && !client.CreatedHere(foreign.ID) { // this run can have created the successor already
		warnOfForeign(state, *foreign, diags)
	}
}

func warnOfForeign(state accessTokenModel, foreign mlplatform.AccessToken, diags *diag.Diagnostics) {
	diags.AddWarning("Another token has the name", fmt.Sprintf("Another access token was created with the name %s (ID "+
		"%s). It is not deleted. The token of the state no longer exists or has expired.", state.Name, foreign.ID))
}

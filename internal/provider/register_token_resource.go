// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var (
	_ resource.ResourceWithConfigure  = (*registerTokenResource)(nil)
	_ resource.ResourceWithModifyPlan = (*registerTokenResource)(nil)
)

func newRegisterTokenResource() resource.Resource { return &registerTokenResource{} }

// registerTokenResource cannot be imported: the service does not list register tokens.
type registerTokenResource struct{ configuredResource }

func (r *registerTokenResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_register_token"
}

func (r *registerTokenResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = registerTokenSchema()
}

func (r *registerTokenResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var state registerTokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &state)...)
	client := r.client(&resp.Diagnostics)
	state.checkRecipients(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// An access token of this name whose ID is not among the current ones shows later that the register token was redeemed.
	name := state.AccessTokenName.ValueString()
	list, err := client.FreshAccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, "Unable to create register token",
			fmt.Errorf("register token for %q: %w", name, err), mlplatform.RoleAdmin)
		return
	}
	token, err := client.CreateRegisterToken(ctx, registerTokenRequest(state.AccessTokenName, state.Role, state.AccessTokenTTL, state.TTL))
	if err != nil {
		addRegisterTokenError(&resp.Diagnostics, name, err)
		return
	}
	state.setMinted(token, &resp.Diagnostics)
	writePrivate(ctx, resp.Private, privateKnown, idsOfName(list, name), &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (r *registerTokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state registerTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known := readPrivate[[]string](ctx, req.Private, privateKnown, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.ready() {
		return
	}
	list, err := r.data.client.AccessTokens(masked(ctx, state.plainValue()))
	if err != nil {
		tflog.Warn(ctx, "The status of a register token is not refreshed, because the access tokens cannot be listed",
			map[string]any{"access_token_name": state.AccessTokenName.ValueString(), "error": err.Error()})
		return
	}
	r.data.sawToken(state.key(), list.AsOf, false)
	if state.refresh(list, known) {
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

// Update makes no request: only recreate_if_invalid and the encryption of the value can change in place.
func (r *registerTokenResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, prior registerTokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	plan.updateValue(prior.tokenValue, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *registerTokenResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state registerTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known := readPrivate[[]string](ctx, req.Private, privateKnown, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || state.Status.ValueString() != statusPending {
		return
	}
	// The state may be stale. If the service cannot be asked, the last known status decides.
	if r.ready() {
		if list, err := r.data.client.AccessTokens(masked(ctx, state.plainValue())); err == nil {
			state.refresh(list, known)
		}
	}
	if state.Status.ValueString() != statusPending {
		return
	}
	resp.Diagnostics.AddWarning("The register token stays valid", fmt.Sprintf("Terraform forgets the register token for the "+
		"access token %s, but the service cannot revoke it: anybody who has its value can redeem it once until %s.",
		state.AccessTokenName, state.ExpiresAt.ValueString()))
}

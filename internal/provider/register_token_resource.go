// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var (
	_ resource.ResourceWithConfigure  = (*registerTokenResource)(nil)
	_ resource.ResourceWithModifyPlan = (*registerTokenResource)(nil)
)

func newRegisterTokenResource() resource.Resource { return &registerTokenResource{} }

// registerTokenResource has no import: the service keeps no list of register tokens.
type registerTokenResource struct{ configuredResource }

func (r *registerTokenResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_register_token"
}

func (r *registerTokenResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	ttl := lifetimeAttribute(registerTTLText + " A change replaces it.")
	ttl.Optional, ttl.Required = false, true
	resp.Schema = schema.Schema{
		MarkdownDescription: "A one-time register token: whoever has its value can make one access token, with the name, role and " +
			"lifetime fixed here, without any other credential. " + needsAdmin + "\n\n" +
			"The service keeps no list of register tokens: they cannot be imported, read or revoked. Destroying the " +
			"resource forgets the register token; until it is redeemed it stays valid to the end of its `ttl`.",
		Attributes: map[string]schema.Attribute{
			"access_token_name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: accessTokenNameText + " A change replaces the register token.",
				Validators:          []validator.String{notEmpty(`"notebook-anna"`)},
			},
			"role":             roleAttribute("A change replaces the register token."),
			"access_token_ttl": lifetimeAttribute(accessTokenTTLText + " A change replaces the register token."),
			"ttl":              ttl,
			"keepers": schema.MapAttribute{
				Optional: true, ElementType: types.StringType, MarkdownDescription: keepersText,
			},
			"recreate_if_invalid": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Whether another register token is minted in place of one that works no longer: `never`, " +
					"`unused` (only if it expired without being redeemed) or `always`. Defaults to `never`.",
				Validators: []validator.String{oneOf(recreateNever, recreateUnused, recreateAlways)},
			},
			"token":      secretText("Value of the register token."),
			"created_at": computedText("Time of creation in RFC 3339, UTC, by the service's clock."),
			"expires_at": computedText("End of its lifetime in RFC 3339, UTC: `created_at` plus `ttl`."),
			"status": computedText("`pending`, `used` or `expired`. `used` is inferred from the list of access tokens: one of " +
				"the name `access_token_name` has come since the register token was minted. Where the list cannot be had, the " +
				"last status stays."),
			"access_token_id": computedText("Id of the access token that it was redeemed for; null until then."),
		},
	}
}

func (r *registerTokenResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() { // a destroy
		return
	}
	var config, state registerTokenModel
	getModel(ctx, req.Config.Raw, &config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, planNewRegisterToken(config))...)
		return
	}
	getModel(ctx, req.State.Raw, &state, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	plan, replace := decideRegisterToken(state, config)
	if sameModel(&plan, &state) {
		resp.Plan.Raw = req.State.Raw
	} else {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	}
	for _, attribute := range replace {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root(attribute))
	}
}

func (r *registerTokenResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var state registerTokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &state)...)
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// The ids that are there now tell later whether the register token was redeemed.
	name := state.AccessTokenName.ValueString()
	list, err := client.AccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, "Unable to create register token",
			fmt.Errorf("register token for %q: %w", name, err), mlplatform.RoleAdmin)
		return
	}
	token, err := client.CreateRegisterToken(ctx, state.request())
	if err != nil {
		addRegisterTokenError(&resp.Diagnostics, name, err)
		return
	}
	state.setMinted(token)
	writePrivate(ctx, resp.Private, privateKnown, idsOfName(list, name), &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (r *registerTokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state registerTokenModel
	getModel(ctx, req.State.Raw, &state, &resp.Diagnostics)
	known := readPrivate[[]string](ctx, req.Private, privateKnown, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.ready() {
		return
	}
	list, err := r.data.client.AccessTokens(masked(ctx, mlplatform.Secret(state.Token.ValueString())))
	if err != nil {
		tflog.Warn(ctx, "The status of a register token is not refreshed, because the access tokens cannot be listed",
			map[string]any{"access_token_name": state.AccessTokenName.ValueString(), "error": err.Error()})
		return
	}
	before := state
	if state.refresh(list, known); !sameModel(&state, &before) {
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

// Update makes no request: only recreate_if_invalid changes in place.
func (r *registerTokenResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan registerTokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *registerTokenResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state registerTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known := readPrivate[[]string](ctx, req.Private, privateKnown, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || state.Status.ValueString() != statusPending {
		return
	}
	// The state may be old, and only the service's clock tells whether the lifetime is over. Where it cannot be asked,
	// the last status stays.
	if r.ready() {
		if list, err := r.data.client.AccessTokens(masked(ctx, mlplatform.Secret(state.Token.ValueString()))); err == nil {
			state.refresh(list, known)
		}
	}
	if state.Status.ValueString() != statusPending {
		return
	}
	resp.Diagnostics.AddWarning("The register token stays valid", fmt.Sprintf("Terraform forgets the register token for the "+
		"access token %s, but the service cannot revoke it: whoever has its value can redeem it once until %s.",
		state.AccessTokenName, state.ExpiresAt.ValueString()))
}

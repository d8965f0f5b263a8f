// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var (
	_ resource.ResourceWithConfigure      = (*accessTokenResource)(nil)
	_ resource.ResourceWithValidateConfig = (*accessTokenResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*accessTokenResource)(nil)
	_ resource.ResourceWithImportState    = (*accessTokenResource)(nil)
)

func newAccessTokenResource() resource.Resource { return &accessTokenResource{} }

type accessTokenResource struct{ configuredResource }

func (r *accessTokenResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

func (r *accessTokenResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = accessTokenSchema()
}

func (r *accessTokenResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config accessTokenModel
	getModel(ctx, req.Config.Raw, &config, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		validateAccessToken(config, &resp.Diagnostics)
	}
}

func (r *accessTokenResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() { // a destroy
		return
	}
	var config, state accessTokenModel
	getModel(ctx, req.Config.Raw, &config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, planNewAccessToken(config))...)
		return
	}
	getModel(ctx, req.State.Raw, &state, &resp.Diagnostics)
	origin := readPrivate[tokenOrigin](ctx, req.Private, privateOrigin, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	facts := accessTokenFacts{state: state, config: config, origin: origin}
	if r.ready() {
		facts.readAt = r.data.tokenSeen(state.ID.ValueString())
	}
	decision := decideAccessToken(facts)
	if sameModel(&decision.plan, &state) {
		resp.Plan.Raw = req.State.Raw
	} else {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, decision.plan)...)
	}
	for _, attribute := range decision.replace {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root(attribute))
	}
	for _, warning := range decision.warnings {
		resp.Diagnostics.AddWarning(warning.summary, warning.detail)
	}
}

func (r *accessTokenResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config, plan accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	state, origin := plan, originCreated
	var value mlplatform.Secret
	var err error
	if config.redeems() {
		origin = originRedeemed
		registerToken := mlplatform.Secret(config.RegisterTokenWO.ValueString())
		value, err = client.RedeemAccessToken(masked(ctx, registerToken), registerToken)
		if err != nil {
			addRedeemError(&resp.Diagnostics, err)
			return
		}
	} else {
		if state.Name.IsUnknown() {
			state.Name = types.StringValue(plan.NamePrefix.ValueString() + uniqueSuffix())
		}
		value, err = client.MintAccessToken(ctx, mlplatform.MintRequest{
			Name: state.Name.ValueString(), Role: mlplatform.Role(plan.Role.ValueString()), Lifetime: plan.TTL.duration(),
		})
		if err != nil {
			addServiceError(&resp.Diagnostics, "Unable to create access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
			return
		}
	}
	// Value and name go to the state before any further request: if that fails, the token is tainted, not lost.
	state.setMinted(value)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	writePrivate(ctx, resp.Private, privateOrigin, origin, &resp.Diagnostics)
	token, err := client.Describe(ctx, value)
	if err != nil {
		resp.Diagnostics.AddError("Unable to describe the new access token", serviceErrorDetail(err, mlplatform.RoleUser)+
			"\n\nThe access token was created and its value is in the state; it is marked as tainted, so that the next "+
			"apply replaces it. `terraform untaint` keeps it.")
		return
	}
	state.describe(token)
	state.Status = types.StringValue(state.statusFound(client.Now()))
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, token.Name)...)
}

// uniqueSuffix has 60 random bits, so that names of one prefix do not collide.
func uniqueSuffix() string { return strings.ToLower(rand.Text()[:12]) }

func (r *accessTokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state accessTokenModel
	getModel(ctx, req.State.Raw, &state, &resp.Diagnostics)
	origin := readPrivate[tokenOrigin](ctx, req.Private, privateOrigin, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	before := state
	if r.ready() { // with the provider's configuration not known yet, the state stays as it is
		r.read(masked(ctx, state.value()), &state, origin, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() {
		if !sameModel(&state, &before) {
			resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		}
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.Name.ValueString())...)
	}
}

// Update makes no request: what it may change is about the token's life under Terraform.
func (r *accessTokenResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan accessTokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.Name.ValueString())...)
}

func (r *accessTokenResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state accessTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || !state.DeleteOnDestroy.ValueBool() {
		return
	}
	if client := r.client(&resp.Diagnostics); client != nil {
		r.deleteToken(masked(ctx, state.value()), client, state, &resp.Diagnostics)
	}
}

// ImportState adopts a token by its name. Everything but the value, which the service never shows again, is filled in.
func (r *accessTokenResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const summary = "Unable to import access token"
	name := req.ID
	if name == "" { // an import by identity
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("name"), &name)...)
	}
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	list, err := client.AccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, summary, fmt.Errorf("access token %q: %w", name, err), mlplatform.RoleAdmin)
		return
	}
	token, found := list.ByName(name)
	if !found {
		resp.Diagnostics.AddError(summary, notFoundDetail(name, list))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, importedAccessToken(token, list.AsOf))...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, name)...)
	writePrivate(ctx, resp.Private, privateOrigin, originImported, &resp.Diagnostics)
	resp.Diagnostics.AddWarning("The value of an imported token is not recoverable", fmt.Sprintf("The service showed the "+
		"value of the access token %q once, at its creation. Its attribute `token` stays null. Where the value is needed, "+
		"replace the token with `-replace`, or by a change of `keepers`.", name))
}

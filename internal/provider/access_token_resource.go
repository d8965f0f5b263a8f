// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var (
	_ resource.ResourceWithConfigure        = (*accessTokenResource)(nil)
	_ resource.ResourceWithConfigValidators = (*accessTokenResource)(nil)
	_ resource.ResourceWithValidateConfig   = (*accessTokenResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*accessTokenResource)(nil)
	_ resource.ResourceWithImportState      = (*accessTokenResource)(nil)
)

func newAccessTokenResource() resource.Resource { return &accessTokenResource{} }

type accessTokenResource struct{ configuredResource }

func (r *accessTokenResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName + "_access_token"
}

func (r *accessTokenResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = accessTokenSchema()
}

func (r *accessTokenResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{resourcevalidator.ExactlyOneOf(
		path.MatchRoot("name"), path.MatchRoot("name_prefix"), path.MatchRoot("register_token_wo"),
	)}
}

func (r *accessTokenResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		validateAccessToken(config, &resp.Diagnostics)
	}
}

func (r *accessTokenResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() { // a destroy
		return
	}
	var config, state accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, planNewAccessToken(config))...)
		return
	}
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	origin := readPrivate[tokenOrigin](ctx, req.Private, privateOrigin, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	facts := accessTokenFacts{state: state, config: config, origin: origin}
	if r.ready() {
		facts.readAt = r.data.tokenSeen(state.ID.ValueString())
	}
	decision := decideAccessToken(facts)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, decision.plan)...)
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
	value, origin := mlplatform.Secret(""), originCreated
	if config.redeems() {
		origin = originRedeemed
		value = redeem(ctx, client, mlplatform.Secret(config.RegisterTokenWO.ValueString()), &resp.Diagnostics)
	} else {
		value = mint(ctx, client, &plan, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	// Value and name go to the state before any further request: if that fails, the token is tainted, not lost.
	ctx = masked(ctx, value)
	state := plan
	state.setMinted(value)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	writePrivate(ctx, resp.Private, privateOrigin, origin, &resp.Diagnostics)
	own := client.WithToken(value)
	token, err := own.WhoAmI(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Unable to describe the new access token", serviceErrorDetail(err, mlplatform.RoleUser)+
			"\n\nThe access token was created and its value is in the state; it is marked as tainted, so that the next "+
			"apply replaces it. `terraform untaint` keeps it.")
		return
	}
	state.describe(token)
	state.Status = types.StringValue(state.statusFound(own.Now()))
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// mint creates the planned token and puts its name into the plan, which lacks it where there is a name_prefix.
func mint(ctx context.Context, client *mlplatform.Client, plan *accessTokenModel, diags *diag.Diagnostics) mlplatform.Secret {
	if plan.Name.IsUnknown() {
		plan.Name = types.StringValue(plan.NamePrefix.ValueString() + uniqueSuffix())
	}
	value, err := client.MintAccessToken(ctx, mlplatform.MintRequest{
		Name: plan.Name.ValueString(), Role: mlplatform.Role(plan.Role.ValueString()), Lifetime: plan.TTL.duration(),
	})
	if err != nil {
		addServiceError(diags, "Unable to create access token", fmt.Errorf("access token %s: %w", plan.Name, err), mlplatform.RoleAdmin)
	}
	return value
}

// uniqueSuffix has 60 random bits, so that names of one prefix do not collide.
func uniqueSuffix() string { return strings.ToLower(rand.Text()[:12]) }

// setMinted fills in what is known of a token whose value has just arrived; the rest is not known yet.
func (m *accessTokenModel) setMinted(value mlplatform.Secret) {
	m.Token = types.StringValue(value.Reveal())
	m.Status = types.StringValue(statusActive)
	for _, text := range []*types.String{&m.ID, &m.Name, &m.Role, &m.IssuerName, &m.ExpiresAt} {
		if text.IsUnknown() {
			*text = types.StringNull()
		}
	}
}

func (r *accessTokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state accessTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	origin := readPrivate[tokenOrigin](ctx, req.Private, privateOrigin, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !r.ready() {
		return // with the provider's configuration not known yet, the state stays as it is
	}
	ctx = masked(ctx, state.value())
	client := r.data.client
	switch {
	case state.ID.IsNull(), origin == originRedeemed && !client.HasToken():
		r.readByOwnValue(ctx, &state, &resp.Diagnostics)
	default:
		list, err := client.AccessTokens(ctx)
		if err != nil {
			addServiceError(&resp.Diagnostics, "Unable to read access token",
				fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
			return
		}
		state.refresh(list)
		r.data.sawToken(state.ID.ValueString(), list.AsOf)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
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
	case mlplatform.IsUnauthorized(err):
		state.Status = types.StringValue(state.statusGone(own.Now()))
	default:
		addServiceError(diags, "Unable to read access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleUser)
	}
}

// Update makes no request: what it may change is about the token's life under Terraform.
func (r *accessTokenResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan accessTokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
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
	client := r.client(&resp.Diagnostics)
	if client == nil {
		return
	}
	list, err := client.AccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, "Unable to import access token", fmt.Errorf("access token %q: %w", req.ID, err), mlplatform.RoleAdmin)
		return
	}
	token, found := list.ByName(req.ID)
	if !found {
		resp.Diagnostics.AddError("Unable to import access token", notFoundDetail(req.ID, list))
		return
	}
	state := accessTokenModel{
		TTL: lifetimeNull(), RotateBefore: lifetimeNull(), Keepers: types.MapNull(types.StringType),
		RecreateIfInvalid: types.StringValue(recreateAlways), DeleteOnDestroy: types.BoolValue(true),
	}
	state.describe(token)
	state.Status = types.StringValue(state.statusFound(list.AsOf))
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	writePrivate(ctx, resp.Private, privateOrigin, originImported, &resp.Diagnostics)
	resp.Diagnostics.AddWarning("The value of an imported token is not recoverable", fmt.Sprintf("The service showed the "+
		"value of the access token %q once, at its creation. Its attribute `token` stays null. Where the value is needed, "+
		"replace the token with `-replace`, or by a change of `keepers`.", token.Name))
}

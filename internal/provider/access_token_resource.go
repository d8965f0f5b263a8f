// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const unableToDelete = "Unable to delete access token"

var (
	_ resource.ResourceWithConfigure      = (*accessTokenResource)(nil)
	_ resource.ResourceWithValidateConfig = (*accessTokenResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*accessTokenResource)(nil)
	_ resource.ResourceWithImportState    = (*accessTokenResource)(nil)
	_ resource.ResourceWithIdentity       = (*accessTokenResource)(nil)
)

func newAccessTokenResource() resource.Resource { return &accessTokenResource{} }

type accessTokenResource struct{ configuredResource }

func (r *accessTokenResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

func (r *accessTokenResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = accessTokenSchema()
}

// IdentitySchema has only the name: the service deletes by name, and nobody could type an ID into an import block.
func (r *accessTokenResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"name": identityschema.StringAttribute{RequiredForImport: true, Description: nameText},
		},
	}
}

// setIdentity sets the identity to the name. An identity that is already set never changes.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, name string) diag.Diagnostics {
	if !identity.Raw.IsFullyNull() {
		return nil
	}
	return identity.SetAttribute(ctx, path.Root("name"), name)
}

func (r *accessTokenResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		validateAccessToken(config, &resp.Diagnostics)
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

// uniqueSuffix has 60 random bits, so that names with one prefix do not collide.
func uniqueSuffix() string { return strings.ToLower(rand.Text()[:12]) }

// Update makes no request: what can change in place concerns only Terraform.
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

// deleteToken deletes the token of the state and no other. The service deletes by name, so the list must confirm that
// the name still belongs to the ID.
func (r *accessTokenResource) deleteToken(ctx context.Context, client *mlplatform.Client, state accessTokenModel, diags *diag.Diagnostics) {
	fail := func(err error) {
		addServiceError(diags, unableToDelete, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
	}
	if !client.HasToken() {
		diags.AddError(unableToDelete, fmt.Sprintf("Deleting the access token %s requires a provider token with the ADMIN role, "+
			"but none is configured. %s To keep the token valid until it expires instead, set `delete_on_destroy = false`, "+
			"apply, and destroy again.", state.Name, howToSetToken))
		return
	}
	if state.ID.IsNull() {
		// The token could not be described at its creation; only its value identifies it.
		r.readByOwnValue(ctx, &state, diags)
		if diags.HasError() || state.ID.IsNull() {
			return
		}
	}
	self, err := client.Self(ctx)
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
		diags.AddWarning("Another token has the name", fmt.Sprintf("Another access token was created with the name %s (ID "+
			"%s). It is not deleted. The token of the state no longer exists or has expired.", state.Name, foreign.ID))
	}
}

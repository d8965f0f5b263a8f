// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// describePeriod bounds the description of a token whose value is encrypted.
const describePeriod = time.Minute

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
	// The name of a redeemed token is not known until the service describes it; see setIdentity.
	resp.ResourceBehavior.MutableIdentity = true
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

// setIdentity sets the identity to the name. It stays empty until the name is known, and never changes after that.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, name string) diag.Diagnostics {
	var current types.String
	diags := identity.GetAttribute(ctx, path.Root("name"), &current)
	if current.ValueString() == "" {
		diags.Append(identity.SetAttribute(ctx, path.Root("name"), name)...)
	}
	return diags
}

func (r *accessTokenResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		// Terraform validates again while planning, with the provider configured and ephemeral values that can be null.
		planning := r.data != nil
		validateAccessToken(config, planning, &resp.Diagnostics)
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
	state, history := plan, tokenHistory{origin: originCreated}
	state.checkRecipients(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	var value mlplatform.Secret
	var err error
	if config.redeems() {
		history.origin = originRedeemed
		registerToken := mlplatform.Secret(config.RegisterTokenWO.ValueString())
		if registerToken == "" {
			resp.Diagnostics.AddAttributeError(path.Root("register_token_wo"), missingRegisterToken, noRegisterTokenDetail)
			return
		}
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
	// Value and name go to the state before any further request. From here on, no request may fail the creation: an error
	// would taint the token, and the next apply would replace it.
	history.mintedAt = client.Now()
	state.setMinted(value, history.mintedAt, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	history.write(ctx, resp.Private, &resp.Diagnostics)
	token, err := describeNew(masked(ctx, value), client, value, state)
	if err == nil {
		state.describe(token)
		state.Status = types.StringValue(history.statusFound(state, client.Now()))
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		compareWithPlan(plan, state, history, &resp.Diagnostics)
	} else {
		resp.Diagnostics.AddWarning("The new access token is not described yet", serviceErrorDetail(err, mlplatform.RoleUser)+
			"\n\nThe access token was created and its value is in the state. The next plan or refresh fills in the rest.")
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.Name.ValueString())...)
}

// describeNew describes a token with its own value, or else finds it in the list. Its name was free before.
func describeNew(ctx context.Context, client *mlplatform.Client, value mlplatform.Secret, state accessTokenModel) (mlplatform.AccessToken, error) {
	if state.plainValue() == "" {
		// The state has the value only encrypted, so it can describe the token only now, even after an interrupt.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), describePeriod)
		defer cancel()
	}
	token, err := client.Describe(ctx, value)
	if err != nil && state.plainValue() == "" {
		token, err = client.Describe(ctx, value)
	}
	if err == nil || state.Name.IsNull() {
		return token, err
	}
	list, listErr := client.FreshAccessTokens(ctx)
	if listErr != nil {
		return token, err
	}
	listed, found := list.ByName(state.Name.ValueString())
	if !found || listed.Expired(list.AsOf) || string(listed.Role) != state.Role.ValueString() {
		return token, err
	}
	return listed, nil
}

// compareWithPlan reports what the service changed on the way. Without an error, Terraform would report an inconsistent result
// for the name or the role.
func compareWithPlan(plan, state accessTokenModel, history tokenHistory, diags *diag.Diagnostics) {
	for _, attribute := range []struct {
		name             string
		planned, created types.String
	}{{"name", plan.Name, state.Name}, {"role", plan.Role, state.Role}} {
		if !attribute.planned.IsUnknown() && !attribute.planned.Equal(attribute.created) {
			diags.AddAttributeError(path.Root(attribute.name), "The service created a different token", fmt.Sprintf("`%[1]s` is "+
				"%[2]s, but the service created the access token with the %[1]s %[3]s (ID %[4]s). The token and its value are in the "+
				"state, but Terraform replaces it in the next apply because of this error. Set `%[1]s` to %[3]s. To keep this "+
				"token, also run `terraform untaint`.", attribute.name, attribute.planned, attribute.created, state.ID))
		}
	}
	if history.origin == originCreated {
		warnOfOtherLifetime(state, history, diags)
	}
}

// warnOfOtherLifetime warns if the service granted another lifetime than ttl asks for.
func warnOfOtherLifetime(state accessTokenModel, history tokenHistory, diags *diag.Diagnostics) {
	asked, granted := state.TTL.duration(), history.granted(state)
	endless := state.ExpiresAt.IsNull()
	ttl := "`ttl` is not set"
	if asked > 0 {
		ttl = "`ttl` is " + state.TTL.String()
	}
	// Some time passes between the creation and its response.
	tolerance := min(asked/10, time.Minute)
	switch {
	case !endless && (asked == 0 || granted < asked-tolerance):
		diags.AddWarning("The service granted a shorter lifetime", fmt.Sprintf("%s, but the service granted the access token %s "+
			"only %s: it expires at %s. Set `ttl`, and `rotate_before` if it is set, to lower values.",
			ttl, state.Name, formatGranted(granted), state.ExpiresAt.ValueString()))
	case asked > 0 && endless:
		diags.AddWarning("The service granted a longer lifetime", fmt.Sprintf("%s, but the access token %s never expires, so it "+
			"is never replaced before an expiry. Delete it when it is no longer needed.", ttl, state.Name))
	case asked > 0 && granted > asked+tolerance:
		diags.AddWarning("The service granted a longer lifetime", fmt.Sprintf("%s, but the service granted the access token %s "+
			"%s: it expires at %s. The provider goes by that time.", ttl, state.Name, formatGranted(granted), state.ExpiresAt.ValueString()))
	}
}

// uniqueSuffix has 60 random bits, so that names with one prefix do not collide.
func uniqueSuffix() string { return strings.ToLower(rand.Text()[:12]) }

// Update makes no request: what can change in place concerns only Terraform.
func (r *accessTokenResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, prior accessTokenModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	plan.updateValue(prior.tokenValue, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.Name.ValueString())...)
}

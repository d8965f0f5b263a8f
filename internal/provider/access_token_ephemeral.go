// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure = (*accessTokenEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithClose     = (*accessTokenEphemeral)(nil)
)

func newAccessTokenEphemeral() ephemeral.EphemeralResource { return &accessTokenEphemeral{} }

// accessTokenEphemeral creates an access token for one run of Terraform and deletes it when the run ends.
type accessTokenEphemeral struct{ configuredEphemeral }

type accessTokenEphemeralModel struct {
	NamePrefix    types.String  `tfsdk:"name_prefix"`
	Role          types.String  `tfsdk:"role"`
	TTL           lifetimeValue `tfsdk:"ttl"`
	Enabled       types.Bool    `tfsdk:"enabled"`
	RevokeOnClose types.Bool    `tfsdk:"revoke_on_close"`
	ID            types.String  `tfsdk:"id"`
	Name          types.String  `tfsdk:"name"`
	ExpiresAt     types.String  `tfsdk:"expires_at"`
	Token         types.String  `tfsdk:"token"`
}

// privateToken is the key under which Open stores what Close needs, which does not include the value.
const privateToken = "token"

type openedToken struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	ExpiresAt string `json:"expires_at"`
}

func (o openedToken) leftBehind() string {
	return fmt.Sprintf("the access token %q (ID %s) of this run may still exist; it expires at %s", o.Name, o.ID, o.ExpiresAt)
}

const defaultEphemeralPrefix = "terraform-"

func (e *accessTokenEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

func (e *accessTokenEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Creates an access token for one run of Terraform that is stored in no plan and no state, for " +
			"another provider's configuration or a provisioner. The token is deleted when the run no longer needs it or fails, " +
			"unless `revoke_on_close` is false. If the run is killed, the token remains until it expires. " + needsAdmin +
			"\n\n~> Terraform opens an ephemeral resource in every plan and again in every apply, even with no changes, and each " +
			"time a token is created. Set `enabled = terraform.applying` to create one only during apply.",
		Attributes: map[string]schema.Attribute{
			"name_prefix": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Prefix of the generated, unique name. Defaults to `" + defaultEphemeralPrefix + "`.",
				Validators:          validName(`"ci-"`),
			},
			"role":    ephemeralRole(),
			"ttl":     ephemeralLifetime("Lifetime of the token, which limits how long it exists if the run is killed.", true),
			"enabled": enabledAttribute(),
			"revoke_on_close": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether to delete the token when the run ends. Defaults to `true`.",
			},
			"id":         schema.StringAttribute{Computed: true, MarkdownDescription: idText},
			"name":       schema.StringAttribute{Computed: true, MarkdownDescription: nameText},
			"expires_at": schema.StringAttribute{Computed: true, MarkdownDescription: expiresAtText},
			"token":      schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "Value of the access token; null if not `enabled`."},
		},
	}
}

func (e *accessTokenEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model accessTokenEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Role = roleOrDefault(model.Role)
	if e.shouldCreate(model.Enabled) {
		e.create(ctx, &model, resp)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
	}
}

// create creates the token. Terraform does not close what failed to open, so a token that is created but not described is
// deleted here.
func (e *accessTokenEphemeral) create(ctx context.Context, model *accessTokenEphemeralModel, resp *ephemeral.OpenResponse) {
	const summary = "Unable to create access token"
	client := e.client(&resp.Diagnostics)
	prefix := defaultEphemeralPrefix
	if !model.NamePrefix.IsNull() {
		prefix = model.NamePrefix.ValueString()
	}
	name := prefix + uniqueSuffix()
	value, err := client.MintAccessToken(ctx, mlplatform.MintRequest{
		Name: name, Role: mlplatform.Role(model.Role.ValueString()), Lifetime: model.TTL.duration(),
	})
	if err != nil {
		addServiceError(&resp.Diagnostics, summary, fmt.Errorf("access token %q: %w", name, err), mlplatform.RoleAdmin)
		return
	}
	token, err := client.Describe(ctx, value)
	if err != nil {
		// The ID is unknown, but the random name identifies the token.
		cleanup := client.DeleteAccessToken(context.WithoutCancel(ctx), name)
		if cleanup != nil && !mlplatform.IsNotFound(cleanup) {
			resp.Diagnostics.AddError(summary, fmt.Sprintf("The access token %q was created, but it could neither be described "+
				"(%s) nor deleted (%s). It expires after %s. Delete it in the management console, and apply again.", name, err, cleanup, model.TTL.ValueString()))
			return
		}
		addServiceError(&resp.Diagnostics, summary, fmt.Errorf("access token %q: %w", name, err), mlplatform.RoleAdmin)
		return
	}
	model.ID, model.Name = types.StringValue(token.ID), types.StringValue(token.Name)
	model.ExpiresAt, model.Token = timeValue(token.ExpiresAt), types.StringValue(value.Reveal())
	if model.RevokeOnClose.IsNull() || model.RevokeOnClose.ValueBool() {
		opened := openedToken{ID: token.ID, Name: token.Name, ExpiresAt: model.ExpiresAt.ValueString()}
		writePrivate(ctx, resp.Private, privateToken, opened, &resp.Diagnostics)
		e.data.open.add(opened.ID, func(ctx context.Context) error {
			_, err := client.DeleteAccessTokenWithID(ctx, opened.ID, opened.Name)
			if err != nil {
				return fmt.Errorf("%s: %w", opened.leftBehind(), err)
			}
			return nil
		})
	}
}

// Close deletes the token by its name, if the name still belongs to its ID.
func (e *accessTokenEphemeral) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	opened := readPrivate[openedToken](ctx, req.Private, privateToken, &resp.Diagnostics)
	// No token was created, or it is to be kept. The provider's configuration may be unknown then.
	if resp.Diagnostics.HasError() || opened.ID == "" {
		return
	}
	client := e.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	e.data.open.remove(opened.ID)
	// An interrupted run still deletes its token.
	foreign, err := client.DeleteAccessTokenWithID(context.WithoutCancel(ctx), opened.ID, opened.Name)
	if err != nil {
		resp.Diagnostics.AddError(unableToDelete, sentence(opened.leftBehind())+" "+serviceErrorDetail(err, mlplatform.RoleAdmin))
	}
	if foreign != nil {
		resp.Diagnostics.AddWarning("Another token has the name", fmt.Sprintf("Another access token named %q (ID %s) was created "+
			"outside of this run. It was not deleted. The token of this run (ID %s) was deleted elsewhere, or expires at %s.", opened.Name, foreign.ID, opened.ID, opened.ExpiresAt))
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*registerTokenEphemeral)(nil)

func newRegisterTokenEphemeral() ephemeral.EphemeralResource { return &registerTokenEphemeral{} }

// registerTokenEphemeral creates a register token that is stored in no plan and no state. It has no Close, because the
// service cannot revoke a register token.
type registerTokenEphemeral struct{ configuredEphemeral }

type registerTokenEphemeralModel struct {
	AccessTokenName types.String  `tfsdk:"access_token_name"`
	Role            types.String  `tfsdk:"role"`
	AccessTokenTTL  lifetimeValue `tfsdk:"access_token_ttl"`
	TTL             lifetimeValue `tfsdk:"ttl"`
	Enabled         types.Bool    `tfsdk:"enabled"`
	Token           types.String  `tfsdk:"token"`
	ExpiresAt       types.String  `tfsdk:"expires_at"`
}

func (e *registerTokenEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_register_token"
}

func (e *registerTokenEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Creates a one-time register token that is stored in no plan and no state, for a write-only argument. " +
			needsAdmin + "\n\n~> The service cannot revoke a register token: one that is not redeemed stays valid until its `ttl` " +
			"ends. Terraform opens an ephemeral resource in every plan and again in every apply, even with no changes. Set " +
			"`enabled = terraform.applying` to create a token only during apply, and keep `ttl` short.",
		Attributes: map[string]schema.Attribute{
			"access_token_name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: accessTokenNameText,
				Validators:          validName(`"notebook-anna"`),
			},
			"role":             ephemeralRole(),
			"access_token_ttl": ephemeralLifetime(accessTokenTTLText, false),
			"ttl":              ephemeralLifetime(registerTTLText, true),
			"enabled":          enabledAttribute(),
			"token":            schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "Value of the register token; null if not `enabled`."},
			"expires_at":       schema.StringAttribute{Computed: true, MarkdownDescription: "Expiry time in RFC 3339, UTC; null if not `enabled`."},
		},
	}
}

func (e *registerTokenEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model registerTokenEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Role = roleOrDefault(model.Role)
	if e.shouldCreate(model.Enabled) {
		request := registerTokenRequest(model.AccessTokenName, model.Role, model.AccessTokenTTL, model.TTL)
		token, err := e.client(&resp.Diagnostics).CreateRegisterToken(ctx, request)
		if err != nil {
			addRegisterTokenError(&resp.Diagnostics, model.AccessTokenName.ValueString(), err)
			return
		}
		model.Token = types.StringValue(token.Value.Reveal())
		model.ExpiresAt = timeValue(token.CreatedAt.Add(model.TTL.duration()))
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ ephemeral.EphemeralResourceWithValidateConfig = (*decryptedTokenEphemeral)(nil)

func newDecryptedTokenEphemeral() ephemeral.EphemeralResource { return &decryptedTokenEphemeral{} }

// decryptedTokenEphemeral decrypts a value that was encrypted to recipients. It makes no request, so it needs no client.
type decryptedTokenEphemeral struct{}

type decryptedTokenModel struct {
	EncryptedToken types.String `tfsdk:"encrypted_token"`
	Identity       types.String `tfsdk:"identity"`
	IdentityFile   types.String `tfsdk:"identity_file"`
	Token          types.String `tfsdk:"token"`
}

func (e *decryptedTokenEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_decrypted_token"
}

func (e *decryptedTokenEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Decrypts the value of a token that was created with `recipients`, for a write-only argument. The value is " +
			"stored in no plan and no state. Makes no request and requires no provider token.",
		Attributes: map[string]schema.Attribute{
			"encrypted_token": schema.StringAttribute{
				// Optional, because Terraform reports null for a required argument as if it were not set.
				Optional: true,
				MarkdownDescription: "Encrypted value, the attribute `encrypted_token` of a token. Opening fails if it is null, which it " +
					"is for a token without `recipients` and for an imported one.",
			},
			"identity": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Private key: an age identity (`AGE-SECRET-KEY-1…`) or an SSH private key without a passphrase. " +
					"Meant for an ephemeral variable. Exactly one of `identity` and `identity_file` must be set.",
			},
			"identity_file": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Path of a file that contains the private key.",
				Validators:          []validator.String{notEmpty(`"/run/secrets/age-identity"`)},
			},
			"token": schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "Value of the token."},
		},
	}
}

func (e *decryptedTokenEphemeral) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var model decryptedTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() || model.Identity.IsUnknown() || model.IdentityFile.IsUnknown() {
		return
	}
	if model.Identity.IsNull() == model.IdentityFile.IsNull() {
		resp.Diagnostics.AddError("Invalid identity settings", "Exactly one of `identity` and `identity_file` must be set, for "+
			"example `identity_file = \"/run/secrets/age-identity\"`. A variable that is null counts as not set.")
	}
}

// Open decrypts. While an argument is unknown, there is nothing to decrypt, and the apply opens the resource again.
func (e *decryptedTokenEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model decryptedTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !model.EncryptedToken.IsUnknown() && !model.Identity.IsUnknown() && !model.IdentityFile.IsUnknown() {
		model.decrypt(&resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
	}
}

// decrypt sets the token. Its errors are not on attributes, because Terraform would print the lines that set them; only a path
// may be shown.
func (m *decryptedTokenModel) decrypt(diags *diag.Diagnostics) {
	const summary = "Unable to decrypt the token"
	if m.EncryptedToken.IsNull() {
		diags.AddError(summary, "`encrypted_token` is null. It is null for a token without `recipients`, and for an imported one, whose "+
			"value is unknown. Set `recipients`, or replace the imported token with `-replace`.")
		return
	}
	identity := m.Identity.ValueString()
	if !m.IdentityFile.IsNull() {
		content, err := readConfigFile(m.IdentityFile.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("identity_file"), summary, "The identity cannot be read: "+err.Error()+".")
			return
		}
		identity = string(content)
	}
	identities, err := parseIdentity(identity)
	if err != nil {
		diags.AddError(summary, "The identity cannot be used (it is not shown here): "+err.Error()+".")
		return
	}
	value, err := decryptValue(m.EncryptedToken.ValueString(), identities)
	if err != nil {
		diags.AddError(summary, sentence(err.Error()))
		return
	}
	m.Token = types.StringValue(value.Reveal())
}

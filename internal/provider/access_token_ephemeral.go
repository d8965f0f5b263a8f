// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure = (*accessTokenEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithClose     = (*accessTokenEphemeral)(nil)
)

func newAccessTokenEphemeral() ephemeral.EphemeralResource { return &accessTokenEphemeral{} }

// accessTokenEphemeral mints an access token for one run of Terraform and deletes it at its end.
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

// privateToken is the key of what Close needs to know. The value of the token is not in it.
const privateToken = "token"

type openedToken struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	ExpiresAt string `json:"expires_at"`
}

func (o openedToken) leftBehind() string {
	return fmt.Sprintf("the access token %q (id %s) of this run may be left behind; it expires at %s", o.Name, o.ID, o.ExpiresAt)
}

const defaultEphemeralPrefix = "terraform-"

func (e *accessTokenEphemeral) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = typeName + "_access_token"
}

func (e *accessTokenEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An access token for one run of Terraform, in no plan and no state: for the configuration of another " +
			"provider, or for a provisioner. It is deleted when it is no longer needed or the run fails, unless `revoke_on_close` is " +
			"false. A run that is killed leaves it to its expiry. " +
			needsAdmin + "\n\n~> Terraform opens an ephemeral resource in each plan and again in each apply, even if there is nothing to do, and " +
			"each opening makes a token. `enabled = terraform.applying` makes one in the apply alone.",
		Attributes: map[string]schema.Attribute{
			"name_prefix": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Prefix of the generated, unique name. Defaults to `" + defaultEphemeralPrefix + "`.",
				Validators:          []validator.String{notEmpty(`"ci-"`)},
			},
			"role":    ephemeralRole(),
			"ttl":     ephemeralLifetime("Lifetime of the token, in case that the run dies before it can delete it.", true),
			"enabled": enabledAttribute(),
			"revoke_on_close": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether the token is deleted when the run is over. Defaults to `true`.",
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
	if model.Role.IsNull() {
		model.Role = types.StringValue(string(mlplatform.RoleUser))
	}
	if e.mints(model.Enabled) {
		e.mint(ctx, &model, resp)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
	}
}

// mint makes the token. Close is called only for what was opened, so what fails half way is cleared away here.
func (e *accessTokenEphemeral) mint(ctx context.Context, model *accessTokenEphemeralModel, resp *ephemeral.OpenResponse) {
	const summary = "Unable to create access token"
	client := e.data.client
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
		// The id is not known, but nobody else makes a token of this random name.
		cleanup := client.DeleteAccessToken(context.WithoutCancel(ctx), name)
		if cleanup != nil && !mlplatform.IsNotFound(cleanup) {
			resp.Diagnostics.AddError(summary, fmt.Sprintf("The access token %q was made, but it could not be described (%s) "+
				"and then not deleted either (%s). It is left behind and expires after %s. Delete it in the management "+
				"console, and apply again.", name, err, cleanup, model.TTL.ValueString()))
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

// Close deletes the token by its name, if the name still belongs to its id.
func (e *accessTokenEphemeral) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	opened := readPrivate[openedToken](ctx, req.Private, privateToken, &resp.Diagnostics)
	// Nothing was minted, or it is to stay. There may be no client then: the provider's configuration may be unknown.
	if resp.Diagnostics.HasError() || opened.ID == "" {
		return
	}
	client := e.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	e.data.open.remove(opened.ID)
	// A run that is interrupted must still clear up behind itself.
	foreign, err := client.DeleteAccessTokenWithID(context.WithoutCancel(ctx), opened.ID, opened.Name)
	if err != nil {
		resp.Diagnostics.AddError(unableToDelete, sentence(opened.leftBehind())+" "+serviceErrorDetail(err, mlplatform.RoleAdmin))
	}
	if foreign != nil {
		resp.Diagnostics.AddWarning("Another token has the name", fmt.Sprintf("Somebody made another access token named %q "+
			"(id %s) during this run. It is left alone. The token of this run (id %s) was deleted by somebody else, or else "+
			"expires at %s.", opened.Name, foreign.ID, opened.ID, opened.ExpiresAt))
	}
}

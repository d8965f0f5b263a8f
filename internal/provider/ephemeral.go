// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// configuredEphemeral gives an ephemeral resource its client.
type configuredEphemeral struct{ configured }

func (c *configuredEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	c.use(req.ProviderData, &resp.Diagnostics)
}

// enabled tells whether to mint. A plan that does not know the provider's configuration yet mints nothing; the apply
// opens the ephemeral resource again.
func (c *configuredEphemeral) enabled(enabled types.Bool) bool {
	return c.ready() && (enabled.IsNull() || enabled.ValueBool())
}

func enabledAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Whether to mint a token at all. Meant for `enabled = terraform.applying`, which needs " +
			"Terraform 1.10. Defaults to `true`.",
	}
}

func ephemeralRole() schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: roleText + " Defaults to `" + string(mlplatform.RoleUser) + "`.",
		Validators:          []validator.String{oneOf(string(mlplatform.RoleUser), string(mlplatform.RoleAdmin))},
	}
}

func ephemeralLifetime(text string, required bool) schema.StringAttribute {
	return schema.StringAttribute{
		Required:            required,
		Optional:            !required,
		CustomType:          lifetimeType{},
		MarkdownDescription: text + " " + lifetimeText,
	}
}

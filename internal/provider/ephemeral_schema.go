// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func enabledAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Whether to mint a token at all. Meant for `enabled = terraform.applying`: a plan then has null " +
			"for the token. Where a write-only argument must not be null, write `coalesce(TOKEN, \"minted while applying\")`. " +
			"Defaults to `true`.",
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

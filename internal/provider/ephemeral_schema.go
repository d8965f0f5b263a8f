// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func enabledAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Whether to create a token. With `enabled = terraform.applying`, a plan creates none and " +
			"`token` is null while planning; `register_token_wo` accepts that. Where a write-only argument of another provider must " +
			"not be null, write `coalesce(TOKEN, \"created during apply\")`. Defaults to `true`.",
	}
}

func ephemeralRole() schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: roleText + " " + defaultRoleText,
		Validators:          []validator.String{validRole()},
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

func roleOrDefault(role types.String) types.String {
	if role.IsNull() {
		return types.StringValue(string(defaultRole))
	}
	return role
}

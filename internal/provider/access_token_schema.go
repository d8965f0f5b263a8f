// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// accessTokenSchema has no defaults and no plan modifiers: what a plan does with each attribute depends on the others,
// so it is decided in one place, access_token_plan.go.
func accessTokenSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "An access token of the ML Platform. Needs a provider token of the role `ADMIN`, unless it is " +
			"made from a register token (`register_token_wo`).\n\n" +
			"The service shows the value of a token once, so it is kept in the state, in `token`.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Name, any text that no live token of the project has. Exactly one of `name`, " +
					"`name_prefix` and `register_token_wo` is set. A change replaces the token.",
				Validators: []validator.String{notEmpty(`"nightly-etl"`)},
			},
			"name_prefix": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Prefix of a generated, unique name, so that a replacement can exist before the old " +
					"token is deleted (`create_before_destroy`). Replaces the token only if its name lacks the prefix.",
				Validators: []validator.String{notEmpty(`"nightly-etl-"`)},
			},
			// Not marked as sensitive: a write-only value is shown and stored nowhere anyway, and with two sensitive
			// attributes Terraform stores their paths in a random order, which -refresh-only takes for a change.
			"register_token_wo": schema.StringAttribute{
				Optional:  true,
				WriteOnly: true,
				MarkdownDescription: "Value of a register token to make the access token from. Name, role and lifetime then " +
					"come from it, and the provider needs no token. It is used once, at creation, and not stored; to " +
					"make another token, give a fresh one and change `keepers` or use `-replace`.",
				Validators: []validator.String{notEmpty("the value of a register token, as the administrator gave it")},
			},
			"role":          roleAttribute("Kept as it is for an imported token. A change replaces the token."),
			"ttl":           lifetimeAttribute("Lifetime of the token. Without one it never expires. A change of its meaning replaces the token, a change of its spelling (`60m`, `1h`) does nothing."),
			"rotate_before": lifetimeAttribute("Replaces the token when less than this is left of its life. Needs `ttl`, and must be less than it."),
			"keepers": schema.MapAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: keepersText + " Setting it for the first time does not replace an existing token.",
			},
			"recreate_if_invalid": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Whether a token that is expired or was deleted elsewhere is replaced: `always` or " +
					"`never`. Defaults to `always`, and to `never` with `register_token_wo`.",
				Validators: []validator.String{oneOf(recreateAlways, recreateNever)},
			},
			"delete_on_destroy": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Whether destroying the resource deletes the token. With `false`, which needs `ttl` or " +
					"`register_token_wo`, it is left to expire. Defaults to `true`.",
			},
			"id":          computedText(idText),
			"issuer_name": computedText(issuerText),
			"expires_at":  computedText(expiresAtText),
			"token":       secretText("Value of the access token. Null after an import, because the service never shows it again."),
			"status": computedText("State of the token at the last refresh: `active`, `rotation_due` (less than " +
				"`rotate_before` is left), `expired`, `missing` (deleted elsewhere) or `conflict` (deleted, and somebody made " +
				"another one of the same name)."),
		},
	}
}

func roleAttribute(more string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: roleText + " Defaults to `" + string(mlplatform.RoleUser) + "`. " + more,
		Validators:          []validator.String{oneOf(string(mlplatform.RoleUser), string(mlplatform.RoleAdmin))},
	}
}

func lifetimeAttribute(text string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		CustomType:          lifetimeType{},
		MarkdownDescription: text + " " + lifetimeText,
	}
}

func computedText(text string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: text}
}

func secretText(text string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: text}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// accessTokenSchema has no defaults and no plan modifiers: how an attribute is planned depends on the others and on how
// the token was created, so access_token_plan.go decides for all of them.
func accessTokenSchema() schema.Schema {
	out := schema.Schema{
		MarkdownDescription: "An access token of the ML Platform. Requires a provider token with the `ADMIN` role, unless it is " +
			"created from a register token (`register_token_wo`).\n\n" +
			"The service returns the value of a token only once, at creation. It is stored in the state: in `token`, or with " +
			"`recipients` encrypted in `encrypted_token`.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Name: any text that no other live token of the project has. Set exactly one of `name`, " +
					"`name_prefix` and `register_token_wo`. A change replaces the token.",
				Validators: validName(`"nightly-etl"`),
			},
			"name_prefix": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Prefix of a generated, unique name. It lets a replacement exist before the old token is " +
					"deleted (`create_before_destroy`). A change replaces the token only if its name does not start with the new prefix.",
				Validators: validName(`"nightly-etl-"`),
			},
			// Not sensitive: a write-only value is never shown or stored, and Terraform stores the paths of two sensitive
			// attributes in random order, which -refresh-only reports as a change.
			"register_token_wo": schema.StringAttribute{
				Optional:  true,
				WriteOnly: true,
				MarkdownDescription: "Value of a register token to create the access token from. Name, role and lifetime then " +
					"come from it, and the provider needs no token. It is used once, at creation, and never stored. To " +
					"create another token, provide a fresh register token and change `keepers` or use `-replace`.",
			},
			"role":          roleAttribute("An imported token keeps its role if this is not set. A change replaces the token."),
			"ttl":           lifetimeAttribute("Lifetime of the token. Without it the token never expires. A different duration replaces the token; another spelling of the same duration (`60m`, `1h`) changes nothing."),
			"rotate_before": lifetimeAttribute("The token is replaced when less than this is left of its lifetime. Requires `ttl` and must be less than it."),
			"keepers": schema.MapAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: keepersText + " Setting it for the first time does not replace an existing token.",
			},
			"recreate_if_invalid": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Whether a token that expired or was deleted elsewhere is replaced: `always` or " +
					"`never`. Defaults to `always`, or to `never` with `register_token_wo`.",
				Validators: []validator.String{oneOf(recreateAlways, recreateNever)},
			},
			"delete_on_destroy": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Whether destroying the resource deletes the token. `false` leaves the token valid until it " +
					"expires, and requires `ttl` or `register_token_wo`. Defaults to `true`.",
			},
			"id":          computedText(idText),
			"issuer_name": computedText(issuerText),
			"expires_at":  computedText(expiresAtText),
			"status": computedText("Status of the token at the last refresh: `active`, `rotation_due` (less than " +
				"`rotate_before` is left), `expired`, `missing` (deleted elsewhere) or `conflict` (deleted, and another token " +
				"was created with the same name). Without the value and without a provider token that may list tokens, only " +
				"`active` and `expired` can be told apart."),
		},
	}
	addTokenValue(out.Attributes, "Value of the access token. Null after an import, because the service returns it only at creation.")
	return out
}

func roleAttribute(more string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: roleText + " " + defaultRoleText + " " + more,
		Validators:          []validator.String{validRole()},
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

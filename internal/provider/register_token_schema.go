// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func registerTokenSchema() schema.Schema {
	replace := stringplanmodifier.RequiresReplace()
	role := roleAttribute("A change replaces the register token.")
	role.Default = stringdefault.StaticString(string(defaultRole))
	role.PlanModifiers = []planmodifier.String{replace}
	accessTokenTTL := lifetimeAttribute(accessTokenTTLText + " A change replaces the register token.")
	accessTokenTTL.PlanModifiers = []planmodifier.String{keepSpelling{}, replace}
	ttl := lifetimeAttribute(registerTTLText + " A change replaces the register token.")
	ttl.Optional, ttl.Required = false, true
	ttl.PlanModifiers = []planmodifier.String{keepSpelling{}, replace}
	out := schema.Schema{
		MarkdownDescription: "A one-time register token: anybody who has its value can create one access token with the name, role " +
			"and lifetime set here, without any other credential. " + needsAdmin + "\n\n" +
			"The service does not list register tokens, so they cannot be imported, read or revoked. Destroying the " +
			"resource only forgets the register token: unless it was redeemed, it stays valid until its `ttl` ends.",
		Attributes: map[string]schema.Attribute{
			"access_token_name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: accessTokenNameText + " A change replaces the register token.",
				Validators:          validName(`"notebook-anna"`),
				PlanModifiers:       []planmodifier.String{replace},
			},
			"role":             role,
			"access_token_ttl": accessTokenTTL,
			"ttl":              ttl,
			"keepers": schema.MapAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: keepersText,
				PlanModifiers:       []planmodifier.Map{mapplanmodifier.RequiresReplaceIf(keepersChanged, keepersText, keepersText)},
			},
			"recreate_if_invalid": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(recreateNever),
				MarkdownDescription: "Whether a register token that can no longer be redeemed is replaced: `never`, " +
					"`unused` (only if it expired without being redeemed) or `always`. Defaults to `never`.",
				Validators: []validator.String{oneOf(recreateNever, recreateUnused, recreateAlways)},
			},
			"created_at": stable(computedText("Time of creation in RFC 3339, UTC, by the service's clock.")),
			"expires_at": stable(computedText("End of its lifetime in RFC 3339, UTC: `created_at` plus `ttl`.")),
			"status": stable(computedText("`pending`, `used` or `expired`. `used` is inferred from the list of access tokens: a " +
				"token named `access_token_name` has appeared since the register token was created. If the list cannot be " +
				"read, the last status is kept.")),
			"access_token_id": stable(computedText("ID of the access token that it was redeemed for; null until then.")),
		},
	}
	addTokenValue(out.Attributes, "Value of the register token.")
	return out
}

func keepersChanged(_ context.Context, req planmodifier.MapRequest, resp *mapplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !sameKeepers(req.PlanValue, req.StateValue)
}

// stable keeps a computed attribute over an update in place.
func stable(attribute schema.StringAttribute) schema.StringAttribute {
	attribute.PlanModifiers = []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	return attribute
}

// keepSpelling plans the prior spelling of a lifetime; see inSpellingOf.
type keepSpelling struct{}

func (keepSpelling) Description(context.Context) string {
	return "another spelling of the same lifetime is no change"
}

func (m keepSpelling) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (keepSpelling) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	prior := lifetimeValue{StringValue: req.StateValue}
	planned := lifetimeValue{StringValue: req.PlanValue}
	resp.PlanValue = planned.inSpellingOf(prior).StringValue
}

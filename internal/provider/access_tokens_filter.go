// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// accessTokenFilter selects access tokens. It is embedded in the models of the data source and of the list resource. A
// null argument matches every token.
type accessTokenFilter struct {
	Role          types.String  `tfsdk:"role"`
	NameRegex     types.String  `tfsdk:"name_regex"`
	Status        types.String  `tfsdk:"status"`
	ExpiresWithin lifetimeValue `tfsdk:"expires_within"`
}

// filterArgument describes an argument of accessTokenFilter. Data sources and list resources have schema types of their
// own, so each builds its attributes from these.
type filterArgument struct {
	text       string
	customType basetypes.StringTypable
	validators []validator.String
}

func filterArguments() map[string]filterArgument {
	return map[string]filterArgument{
		"role": {
			text:       "Only tokens with this role, `USER` or `ADMIN`.",
			validators: []validator.String{validRole()},
		},
		"name_regex": {
			text:       "Only tokens whose name contains a match of this regular expression (RE2).",
			validators: []validator.String{regexValidator{}},
		},
		"status": {
			text:       "Only tokens with this status, `active` or `expired`.",
			validators: []validator.String{oneOf(statusActive, statusExpired)},
		},
		"expires_within": {
			text:       "Only active tokens that expire within this time from now. " + lifetimeText,
			customType: lifetimeType{},
		},
	}
}

// apply returns the matching tokens, sorted by name and then by ID. The regular expression has been validated.
func (f accessTokenFilter) apply(list mlplatform.AccessTokenList) []mlplatform.AccessToken {
	name := regexp.MustCompile(f.NameRegex.ValueString())
	out := []mlplatform.AccessToken{}
	for _, token := range list.Tokens {
		if (f.Role.IsNull() || f.Role.ValueString() == string(token.Role)) &&
			name.MatchString(token.Name) &&
			(f.Status.IsNull() || f.Status.ValueString() == listedStatus(token, list.AsOf)) &&
			(f.ExpiresWithin.IsNull() || expiresWithin(token, list.AsOf, f.ExpiresWithin.duration())) {
			out = append(out, token)
		}
	}
	slices.SortFunc(out, func(a, b mlplatform.AccessToken) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// expiresWithin reports whether a token that is not expired yet expires within the given time.
func expiresWithin(token mlplatform.AccessToken, now time.Time, within time.Duration) bool {
	return !token.ExpiresAt.IsZero() && !token.Expired(now) && !token.ExpiresAt.After(now.Add(within))
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// accessTokenFilter says which access tokens are wanted. What is null admits all.
type accessTokenFilter struct {
	Role          types.String
	NameRegex     types.String
	Status        types.String
	ExpiresWithin lifetimeValue
}

// apply returns the tokens that the filter admits, sorted by name and, among rows of one name, by id. The regular
// expression has been validated.
func (f accessTokenFilter) apply(list mlplatform.AccessTokenList) []mlplatform.AccessToken {
	name := regexp.MustCompile(f.NameRegex.ValueString())
	wanted := func(token mlplatform.AccessToken) bool {
		return (f.Role.IsNull() || f.Role.ValueString() == string(token.Role)) &&
			name.MatchString(token.Name) &&
			(f.Status.IsNull() || f.Status.ValueString() == listedStatus(token, list.AsOf)) &&
			(f.ExpiresWithin.IsNull() || expiresWithin(token, list.AsOf, f.ExpiresWithin.duration()))
	}
	out := []mlplatform.AccessToken{}
	for _, token := range list.Tokens {
		if wanted(token) {
			out = append(out, token)
		}
	}
	slices.SortFunc(out, func(a, b mlplatform.AccessToken) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// listedStatus is the status of a token that is in the list.
func listedStatus(token mlplatform.AccessToken, now time.Time) string {
	if token.Expired(now) {
		return statusExpired
	}
	return statusActive
}

// expiresWithin tells whether a live token will expire within the given time. One that is expired already will not.
func expiresWithin(token mlplatform.AccessToken, now time.Time, within time.Duration) bool {
	return !token.ExpiresAt.IsZero() && !token.Expired(now) && !token.ExpiresAt.After(now.Add(within))
}

// regexValidator refuses what the regexp package cannot compile.
type regexValidator struct{}

func (regexValidator) Description(context.Context) string { return "must be a regular expression" }

func (v regexValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (regexValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsUnknown() || req.ConfigValue.IsNull() {
		return
	}
	if _, err := regexp.Compile(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid regular expression", sentence(err.Error())+
			" The syntax is that of Go (RE2), for example \"^ci-\".")
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// listedTokenModel is an access token as the data sources return it, without its value.
type listedTokenModel struct {
	ID         types.String `tfsdk:"id"`
	Name       types.String `tfsdk:"name"`
	Role       types.String `tfsdk:"role"`
	IssuerName types.String `tfsdk:"issuer_name"`
	ExpiresAt  types.String `tfsdk:"expires_at"`
	Status     types.String `tfsdk:"status"`
}

func newListedToken(token mlplatform.AccessToken, now time.Time) listedTokenModel {
	return listedTokenModel{
		ID:         types.StringValue(token.ID),
		Name:       types.StringValue(token.Name),
		Role:       types.StringValue(string(token.Role)),
		IssuerName: types.StringValue(token.IssuerName),
		ExpiresAt:  timeValue(token.ExpiresAt),
		Status:     types.StringValue(listedStatus(token, now)),
	}
}

// listedStatus returns the status of a token that is in the list.
func listedStatus(token mlplatform.AccessToken, now time.Time) string {
	if token.Expired(now) {
		return statusExpired
	}
	return statusActive
}

// listedTokenAttributes returns the schema of listedTokenModel.
func listedTokenAttributes() map[string]schema.Attribute {
	computed := func(text string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	return map[string]schema.Attribute{
		"id":          computed(idText),
		"name":        computed(nameText),
		"role":        computed(roleText),
		"issuer_name": computed(issuerText),
		"expires_at":  computed(expiresAtText),
		"status":      computed("`active` or `expired`, by the service's clock."),
	}
}

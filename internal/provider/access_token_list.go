// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var _ list.ListResourceWithConfigure = (*accessTokenList)(nil)

func newAccessTokenList() list.ListResource { return &accessTokenList{} }

// accessTokenList lists access tokens for `terraform query`, to import many of them at once.
type accessTokenList struct{ configuredResource }

func (l *accessTokenList) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

func (l *accessTokenList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for name, argument := range filterArguments() {
		attributes[name] = schema.StringAttribute{
			Optional: true, CustomType: argument.customType, MarkdownDescription: argument.text, Validators: argument.validators,
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the access tokens of the project for `terraform query`, to import many of them at once. " + needsAdmin,
		Attributes:          attributes,
	}
}

func (l *accessTokenList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter accessTokenFilter
	diags := req.Config.Get(ctx, &filter)
	client := l.client(&diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	tokens, err := client.FreshAccessTokens(ctx)
	if err != nil {
		addServiceError(&diags, unableToList, err, mlplatform.RoleAdmin)
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	l.data.warnOfUnreadableRows(tokens, &diags)
	found := importableTokens(filter, tokens)
	if req.Limit > 0 && int64(len(found)) > req.Limit {
		found = found[:req.Limit]
	}
	stream.Results = func(push func(list.ListResult) bool) {
		if len(diags) > 0 && !push(list.ListResult{Diagnostics: diags}) {
			return
		}
		for _, token := range found {
			result := req.NewListResult(ctx)
			result.DisplayName = token.Name
			result.Diagnostics.Append(setIdentity(ctx, result.Identity, token.Name)...)
			if req.IncludeResource {
				// As after an import, so without the value, which `terraform query -json` would print.
				result.Diagnostics.Append(result.Resource.Set(ctx, importedAccessToken(token, tokens.AsOf))...)
			}
			if !push(result) {
				return
			}
		}
	}
}

// importableTokens returns the matching tokens without expired rows that share their name with a live token, because an
// import by that name takes the live one.
func importableTokens(filter accessTokenFilter, list mlplatform.AccessTokenList) []mlplatform.AccessToken {
	return slices.DeleteFunc(filter.apply(list), func(token mlplatform.AccessToken) bool {
		named, _ := list.ByName(token.Name)
		return named.ID != token.ID
	})
}

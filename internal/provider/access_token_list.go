// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var _ list.ListResourceWithConfigure = (*accessTokenList)(nil)

func newAccessTokenList() list.ListResource { return &accessTokenList{} }

// accessTokenList lists access tokens for `terraform query`, so that many can be imported at once.
type accessTokenList struct{ configuredResource }

type accessTokenListModel struct {
	Role          types.String  `tfsdk:"role"`
	NameRegex     types.String  `tfsdk:"name_regex"`
	Status        types.String  `tfsdk:"status"`
	ExpiresWithin lifetimeValue `tfsdk:"expires_within"`
}

func (l *accessTokenList) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName + "_access_token"
}

func (l *accessTokenList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The access tokens of the project, for `terraform query` and the import of many at once. " + needsAdmin,
		Attributes: map[string]schema.Attribute{
			"role": schema.StringAttribute{
				Optional: true, MarkdownDescription: filterRoleText,
				Validators: []validator.String{oneOf(string(mlplatform.RoleUser), string(mlplatform.RoleAdmin))},
			},
			"name_regex": schema.StringAttribute{
				Optional: true, MarkdownDescription: filterNameText, Validators: []validator.String{regexValidator{}},
			},
			"status": schema.StringAttribute{
				Optional: true, MarkdownDescription: filterStatusText,
				Validators: []validator.String{oneOf(statusActive, statusExpired)},
			},
			"expires_within": schema.StringAttribute{
				Optional: true, CustomType: lifetimeType{}, MarkdownDescription: filterExpiresText,
			},
		},
	}
}

func (l *accessTokenList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var model accessTokenListModel
	diags := req.Config.Get(ctx, &model)
	client := l.client(&diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	tokens, err := client.AccessTokens(ctx)
	if err != nil {
		addServiceError(&diags, "Unable to list access tokens", err, mlplatform.RoleAdmin)
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	found := slices.DeleteFunc(accessTokenFilter(model).apply(tokens), func(token mlplatform.AccessToken) bool {
		// An expired row may share its name with a live token, which is the one that an import by that name would take.
		named, _ := tokens.ByName(token.Name)
		return named.ID != token.ID
	})
	if req.Limit > 0 && int64(len(found)) > req.Limit {
		found = found[:req.Limit]
	}
	stream.Results = func(push func(list.ListResult) bool) {
		for _, token := range found {
			result := req.NewListResult(ctx)
			result.DisplayName = token.Name
			result.Diagnostics.Append(setIdentity(ctx, result.Identity, token.Name)...)
			if req.IncludeResource {
				result.Diagnostics.Append(includeResource(ctx, &result, token, tokens)...)
			}
			if !push(result) {
				return
			}
		}
	}
}

// includeResource adds the whole resource, as an import would fill it in. The value is not in it: the service never
// tells it, and `terraform query -json` would print it.
func includeResource(ctx context.Context, result *list.ListResult, token mlplatform.AccessToken, tokens mlplatform.AccessTokenList) diag.Diagnostics {
	return result.Resource.Set(ctx, importedAccessToken(token, tokens.AsOf))
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var _ datasource.DataSourceWithConfigure = (*accessTokensDataSource)(nil)

func newAccessTokensDataSource() datasource.DataSource { return &accessTokensDataSource{} }

// accessTokensDataSource lists access tokens.
type accessTokensDataSource struct{ configuredDataSource }

type accessTokensModel struct {
	accessTokenFilter
	Tokens []listedTokenModel `tfsdk:"tokens"`
}

func (d *accessTokensDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_tokens"
}

func (d *accessTokensDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"tokens": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The tokens, sorted by name.",
			NestedObject:        schema.NestedAttributeObject{Attributes: listedTokenAttributes()},
		},
	}
	for name, argument := range filterArguments() {
		attributes[name] = schema.StringAttribute{
			Optional: true, CustomType: argument.customType, MarkdownDescription: argument.text, Validators: argument.validators,
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the access tokens of the project, without their values. " + needsAdmin + " The service may " +
			"or may not list expired tokens. It does not list register tokens.",
		Attributes: attributes,
	}
}

func (d *accessTokensDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model accessTokensModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	list, err := client.FreshAccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, unableToList, err, mlplatform.RoleAdmin)
		return
	}
	d.data.warnOfUnreadableRows(list, &resp.Diagnostics)
	model.Tokens = []listedTokenModel{}
	for _, token := range model.apply(list) {
		model.Tokens = append(model.Tokens, newListedToken(token, list.AsOf))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var _ datasource.DataSourceWithConfigure = (*accessTokenDataSource)(nil)

func newAccessTokenDataSource() datasource.DataSource { return &accessTokenDataSource{} }

// accessTokenDataSource describes one access token, found by its name.
type accessTokenDataSource struct{ configuredDataSource }

func (d *accessTokenDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

func (d *accessTokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := listedTokenAttributes()
	attributes["name"] = schema.StringAttribute{
		Required:            true,
		MarkdownDescription: nameText + " If no token has this name, reading fails.",
		Validators:          validName(`"nightly-etl"`),
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Describes one access token of the project, without its value. " + needsAdmin,
		Attributes:          attributes,
	}
}

func (d *accessTokenDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	const summary = "Unable to read access token"
	var model listedTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	list, err := client.FreshAccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, summary, fmt.Errorf("access token %s: %w", model.Name, err), mlplatform.RoleAdmin)
		return
	}
	d.data.warnOfUnreadableRows(list, &resp.Diagnostics)
	token, found := list.ByConfiguredName(model.Name.ValueString())
	if !found {
		resp.Diagnostics.AddAttributeError(path.Root("name"), summary, notFoundDetail(model.Name.ValueString(), list))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, newListedToken(token, list.AsOf))...)
}

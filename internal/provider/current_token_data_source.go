// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var _ datasource.DataSourceWithConfigure = (*currentTokenDataSource)(nil)

func newCurrentTokenDataSource() datasource.DataSource { return &currentTokenDataSource{} }

// currentTokenDataSource describes the provider's own token.
type currentTokenDataSource struct{ configuredDataSource }

func (d *currentTokenDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_current_token"
}

func (d *currentTokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Describes the access token that the provider uses, without its value. Requires a provider token " +
			"with either role.",
		Attributes: listedTokenAttributes(),
	}
}

func (d *currentTokenDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	client := d.client(&resp.Diagnostics)
	if client == nil {
		return
	}
	token, err := client.Self(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, "Unable to describe the provider's token", err, mlplatform.RoleUser)
		return
	}
	d.data.warnOfExpiry(token, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, newListedToken(token, client.Now()))...)
}

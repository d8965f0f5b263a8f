// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var _ datasource.DataSourceWithConfigure = (*accessTokensDataSource)(nil)

func newAccessTokensDataSource() datasource.DataSource { return &accessTokensDataSource{} }

// accessTokensDataSource lists access tokens.
type accessTokensDataSource struct{ configuredDataSource }

type accessTokensModel struct {
	Role          types.String       `tfsdk:"role"`
	NameRegex     types.String       `tfsdk:"name_regex"`
	Status        types.String       `tfsdk:"status"`
	ExpiresWithin lifetimeValue      `tfsdk:"expires_within"`
	Tokens        []listedTokenModel `tfsdk:"tokens"`
}

// listedTokenModel is an access token as every data source shows it: never with a value.
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

// listedTokenAttributes is the schema of listedTokenModel.
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

func (d *accessTokensDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName + "_access_tokens"
}

func (d *accessTokensDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The access tokens of the project, without their values. " + needsAdmin + " Whether the service " +
			"still lists an expired token is up to it. Register tokens are in no list.",
		Attributes: map[string]schema.Attribute{
			"role": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: filterRoleText,
				Validators:          []validator.String{oneOf(string(mlplatform.RoleUser), string(mlplatform.RoleAdmin))},
			},
			"name_regex": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: filterNameText,
				Validators:          []validator.String{regexValidator{}},
			},
			"status": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: filterStatusText,
				Validators:          []validator.String{oneOf(statusActive, statusExpired)},
			},
			"expires_within": schema.StringAttribute{
				Optional:            true,
				CustomType:          lifetimeType{},
				MarkdownDescription: filterExpiresText,
			},
			"tokens": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The tokens, sorted by name.",
				NestedObject:        schema.NestedAttributeObject{Attributes: listedTokenAttributes()},
			},
		},
	}
}

func (d *accessTokensDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model accessTokensModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	list, err := client.AccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, "Unable to list access tokens", err, mlplatform.RoleAdmin)
		return
	}
	filter := accessTokenFilter{
		Role: model.Role, NameRegex: model.NameRegex, Status: model.Status, ExpiresWithin: model.ExpiresWithin,
	}
	model.Tokens = []listedTokenModel{}
	for _, token := range filter.apply(list) {
		model.Tokens = append(model.Tokens, newListedToken(token, list.AsOf))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// SPDX-License-Identifier: MPL-2.0

// Package provider implements the Terraform and OpenTofu provider for the tokens of VK Cloud ML Platform, on
// terraform-plugin-framework.
package provider

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// Address is the provider's registry address. Its namespace is a placeholder for the publisher's, defined only here.
const Address = "registry.terraform.io/mlplatform/mlplatform"

var (
	_ provider.Provider                       = (*mlplatformProvider)(nil)
	_ provider.ProviderWithValidateConfig     = (*mlplatformProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*mlplatformProvider)(nil)
	_ provider.ProviderWithListResources      = (*mlplatformProvider)(nil)
	_ provider.ProviderWithFunctions          = (*mlplatformProvider)(nil)
	_ provider.ProviderWithActions            = (*mlplatformProvider)(nil)
)

// Option changes the provider that New constructs.
type Option func(*mlplatformProvider)

// WithOpenTokens records open ephemeral tokens in open, so that the program can revoke them before it exits.
func WithOpenTokens(open *OpenTokens) Option {
	return func(p *mlplatformProvider) { p.open = open }
}

// WithClientConfig edits the configuration of the client after the provider block and the environment are read.
func WithClientConfig(edit func(*mlplatform.Config)) Option {
	return func(p *mlplatformProvider) { p.editConfig = append(p.editConfig, edit) }
}

// New returns the provider's constructor in the form that providerserver takes.
func New(version string, options ...Option) func() provider.Provider {
	return func() provider.Provider {
		p := &mlplatformProvider{version: version, open: &OpenTokens{}, getenv: os.Getenv}
		for _, option := range options {
			option(p)
		}
		return p
	}
}

type mlplatformProvider struct {
	version    string
	open       *OpenTokens
	editConfig []func(*mlplatform.Config)
	getenv     func(string) string
}

func (p *mlplatformProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "mlplatform"
	resp.Version = p.version
}

func (p *mlplatformProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the tokens of VK Cloud ML Platform.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Root URL of the ML Platform service. `http://` is accepted only for loopback hosts. " +
					"Environment variable: `" + envEndpoint + "`. Defaults to `" + mlplatform.DefaultEndpoint +
					"` (Russia); for Kazakhstan, set `" + mlplatform.EndpointKazakhstan + "`.",
				Validators: []validator.String{endpointValidator{}},
			},
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Access token that the provider uses; managing tokens requires the `ADMIN` role. " +
					"Conflicts with `token_file`. Environment variable: `" + envToken + "`. Without a token, operations that " +
					"require one fail.",
				Validators: []validator.String{notEmpty("the value of an access token")},
			},
			"token_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of a file that contains the token; surrounding white space is ignored. Conflicts " +
					"with `token`. Environment variable: `" + envTokenFile + "`.",
				Validators: []validator.String{notEmpty(`"/run/secrets/mlplatform-token"`)},
			},
			"ca_cert_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of a PEM bundle with CA certificates to trust in addition to the system's, for " +
					"example of a proxy that inspects TLS. Environment variable: `" + envCACertFile + "`.",
				Validators: []validator.String{notEmpty(`"/etc/ssl/company-ca.pem"`)},
			},
			"request_timeout": schema.StringAttribute{
				Optional:            true,
				CustomType:          lifetimeType{},
				MarkdownDescription: "Time limit for each attempt of a request, such as `30s` or `2m`. Defaults to `30s`.",
			},
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many times a failed request is retried if a retry is safe, from 0 to 20. Defaults " +
					"to `4`.",
				Validators: []validator.Int64{int64validator.Between(0, 20)},
			},
		},
	}
}

func (p *mlplatformProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if isKnown(model.Token) && isKnown(model.TokenFile) {
		resp.Diagnostics.AddAttributeError(path.Root("token_file"), "Conflicting token settings", fmt.Sprintf(
			"`token` and `token_file` (%s) are both set. Remove one of them and keep, for example, "+
				"`token_file = \"/run/secrets/mlplatform-token\"`.", model.TokenFile))
	}
}

// Configure makes no request, so a run without resources costs nothing.
func (p *mlplatformProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{open: p.open}
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = data, data, data
	resp.ListResourceData, resp.ActionData = data, data
	if data.unknown = model.unknownArguments(); len(data.unknown) > 0 {
		return
	}
	cfg, diags := clientConfig(model, p.getenv)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	cfg.UserAgent = fmt.Sprintf("terraform-provider-mlplatform/%s Terraform/%s", p.version, req.TerraformVersion)
	cfg.Log, cfg.Warn = logAttempt, logGoodwill
	for _, edit := range p.editConfig {
		edit(&cfg)
	}
	client, err := mlplatform.New(cfg)
	if err != nil {
		resp.Diagnostics.AddError("Unable to configure the provider", sentence(err.Error()))
		return
	}
	data.client = client
}

func (p *mlplatformProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newAccessTokenResource, newRegisterTokenResource}
}

func (p *mlplatformProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newAccessTokenDataSource, newAccessTokensDataSource, newCurrentTokenDataSource,
	}
}

func (p *mlplatformProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newAccessTokenEphemeral, newRegisterTokenEphemeral, newDecryptedTokenEphemeral}
}

func (p *mlplatformProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newAccessTokenList}
}

func (p *mlplatformProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newSparkConnectURLFunction}
}

func (p *mlplatformProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newRevokeAccessTokenAction}
}

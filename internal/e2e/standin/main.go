// SPDX-License-Identifier: MPL-2.0

// Command standin stands in for providers of secret stores in tests of examples: it has their resources with the same write-only
// arguments, and stores nothing but a digest of what it receives. The name of the program decides which provider it is:
// terraform-provider-kubernetes or terraform-provider-vault.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-")
	err := providerserver.Serve(context.Background(), func() provider.Provider { return standin{name} },
		providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/" + name})
	if err != nil {
		log.Fatal(err)
	}
}

type standin struct{ name string }

func (p standin) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = p.name
}

func (p standin) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{Attributes: map[string]providerschema.Attribute{
		"config_path": providerschema.StringAttribute{Optional: true},
		"address":     providerschema.StringAttribute{Optional: true},
	}}
}

func (p standin) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (p standin) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p standin) Resources(context.Context) []func() resource.Resource {
	if p.name == "vault" {
		return []func() resource.Resource{func() resource.Resource { return vaultSecret }}
	}
	return []func() resource.Resource{func() resource.Resource { return kubernetesSecret }}
}

// secret is a resource with a write-only argument and a number that says when to write it again.
type secret struct {
	name, argument, version string
	schema                  schema.Schema
	// token returns the item "token" of the write-only argument.
	token func(ctx context.Context, config tfsdk.Config) (string, diag.Diagnostics)
}

// kubernetesSecret has the arguments of kubernetes_secret_v1.
var kubernetesSecret = secret{
	name: "_secret_v1", argument: "data_wo", version: "data_wo_revision",
	schema: schema.Schema{
		Attributes: map[string]schema.Attribute{
			"type":             schema.StringAttribute{Optional: true},
			"data_wo":          schema.MapAttribute{Optional: true, WriteOnly: true, ElementType: types.StringType},
			"data_wo_revision": schema.Int64Attribute{Optional: true},
		},
		Blocks: map[string]schema.Block{"metadata": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
			Attributes: map[string]schema.Attribute{
				"name":      schema.StringAttribute{Optional: true},
				"namespace": schema.StringAttribute{Optional: true},
			},
		}}},
	},
	token: func(ctx context.Context, config tfsdk.Config) (string, diag.Diagnostics) {
		var data map[string]string
		diags := config.GetAttribute(ctx, path.Root("data_wo"), &data)
		return data["token"], diags
	},
}

// vaultSecret has the arguments of vault_kv_secret_v2.
var vaultSecret = secret{
	name: "_kv_secret_v2", argument: "data_json_wo", version: "data_json_wo_version",
	schema: schema.Schema{Attributes: map[string]schema.Attribute{
		"mount":                schema.StringAttribute{Required: true},
		"name":                 schema.StringAttribute{Required: true},
		"data_json_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
		"data_json_wo_version": schema.Int64Attribute{Optional: true},
	}},
	token: func(ctx context.Context, config tfsdk.Config) (string, diag.Diagnostics) {
		var text string
		var data struct{ Token string }
		diags := config.GetAttribute(ctx, path.Root("data_json_wo"), &text)
		if err := json.Unmarshal([]byte(text), &data); err != nil {
			diags.AddError("Invalid JSON", "data_json_wo is not a JSON object.")
		}
		return data.Token, diags
	},
}

func (s secret) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + s.name
}

func (s secret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = s.schema
}

func (s secret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.Diagnostics.Append(s.write(ctx, req.Config)...)
	if !resp.Diagnostics.HasError() {
		resp.State.Raw = req.Plan.Raw
	}
}

func (s secret) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update writes the value only if its version has changed, as the real providers do.
func (s secret) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var before, after types.Int64
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(s.version), &before)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root(s.version), &after)...)
	if !before.Equal(after) {
		resp.Diagnostics.Append(s.write(ctx, req.Config)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.State.Raw = req.Plan.Raw
	}
}

func (s secret) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// write leaves the SHA-256 sum of the value in the file "used" of the workspace. With STANDIN_FAILS it fails.
func (s secret) write(ctx context.Context, config tfsdk.Config) diag.Diagnostics {
	token, diags := s.token(ctx, config)
	err := errors.New("the secret store is not available")
	if os.Getenv("STANDIN_FAILS") == "" {
		err = os.WriteFile("used", fmt.Appendf(nil, "%x\n", sha256.Sum256([]byte(token))), 0o600)
	}
	if err != nil {
		diags.AddError("Unable to write the secret", err.Error())
	}
	return diags
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// providerData is what a configured provider hands to its resources and data sources. It lives for one walk of
// Terraform: the refresh and plan of a run share one, its apply gets another.
type providerData struct {
	// client is nil while the provider's configuration depends on a resource that does not exist yet.
	client *mlplatform.Client
	open   *OpenTokens

	mu   sync.Mutex
	seen map[string]time.Time
	self *mlplatform.AccessToken
}

// sawToken remembers when, by the service's clock, an access token was read in this walk.
func (d *providerData) sawToken(id string, asOf time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[string]time.Time{}
	}
	d.seen[id] = asOf
}

// tokenSeen tells when an access token was read in this walk. It is the zero time in the walk of an apply and under
// -refresh=false: then a plan must not judge by the clock, because it would have to come out as it was shown.
func (d *providerData) tokenSeen(id string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen[id]
}

// ownToken describes the token that the provider works with; it is asked for once.
func (d *providerData) ownToken(ctx context.Context) (mlplatform.AccessToken, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.self == nil {
		self, err := d.client.WhoAmI(ctx)
		if err != nil {
			return mlplatform.AccessToken{}, err
		}
		d.self = &self
	}
	return *d.self, nil
}

// configured is embedded by every resource and data source.
type configured struct{ data *providerData }

// ready tells whether the provider's configuration is known. Only a plan can find it unknown.
func (c *configured) ready() bool { return c.data != nil && c.data.client != nil }

// client returns the client, or reports that the provider's configuration is not known yet.
func (c *configured) client(diags *diag.Diagnostics) *mlplatform.Client {
	if !c.ready() {
		diags.AddError("Provider configuration not known yet", "The provider block depends on a resource that does not "+
			"exist yet, so the service cannot be asked. Create that resource first, for example by `terraform apply "+
			"-target=ADDRESS`, and plan again.")
		return nil
	}
	return c.data.client
}

func (c *configured) use(data any, diags *diag.Diagnostics) {
	if data == nil { // validation runs before the provider is configured
		return
	}
	var ok bool
	if c.data, ok = data.(*providerData); !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("The provider handed over %T. Report this to its developers.", data))
	}
}

// configuredResource gives a resource its client.
type configuredResource struct{ configured }

func (c *configuredResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	c.use(req.ProviderData, &resp.Diagnostics)
}

// configuredDataSource gives a data source its client.
type configuredDataSource struct{ configured }

func (c *configuredDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	c.use(req.ProviderData, &resp.Diagnostics)
}

// configuredEphemeral gives an ephemeral resource its client.
type configuredEphemeral struct{ configured }

func (c *configuredEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	c.use(req.ProviderData, &resp.Diagnostics)
}

// mints reports whether to create a token. A plan that does not know the provider's configuration yet creates none; the
// apply opens the ephemeral resource again.
func (c *configuredEphemeral) mints(enabled types.Bool) bool {
	return c.ready() && (enabled.IsNull() || enabled.ValueBool())
}

// configuredAction gives an action its client.
type configuredAction struct{ configured }

func (c *configuredAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	c.use(req.ProviderData, &resp.Diagnostics)
}

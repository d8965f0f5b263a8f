// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"
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

// providerData is what the configured provider passes to its resources and data sources. Terraform configures the provider
// once per walk: refresh and plan share one, apply gets another.
type providerData struct {
	// client is nil while the provider block depends on a resource that does not exist yet.
	client *mlplatform.Client
	// unknown names the arguments of the provider block that depend on it.
	unknown []string
	open    *OpenTokens

	mu   sync.Mutex
	seen map[string]time.Time
	// listed is set once a token of the state was found.
	listed bool
	// said holds the warnings that were given in this walk and need no repetition.
	said map[string]bool
}

// sawToken records when, by the service's clock, a token was read in this walk, and whether the service still has it.
func (d *providerData) sawToken(id string, asOf time.Time, found bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[string]time.Time{}
	}
	d.seen[id] = asOf
	d.listed = d.listed || found
}

// anyListed reports whether any token of the state was found in this walk.
func (d *providerData) anyListed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.listed
}

// firstTime reports whether it is the first call with this key in this walk.
func (d *providerData) firstTime(key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.said == nil {
		d.said = map[string]bool{}
	}
	first := !d.said[key]
	d.said[key] = true
	return first
}

// tokenSeen returns when an access token was read in this walk. It is the zero time during apply and with -refresh=false,
// where the plan must not depend on the clock: it has to match what was shown.
func (d *providerData) tokenSeen(id string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen[id]
}

// configured is embedded by every resource and data source.
type configured struct{ data *providerData }

// ready reports whether the provider's configuration is known. It can be unknown only during a plan.
func (c *configured) ready() bool { return c.data != nil && c.data.client != nil }

// client returns the client. While the provider's configuration is unknown, it adds an error and returns nil; an operation
// that can do without the service checks ready first.
func (c *configured) client(diags *diag.Diagnostics) *mlplatform.Client {
	if !c.ready() {
		diags.AddError("Unknown provider configuration", strings.Join(c.unknown(), " and ")+" in the provider block "+
			"depends on a resource that does not exist yet, so no request can be made. Create that resource first, for example "+
			"with `terraform apply -target=ADDRESS`, and plan again.")
		return nil
	}
	return c.data.client
}

func (c *configured) unknown() []string {
	if c.data == nil || len(c.data.unknown) == 0 {
		return []string{"An argument"}
	}
	return c.data.unknown
}

func (c *configured) use(data any, diags *diag.Diagnostics) {
	if data == nil { // validation runs before the provider is configured
		return
	}
	var ok bool
	if c.data, ok = data.(*providerData); !ok {
		diags.AddError("Unexpected configure type", fmt.Sprintf("Expected *providerData, got %T. Report this to the "+
			"developers of the provider.", data))
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

// shouldCreate reports whether to create a token. A plan that does not know the provider's configuration yet creates none; the
// apply opens the ephemeral resource again.
func (c *configuredEphemeral) shouldCreate(enabled types.Bool) bool {
	return c.ready() && (enabled.IsNull() || enabled.ValueBool())
}

// configuredAction gives an action its client.
type configuredAction struct{ configured }

func (c *configuredAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	c.use(req.ProviderData, &resp.Diagnostics)
}

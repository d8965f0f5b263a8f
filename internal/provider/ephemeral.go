// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// configuredEphemeral gives an ephemeral resource its client.
type configuredEphemeral struct{ configured }

func (c *configuredEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	c.use(req.ProviderData, &resp.Diagnostics)
}

// mints tells whether to mint. A plan that does not know the provider's configuration yet mints nothing; the apply
// opens the ephemeral resource again.
func (c *configuredEphemeral) mints(enabled types.Bool) bool {
	return c.ready() && (enabled.IsNull() || enabled.ValueBool())
}

func enabledAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Whether to mint a token at all. Meant for `enabled = terraform.applying`: a plan then has null " +
			"for the token. Where a write-only argument must not be null, write `coalesce(TOKEN, \"minted while applying\")`. " +
			"Defaults to `true`.",
	}
}

func ephemeralRole() schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: roleText + " Defaults to `" + string(mlplatform.RoleUser) + "`.",
		Validators:          []validator.String{oneOf(string(mlplatform.RoleUser), string(mlplatform.RoleAdmin))},
	}
}

func ephemeralLifetime(text string, required bool) schema.StringAttribute {
	return schema.StringAttribute{
		Required:            required,
		Optional:            !required,
		CustomType:          lifetimeType{},
		MarkdownDescription: text + " " + lifetimeText,
	}
}

// leftOpen holds the ephemeral access tokens of this process that are to be deleted and were not closed yet, by id.
var leftOpen = openTokens{tokens: map[string]revocation{}}

// revocation deletes an ephemeral access token.
type revocation func(context.Context) error

type openTokens struct {
	mu     sync.Mutex
	tokens map[string]revocation
}

func (o *openTokens) add(id string, revoke revocation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tokens[id] = revoke
}

func (o *openTokens) remove(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.tokens, id)
}

// graceAtEnd is how long a provider may take for its last work. Terraform and OpenTofu kill it after two seconds.
const graceAtEnd = 1800 * time.Millisecond

// RevokeLeftOpen deletes the ephemeral access tokens that were opened and never closed. It is for the end of the
// program: when a run fails, Terraform and OpenTofu skip the closing and just let the provider end.
func RevokeLeftOpen() error {
	ctx, cancel := context.WithTimeout(context.Background(), graceAtEnd)
	defer cancel()
	leftOpen.mu.Lock()
	defer leftOpen.mu.Unlock()
	failures := make(chan error, len(leftOpen.tokens))
	for _, revoke := range leftOpen.tokens {
		go func() { failures <- revoke(ctx) }()
	}
	var all error
	for range leftOpen.tokens {
		all = errors.Join(all, <-failures)
	}
	clear(leftOpen.tokens)
	return all
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tokenOrigin is how Terraform came to manage a token. It is stored in the private state.
type tokenOrigin string

const (
	originCreated  tokenOrigin = "created"
	originImported tokenOrigin = "imported"
	originRedeemed tokenOrigin = "redeemed"
)

// accessTokenFacts is everything that the plan of an existing token depends on. It holds no clock, only the time of a
// read in the same walk: a plan that is applied later must not change.
type accessTokenFacts struct {
	state, config accessTokenModel
	origin        tokenOrigin
	// readAt is when the token was read in this walk, by the service's clock; zero if it was not read.
	readAt time.Time
}

type accessTokenDecision struct{ planDecision[accessTokenModel] }

func (r *accessTokenResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() { // a deletion
		return
	}
	var config, state accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, planNewAccessToken(config))...)
		return
	}
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	origin := readPrivate[tokenOrigin](ctx, req.Private, privateOrigin, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	facts := accessTokenFacts{state: state, config: config, origin: origin}
	if r.ready() {
		facts.readAt = r.data.tokenSeen(state.ID.ValueString())
	}
	decision := decideAccessToken(facts)
	decision.writeTo(ctx, state, req, resp)
}

// planNewAccessToken plans a token that does not exist yet. Everything that depends on the time is left to Create.
func planNewAccessToken(config accessTokenModel) accessTokenModel {
	plan := config
	plan.RegisterTokenWO = types.StringNull()
	plan.setDefaults(config, types.StringUnknown())
	if config.Name.IsNull() {
		plan.Name = types.StringUnknown()
	}
	plan.forgetComputed()
	return plan
}

// setDefaults fills in what the configuration does not set. With a register token the defaults differ: the role is that
// of the register token (given as foreignRole), and a used register token cannot create a replacement.
func (m *accessTokenModel) setDefaults(config accessTokenModel, foreignRole types.String) {
	recreate := recreateAlways
	if config.redeems() {
		recreate = recreateNever
	}
	m.Role = roleOrDefault(config.Role)
	if config.Role.IsNull() && config.redeems() {
		m.Role = foreignRole
	}
	if config.RecreateIfInvalid.IsNull() {
		m.RecreateIfInvalid = types.StringValue(recreate)
	}
	if config.DeleteOnDestroy.IsNull() {
		m.DeleteOnDestroy = types.BoolValue(true)
	}
}

// forgetComputed marks as unknown what only the new token will show.
func (m *accessTokenModel) forgetComputed() {
	m.ID, m.IssuerName, m.ExpiresAt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Token, m.Status = types.StringUnknown(), types.StringUnknown()
}

// decideAccessToken decides whether an existing token is kept, updated in place (which makes no request) or replaced, and
// which attributes force the replacement.
func decideAccessToken(facts accessTokenFacts) accessTokenDecision {
	state, config := facts.state, facts.config
	var d accessTokenDecision
	d.plan = config
	d.plan.RegisterTokenWO = types.StringNull()
	d.plan.setDefaults(config, state.Role)
	d.plan.ID, d.plan.IssuerName, d.plan.ExpiresAt = state.ID, state.IssuerName, state.ExpiresAt
	d.plan.Token, d.plan.Status = state.Token, state.Status

	d.decideName(facts)
	d.decideRole(facts)
	d.decideTTL(facts)
	// Setting keepers for the first time describes the existing token; only a change replaces it.
	if !state.Keepers.IsNull() && !config.Keepers.Equal(state.Keepers) {
		d.replaceFor("keepers")
	}
	d.decideRotation(facts)
	d.decideStatus(facts)
	if len(d.replace) > 0 {
		d.plan.forgetComputed()
	}
	return d
}

func (d *accessTokenDecision) decideName(facts accessTokenFacts) {
	state, config := facts.state, facts.config
	switch {
	case !config.Name.IsNull():
		if !config.Name.Equal(state.Name) {
			d.replaceFor("name")
		}
	case !config.NamePrefix.IsNull() &&
		(config.NamePrefix.IsUnknown() || !strings.HasPrefix(state.Name.ValueString(), config.NamePrefix.ValueString())):
		d.plan.Name = types.StringUnknown()
		d.replaceFor("name_prefix")
	default:
		d.plan.Name = state.Name
	}
}

func (d *accessTokenDecision) decideRole(facts accessTokenFacts) {
	// Without a configured role, an imported or redeemed token keeps its own.
	if facts.config.Role.IsNull() && facts.origin != originCreated {
		d.plan.Role = facts.state.Role
	}
	if !d.plan.Role.Equal(facts.state.Role) {
		d.replaceFor("role")
	}
}

func (d *accessTokenDecision) decideTTL(facts accessTokenFacts) {
	prior := facts.state.TTL
	d.plan.TTL = facts.config.TTL.inSpellingOf(prior)
	if d.plan.TTL.Equal(prior) {
		return
	}
	// The service does not return the lifetime a token was created with, so the first ttl only describes it.
	if prior.IsNull() && facts.origin != originCreated {
		if facts.config.TTL.known() && facts.state.ExpiresAt.IsNull() {
			d.warn("The token has no lifetime", fmt.Sprintf("`ttl` is %q, but the access token %s never expires. It is kept. "+
				"To get a token with a lifetime, use `-replace` or change `keepers`.",
				facts.config.TTL.ValueString(), facts.state.Name))
		}
		return
	}
	d.replaceFor("ttl")
}

func (d *accessTokenDecision) decideRotation(facts accessTokenFacts) {
	prior := facts.state.RotateBefore
	d.plan.RotateBefore = facts.config.RotateBefore.inSpellingOf(prior)
	status := facts.state.Status.ValueString()
	if status != statusActive && status != statusRotationDue {
		return
	}
	switch {
	case d.plan.RotateBefore.Equal(prior):
		if status == statusRotationDue {
			d.replaceFor("status")
		}
	case !facts.readAt.IsZero() && facts.state.dueAt(facts.readAt, d.plan.RotateBefore):
		d.replaceFor("rotate_before")
	default:
		// The token is not due yet, or the next refresh will show that it is.
		d.plan.Status = types.StringValue(statusActive)
	}
}

func (d *accessTokenDecision) decideStatus(facts accessTokenFacts) {
	name, status := facts.state.Name, facts.state.Status.ValueString()
	switch {
	case status == statusConflict:
		d.warn("Another token has the name", fmt.Sprintf("The access token %s of the state (ID %s) no longer exists, and "+
			"another token was created with the same name. Nothing is changed. Set another `name`, or manage the other token: "+
			"remove this one with `terraform state rm` and run `terraform import` with the name.", name, facts.state.ID))
	case status != statusExpired && status != statusMissing:
	case d.plan.RecreateIfInvalid.ValueString() == recreateNever:
		d.warn("The token is "+status, fmt.Sprintf("The access token %s is no longer valid (status %q), and "+
			"`recreate_if_invalid = \"never\"` prevents its replacement. To replace it, use `-replace` or change `keepers`; "+
			"with `register_token_wo`, also provide a fresh register token.", name, status))
	default:
		d.replaceFor("status")
	}
}

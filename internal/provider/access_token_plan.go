// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// tokenOrigin is how a token came under Terraform. It is kept in the resource's private state.
type tokenOrigin string

const (
	originCreated  tokenOrigin = "created"
	originImported tokenOrigin = "imported"
	originRedeemed tokenOrigin = "redeemed"
)

// accessTokenFacts is all that the plan of an existing token depends on. No clock is among it but the time of a reading
// in the same walk: a plan that is applied later must come out as it was shown.
type accessTokenFacts struct {
	state, config accessTokenModel
	origin        tokenOrigin
	// readAt is when, by the service's clock, the token was read in this walk; zero if it was not.
	readAt time.Time
}

// accessTokenDecision is what becomes of the token.
type accessTokenDecision struct {
	plan accessTokenModel
	// replace names the attributes that force a replacement; empty for a change in place or none.
	replace  []string
	warnings []planWarning
}

type planWarning struct{ summary, detail string }

func (d *accessTokenDecision) replaceFor(attribute string) { d.replace = append(d.replace, attribute) }

// planNewAccessToken fills in the defaults of a token to come. Whatever depends on the time is left to the creation.
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

// setDefaults fills in what the configuration leaves out. The defaults of a redemption differ: the role is what the
// register token says, and a spent register token makes no second token.
func (m *accessTokenModel) setDefaults(config accessTokenModel, foreignRole types.String) {
	recreate := recreateAlways
	if config.redeems() {
		recreate = recreateNever
	}
	if config.Role.IsNull() {
		m.Role = types.StringValue(string(mlplatform.RoleUser))
		if config.redeems() {
			m.Role = foreignRole
		}
	}
	if config.RecreateIfInvalid.IsNull() {
		m.RecreateIfInvalid = types.StringValue(recreate)
	}
	if config.DeleteOnDestroy.IsNull() {
		m.DeleteOnDestroy = types.BoolValue(true)
	}
}

// forgetComputed marks what only a new token will tell.
func (m *accessTokenModel) forgetComputed() {
	m.ID, m.IssuerName, m.ExpiresAt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Token, m.Status = types.StringUnknown(), types.StringUnknown()
}

// decideAccessToken decides whether an existing token is kept, changed in place (which never makes a request) or
// replaced, and by which attributes.
func decideAccessToken(facts accessTokenFacts) accessTokenDecision {
	state, config := facts.state, facts.config
	d := accessTokenDecision{plan: config}
	d.plan.RegisterTokenWO = types.StringNull()
	d.plan.setDefaults(config, state.Role)
	d.plan.ID, d.plan.IssuerName, d.plan.ExpiresAt = state.ID, state.IssuerName, state.ExpiresAt
	d.plan.Token, d.plan.Status = state.Token, state.Status

	d.decideName(facts)
	d.decideRole(facts)
	d.decideTTL(facts)
	// Setting keepers for the first time describes the token that is there; only a change asks for another.
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
	// A configuration that says nothing of the role describes an adopted token of either role.
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
	// The service does not tell with what lifetime an adopted token was made, so the first ttl describes it.
	if prior.IsNull() && facts.origin != originCreated {
		if facts.config.TTL.known() && facts.state.ExpiresAt.IsNull() {
			d.warn("The token has no lifetime", fmt.Sprintf("`ttl` is set to %q, but the access token %s never expires. It "+
				"is kept as it is; replace it (`-replace`, or a change of `keepers`) for one with a lifetime.",
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
		// The new window is not reached, or the next refresh will tell.
		d.plan.Status = types.StringValue(statusActive)
	}
}

func (d *accessTokenDecision) decideStatus(facts accessTokenFacts) {
	name, status := facts.state.Name, facts.state.Status.ValueString()
	switch {
	case status == statusConflict:
		d.warn("Another token has the name", fmt.Sprintf("The access token %s of the state (id %s) is gone, and somebody "+
			"made another one of the same name. Nothing is changed. Rename this one, or take the other one over: "+
			"`terraform state rm` this resource and `terraform import` it by its name.", name, facts.state.ID))
	case status != statusExpired && status != statusMissing:
	case d.plan.RecreateIfInvalid.ValueString() == recreateNever:
		d.warn("The token is "+status, fmt.Sprintf("The access token %s works no longer (status %q), and "+
			"`recreate_if_invalid = \"never\"` keeps it from being replaced. Replace it with `-replace`, or by a change of "+
			"`keepers`; with `register_token_wo`, give it a fresh register token.", name, status))
	default:
		d.replaceFor("status")
	}
}

func (d *accessTokenDecision) warn(summary, detail string) {
	d.warnings = append(d.warnings, planWarning{summary: summary, detail: detail})
}

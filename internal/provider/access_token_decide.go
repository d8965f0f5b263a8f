// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

type accessTokenDecision struct{ planDecision[accessTokenModel] }

// decideAccessToken decides whether an existing token is kept, updated in place (which makes no request) or replaced, and
// which attributes force the replacement.
//
// Terraform asks twice: for the plan, and during the apply of an update in place, when unknown values are known and the
// token was not read. The second answer must not be a replacement, so a value that is unknown, or that changed and was
// not compared with a fresh read, never causes one by itself.
func decideAccessToken(facts accessTokenFacts) accessTokenDecision {
	state, config := facts.state, facts.config
	var d accessTokenDecision
	d.plan = config
	d.plan.RegisterTokenWO = types.StringNull()
	d.plan.setDefaults(config, state.Role)
	d.plan.ID, d.plan.IssuerName, d.plan.ExpiresAt = state.ID, state.IssuerName, state.ExpiresAt
	d.plan.Status = state.Status

	d.decideName(facts)
	d.decideRole(facts)
	d.decideTTL(facts)
	// Setting keepers for the first time describes the existing token; only a change replaces it.
	if !isEmptyMap(state.Keepers) && !sameKeepers(config.Keepers, state.Keepers) {
		d.replaceFor("keepers")
	}
	if d.plan.planValue(state.tokenValue) {
		d.replaceFor("recipients")
	}
	d.decideRotation(facts)
	d.decideStatus(facts)
	if len(d.replace) > 0 {
		d.plan.forgetComputed()
	}
	d.guardValue(facts)
	d.guardImport(facts)
	return d
}

func (d *accessTokenDecision) decideName(facts accessTokenFacts) {
	state, config := facts.state, facts.config
	switch {
	case config.Name.IsUnknown() && config.redeems():
		d.plan.Name = state.Name // it turns out to be null, because a register token sets the name
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
	// The service does not return the lifetime a token was created with, so the first ttl only describes it.
	if !d.plan.TTL.Equal(prior) && (!prior.IsNull() || facts.origin == originCreated) {
		d.replaceFor("ttl")
		return
	}
	if facts.origin != originCreated && facts.state.live() && facts.config.TTL.known() && facts.state.ExpiresAt.IsNull() {
		d.warn("The token has no lifetime", fmt.Sprintf("`ttl` is %q, but the access token %s never expires, so neither "+
			"`ttl` nor `rotate_before` has an effect. The token is kept. To get a token with a lifetime, use `-replace` or "+
			"change `keepers`.", facts.config.TTL.ValueString(), facts.state.Name))
	}
}

func (d *accessTokenDecision) decideRotation(facts accessTokenFacts) {
	prior, status := facts.state.RotateBefore, facts.state.Status.ValueString()
	d.plan.RotateBefore = facts.config.RotateBefore.inSpellingOf(prior)
	if granted := facts.granted(facts.state); granted > 0 && facts.state.live() && d.plan.RotateBefore.duration() >= granted {
		d.warn("The token lives shorter than `rotate_before`", fmt.Sprintf("`rotate_before` is %s, but the service granted "+
			"the access token %s only %s, so the token is replaced after it has expired. Set a lower `rotate_before`.",
			d.plan.RotateBefore, facts.state.Name, formatGranted(granted)))
	}
	if !facts.state.live() {
		return
	}
	switch {
	case d.plan.RotateBefore.Equal(prior) || d.plan.RotateBefore.IsUnknown():
		if status == statusRotationDue {
			d.replaceFor("status")
		}
	case !facts.readAt.IsZero() && facts.dueAt(facts.state, facts.readAt, d.plan.RotateBefore):
		d.replaceFor("rotate_before")
	default:
		// The token is not due yet, or the next refresh will show that it is.
		d.plan.Status = types.StringValue(statusActive)
	}
}

func (d *accessTokenDecision) decideStatus(facts accessTokenFacts) {
	name, status := facts.state.Name, facts.state.Status.ValueString()
	policy, prior := d.plan.RecreateIfInvalid, facts.state.RecreateIfInvalid
	if policy.IsUnknown() || !policy.Equal(prior) && facts.readAt.IsZero() && prior.ValueString() == recreateNever {
		policy = prior
	}
	switch {
	case status == statusConflict:
		d.warn("Another token has the name", fmt.Sprintf("The access token %s of the state (ID %s) no longer exists, and "+
			"another token was created with the same name. Nothing is changed. Set another `name`, or manage the other token: "+
			"remove this one with `terraform state rm` and run `terraform import` with the name.", name, facts.state.ID))
	case status != statusExpired && status != statusMissing:
	case policy.ValueString() == recreateNever:
		d.warn("The token is "+status, fmt.Sprintf("The access token %s is no longer valid (status %q), and "+
			"`recreate_if_invalid = \"never\"` prevents its replacement. To replace it, use `-replace` or change `keepers`; "+
			"with `register_token_wo`, also provide a fresh register token.", name, status))
	default:
		d.replaceFor("status")
	}
}

// guardValue refuses a replacement that would first forget a valid token (`delete_on_destroy = false`) and then find its
// name taken: the state would end up empty, and with it the only copy of the value would be gone. The deletion goes by the
// state, so a change of delete_on_destroy in the same plan comes too late.
func (d *accessTokenDecision) guardValue(facts accessTokenFacts) {
	state, config := facts.state, facts.config
	kept := !state.DeleteOnDestroy.IsNull() && !state.DeleteOnDestroy.ValueBool()
	if len(d.replace) == 0 || !kept || !state.live() || newNameDiffers(state, config) {
		return
	}
	advice := "To replace the token, set `name_prefix` or another `name`. Or first apply `delete_on_destroy = true` " +
		"without any other change, so that the old token is deleted"
	if d.plan.RotateBefore.known() {
		advice += " (remove `rotate_before` in the same step if the rotation is due)"
	}
	if config.redeems() {
		advice = "Wait until the old token has expired, or ask the administrator to delete it first. Or request a register " +
			"token for another name, set `lifecycle { create_before_destroy = true }`, and use `-replace` instead of this change"
	}
	d.refuse(losesToken, fmt.Sprintf("This plan replaces the access token %s (reason: `%s`). %s. Nothing was changed. %s. "+howToDestroy,
		state.Name, strings.Join(d.replace, "`, `"), lossInWords(config.Name.IsUnknown()), advice))
}

// howToDestroy is for the errors of a plan: Terraform plans the configuration before it plans the destruction.
const howToDestroy = "If you want to destroy the token, use `terraform destroy -refresh=false`."

// newNameDiffers reports whether a replacement is certain to have another name.
func newNameDiffers(state, config accessTokenModel) bool {
	if config.redeems() {
		return false // the register token sets the name
	}
	return config.Name.IsNull() || !config.Name.IsUnknown() && !config.Name.Equal(state.Name)
}

// guardImport concerns tokens that were not created from this configuration. If the configuration does not say what they
// are, a replacement would silently get the defaults: the USER role, and no expiry.
func (d *accessTokenDecision) guardImport(facts accessTokenFacts) {
	state, config := facts.state, facts.config
	if facts.origin == originCreated || config.redeems() || config.mayRedeem() {
		return
	}
	var has, set []string
	if config.Role.IsNull() && !state.Role.IsNull() && state.Role.ValueString() != string(defaultRole) {
		has = append(has, fmt.Sprintf("has the %s role", state.Role.ValueString()))
		set = append(set, fmt.Sprintf("`role = %q`", state.Role.ValueString()))
	}
	if config.TTL.IsNull() && !state.ExpiresAt.IsNull() {
		has = append(has, "expires at "+state.ExpiresAt.ValueString())
		set = append(set, "`ttl`")
	}
	if len(has) == 0 {
		return
	}
	if len(d.replace) == 0 {
		d.warn("The configuration does not describe the token", fmt.Sprintf("The access token %s was not created from this "+
			"configuration. It %s, but the configuration does not say so, and a replacement would differ. Set %s. This "+
			"does not replace the token.", state.Name, strings.Join(has, " and "), strings.Join(set, " and ")))
		return
	}
	d.refuse("The replacement would be a different token", fmt.Sprintf("This plan replaces the access token %s (reason: `%s`), "+
		"which was not created from this configuration. The token %s, but the configuration does not say so, and a "+
		"new token would have the %s role and %s. Nothing was changed. Set %s. "+howToDestroy, state.Name, strings.Join(d.replace, "`, `"),
		strings.Join(has, " and "), roleOrDefault(config.Role).ValueString(), lifetimeInWords(config.TTL), strings.Join(set, " and ")))
}

func lifetimeInWords(ttl lifetimeValue) string {
	if ttl.IsNull() {
		return "never expire"
	}
	return "a lifetime of " + ttl.ValueString()
}

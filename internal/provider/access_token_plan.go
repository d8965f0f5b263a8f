// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

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
		r.planCreation(ctx, config, resp)
		return
	}
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	history := readTokenHistory(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	facts := accessTokenFacts{state: state, config: config, tokenHistory: history}
	if r.ready() {
		facts.readAt = r.data.tokenSeen(state.ID.ValueString())
		r.warnOfOtherProject(ctx, facts, &resp.Diagnostics)
	}
	decision := decideAccessToken(facts)
	decision.writeTo(ctx, state, req, resp)
}

// planCreation plans a token that does not exist yet, or the second half of a replacement.
func (r *accessTokenResource) planCreation(ctx context.Context, config accessTokenModel, resp *resource.ModifyPlanResponse) {
	if config.redeems() && !config.RegisterTokenWO.IsUnknown() && config.RegisterTokenWO.ValueString() == "" {
		if !config.RegisterTokenWO.IsNull() {
			resp.Diagnostics.AddAttributeError(path.Root("register_token_wo"), missingRegisterToken, emptyRegisterTokenDetail)
			return
		}
		resp.Diagnostics.AddWarning("The register token is not known yet", registerTokenToComeDetail)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, planNewAccessToken(config))...)
	writePrivate(ctx, resp.Private, privateSuccessor, newSuccessor(config), &resp.Diagnostics)
}

const (
	missingRegisterToken     = "Missing register token"
	emptyRegisterTokenDetail = "`register_token_wo` is \"\", but the access token does not exist yet, or is about to be " +
		"replaced. Set it to the value of a register token, as the administrator gave it."
	noRegisterTokenDetail = "`name`, `name_prefix` and `register_token_wo` have no value, so there is nothing to create the " +
		"access token from. Set `register_token_wo` to the value of a register token, or set `name`."
	registerTokenToComeDetail = "`name`, `name_prefix` and `register_token_wo` are all null. The plan assumes that " +
		"`register_token_wo` gets its value during the apply, as with `enabled = terraform.applying` in " +
		"`ephemeral.mlplatform_register_token`. If it is still null then, the apply fails."
)

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
	role, recreate := roleOrDefault(config.Role), types.StringValue(recreateAlways)
	switch {
	case config.redeems():
		role, recreate = foreignRole, types.StringValue(recreateNever)
	case config.mayRedeem():
		role, recreate = foreignRole, types.StringUnknown()
	}
	if config.Role.IsNull() {
		m.Role = role
	}
	if config.RecreateIfInvalid.IsNull() {
		m.RecreateIfInvalid = recreate
	}
	if config.DeleteOnDestroy.IsNull() {
		m.DeleteOnDestroy = types.BoolValue(true)
	}
}

// forgetComputed marks as unknown what only the new token will show.
func (m *accessTokenModel) forgetComputed() {
	m.ID, m.IssuerName, m.ExpiresAt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Status = types.StringUnknown()
	m.planNewValue()
}

// accessTokenFacts is everything that the plan of an existing token depends on. It holds no clock, only the time of a
// read in the same walk: a plan that is applied later must not change.
type accessTokenFacts struct {
	state, config accessTokenModel
	tokenHistory
	// readAt is when the token was read in this walk, by the service's clock; zero if it was not read.
	readAt time.Time
}

// missingUnconfirmed reports whether the token was not found in this walk and its own value cannot confirm that.
func (f accessTokenFacts) missingUnconfirmed() bool {
	status := f.state.Status.ValueString()
	return !f.readAt.IsZero() && f.state.plainValue() == "" && (status == statusMissing || status == statusConflict)
}

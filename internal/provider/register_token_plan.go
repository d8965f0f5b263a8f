// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan applies recreate_if_invalid and recipients. Everything else is decided beside each attribute in the schema.
func (r *registerTokenResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() { // a deletion
		return
	}
	var state registerTokenModel
	var decision planDecision[registerTokenModel]
	resp.Diagnostics.Append(req.Plan.Get(ctx, &decision.plan)...)
	if req.State.Raw.IsNull() { // a creation
		decision.plan.planNewValue()
		resp.Diagnostics.Append(resp.Plan.Set(ctx, decision.plan)...)
		return
	}
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Terraform plans an update in place again during the apply, when it must not turn into a replacement. So a policy that
	// is unknown, or that changed and was not compared with a fresh read, does not count yet.
	policy := decision.plan.RecreateIfInvalid
	notRead := r.ready() && r.data.tokenSeen(state.key()).IsZero()
	if policy.IsUnknown() || notRead && !policy.Equal(state.RecreateIfInvalid) {
		policy = state.RecreateIfInvalid
	}
	if shouldRecreate(policy.ValueString(), state.Status.ValueString()) {
		decision.plan.Status = types.StringUnknown()
		decision.replaceFor("status")
	}
	if decision.plan.planValue(state.tokenValue) {
		decision.replaceFor("recipients")
	}
	decision.writeTo(ctx, state, req, resp)
}

// shouldRecreate reports whether the policy replaces a register token with this status.
func shouldRecreate(policy, status string) bool {
	switch status {
	case statusExpired:
		return policy == recreateUnused || policy == recreateAlways
	case statusUsed:
		return policy == recreateAlways
	}
	return false
}

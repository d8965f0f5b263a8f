// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// planNewRegisterToken fills in the defaults of a register token to come.
func planNewRegisterToken(config registerTokenModel) registerTokenModel {
	plan := config
	plan.setDefaults(config)
	plan.forgetComputed()
	return plan
}

func (m *registerTokenModel) setDefaults(config registerTokenModel) {
	if config.Role.IsNull() {
		m.Role = types.StringValue(string(mlplatform.RoleUser))
	}
	if config.RecreateIfInvalid.IsNull() {
		m.RecreateIfInvalid = types.StringValue(recreateNever)
	}
}

// forgetComputed marks what only a new register token will tell.
func (m *registerTokenModel) forgetComputed() {
	m.Token, m.CreatedAt, m.ExpiresAt = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Status, m.AccessTokenID = types.StringUnknown(), types.StringUnknown()
}

// decideRegisterToken decides whether an existing register token is kept or replaced, and by which attributes.
// Everything is fixed at minting but recreate_if_invalid.
func decideRegisterToken(state, config registerTokenModel) (plan registerTokenModel, replace []string) {
	plan = config
	plan.setDefaults(config)
	plan.AccessTokenTTL = config.AccessTokenTTL.inSpellingOf(state.AccessTokenTTL)
	plan.TTL = config.TTL.inSpellingOf(state.TTL)
	plan.Token, plan.CreatedAt, plan.ExpiresAt = state.Token, state.CreatedAt, state.ExpiresAt
	plan.Status, plan.AccessTokenID = state.Status, state.AccessTokenID

	for _, attribute := range []struct {
		name    string
		changed bool
	}{
		{"access_token_name", !plan.AccessTokenName.Equal(state.AccessTokenName)},
		{"role", !plan.Role.Equal(state.Role)},
		{"access_token_ttl", !plan.AccessTokenTTL.Equal(state.AccessTokenTTL)},
		{"ttl", !plan.TTL.Equal(state.TTL)},
		{"keepers", !plan.Keepers.Equal(state.Keepers)},
		{"status", mintsAgain(plan.RecreateIfInvalid.ValueString(), state.Status.ValueString())},
	} {
		if attribute.changed {
			replace = append(replace, attribute.name)
		}
	}
	if len(replace) > 0 {
		plan.forgetComputed()
	}
	return plan, replace
}

// mintsAgain tells whether the policy asks for another register token in place of one that works no longer.
func mintsAgain(policy, status string) bool {
	switch status {
	case statusExpired:
		return policy != recreateNever
	case statusUsed:
		return policy == recreateAlways
	}
	return false
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// Values of status of a register token, besides statusExpired.
const (
	statusPending = "pending"
	statusUsed    = "used"
)

// registerTokenModel is the model of mlplatform_register_token.
type registerTokenModel struct {
	AccessTokenName   types.String  `tfsdk:"access_token_name"`
	Role              types.String  `tfsdk:"role"`
	AccessTokenTTL    lifetimeValue `tfsdk:"access_token_ttl"`
	TTL               lifetimeValue `tfsdk:"ttl"`
	Keepers           types.Map     `tfsdk:"keepers"`
	RecreateIfInvalid types.String  `tfsdk:"recreate_if_invalid"`
	CreatedAt         types.String  `tfsdk:"created_at"`
	ExpiresAt         types.String  `tfsdk:"expires_at"`
	Status            types.String  `tfsdk:"status"`
	AccessTokenID     types.String  `tfsdk:"access_token_id"`
	tokenValue
}

// registerTokenRequest builds the request for a register token; a null role means the default.
func registerTokenRequest(accessTokenName, role types.String, accessTokenTTL, ttl lifetimeValue) mlplatform.RegisterTokenRequest {
	return mlplatform.RegisterTokenRequest{
		AccessTokenName:     accessTokenName.ValueString(),
		Role:                mlplatform.Role(roleOrDefault(role).ValueString()),
		AccessTokenLifetime: accessTokenTTL.duration(),
		Lifetime:            ttl.duration(),
	}
}

// key identifies a register token within a walk; the service assigns no ID.
func (m registerTokenModel) key() string {
	return "register token " + m.CreatedAt.ValueString() + " " + m.AccessTokenName.ValueString()
}

// setMinted fills in a new register token. The service does not return its expiry, so it is computed.
func (m *registerTokenModel) setMinted(token mlplatform.RegisterToken, diags *diag.Diagnostics) {
	m.setValue(token.Value, token.CreatedAt, diags)
	m.CreatedAt = timeValue(token.CreatedAt)
	m.ExpiresAt = timeValue(token.CreatedAt.Add(m.TTL.duration()))
	m.Status = types.StringValue(statusPending)
	m.AccessTokenID = types.StringNull()
}

// refresh infers from the access tokens what happened to the register token and reports whether the state changed. An
// access token of its name whose ID was not known at creation is the one it was redeemed for. Once used, it stays used.
func (m *registerTokenModel) refresh(list mlplatform.AccessTokenList, knownIDs []string) (changed bool) {
	if m.Status.ValueString() == statusUsed {
		return false
	}
	before := m.Status
	m.Status = types.StringValue(statusPending)
	if !list.AsOf.Before(parseTime(m.ExpiresAt)) {
		m.Status = types.StringValue(statusExpired)
	}
	for _, token := range list.Tokens {
		if token.Name == m.AccessTokenName.ValueString() && !slices.Contains(knownIDs, token.ID) {
			m.Status = types.StringValue(statusUsed)
			m.AccessTokenID = types.StringValue(token.ID)
			break
		}
	}
	return !m.Status.Equal(before)
}

// idsOfName returns the IDs of the access tokens with this name.
func idsOfName(list mlplatform.AccessTokenList, name string) []string {
	ids := []string{}
	for _, token := range list.Tokens {
		if token.Name == name {
			ids = append(ids, token.ID)
		}
	}
	return ids
}

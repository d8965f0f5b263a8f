// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// What status says of a register token, besides statusExpired.
const (
	statusPending = "pending"
	statusUsed    = "used"
)

// registerTokenModel is the resource mlplatform_register_token.
type registerTokenModel struct {
	AccessTokenName   types.String  `tfsdk:"access_token_name"`
	Role              types.String  `tfsdk:"role"`
	AccessTokenTTL    lifetimeValue `tfsdk:"access_token_ttl"`
	TTL               lifetimeValue `tfsdk:"ttl"`
	Keepers           types.Map     `tfsdk:"keepers"`
	RecreateIfInvalid types.String  `tfsdk:"recreate_if_invalid"`
	Token             types.String  `tfsdk:"token"`
	CreatedAt         types.String  `tfsdk:"created_at"`
	ExpiresAt         types.String  `tfsdk:"expires_at"`
	Status            types.String  `tfsdk:"status"`
	AccessTokenID     types.String  `tfsdk:"access_token_id"`
}

func (m *registerTokenModel) fields() modelFields {
	return modelFields{
		"access_token_name": &m.AccessTokenName, "role": &m.Role, "access_token_ttl": &m.AccessTokenTTL, "ttl": &m.TTL,
		"keepers": &m.Keepers, "recreate_if_invalid": &m.RecreateIfInvalid, "token": &m.Token, "created_at": &m.CreatedAt,
		"expires_at": &m.ExpiresAt, "status": &m.Status, "access_token_id": &m.AccessTokenID,
	}
}

// request is what the service is asked for.
func (m registerTokenModel) request() mlplatform.RegisterTokenRequest {
	return mlplatform.RegisterTokenRequest{
		AccessTokenName:     m.AccessTokenName.ValueString(),
		Role:                mlplatform.Role(m.Role.ValueString()),
		AccessTokenLifetime: m.AccessTokenTTL.duration(),
		Lifetime:            m.TTL.duration(),
	}
}

// setMinted takes over the register token that was made. The service tells no expiry, so it is computed.
func (m *registerTokenModel) setMinted(token mlplatform.RegisterToken) {
	m.Token = types.StringValue(token.Value.Reveal())
	m.CreatedAt = timeValue(token.CreatedAt)
	m.ExpiresAt = timeValue(token.CreatedAt.Add(m.TTL.duration()))
	m.Status = types.StringValue(statusPending)
	m.AccessTokenID = types.StringNull()
}

// refresh works out from the list of access tokens what became of the register token, which the service does not tell:
// one of its name with an id that was not there at minting is what it was redeemed for. A use once seen stays.
func (m *registerTokenModel) refresh(list mlplatform.AccessTokenList, knownIDs []string) {
	if m.Status.ValueString() == statusUsed {
		return
	}
	for _, token := range list.Tokens {
		if token.Name == m.AccessTokenName.ValueString() && !slices.Contains(knownIDs, token.ID) {
			m.Status = types.StringValue(statusUsed)
			m.AccessTokenID = types.StringValue(token.ID)
			return
		}
	}
	m.Status = types.StringValue(statusPending)
	if !list.AsOf.Before(parseTime(m.ExpiresAt)) {
		m.Status = types.StringValue(statusExpired)
	}
}

// idsOfName lists the ids of the access tokens of a name.
func idsOfName(list mlplatform.AccessTokenList, name string) []string {
	ids := []string{}
	for _, token := range list.Tokens {
		if token.Name == name {
			ids = append(ids, token.ID)
		}
	}
	return ids
}

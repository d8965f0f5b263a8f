// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// What status says of a token.
const (
	statusActive      = "active"
	statusRotationDue = "rotation_due"
	statusExpired     = "expired"
	statusMissing     = "missing"
	statusConflict    = "conflict"
)

// What recreate_if_invalid may say.
const (
	recreateAlways = "always"
	recreateNever  = "never"
	recreateUnused = "unused"
)

// accessTokenModel is the resource mlplatform_access_token.
type accessTokenModel struct {
	ID                types.String  `tfsdk:"id"`
	Name              types.String  `tfsdk:"name"`
	NamePrefix        types.String  `tfsdk:"name_prefix"`
	RegisterTokenWO   types.String  `tfsdk:"register_token_wo"`
	Role              types.String  `tfsdk:"role"`
	TTL               lifetimeValue `tfsdk:"ttl"`
	RotateBefore      lifetimeValue `tfsdk:"rotate_before"`
	Keepers           types.Map     `tfsdk:"keepers"`
	RecreateIfInvalid types.String  `tfsdk:"recreate_if_invalid"`
	DeleteOnDestroy   types.Bool    `tfsdk:"delete_on_destroy"`
	IssuerName        types.String  `tfsdk:"issuer_name"`
	ExpiresAt         types.String  `tfsdk:"expires_at"`
	Token             types.String  `tfsdk:"token"`
	Status            types.String  `tfsdk:"status"`
}

func (m *accessTokenModel) fields() modelFields {
	return modelFields{
		"id": &m.ID, "name": &m.Name, "name_prefix": &m.NamePrefix, "register_token_wo": &m.RegisterTokenWO, "role": &m.Role,
		"ttl": &m.TTL, "rotate_before": &m.RotateBefore, "keepers": &m.Keepers, "recreate_if_invalid": &m.RecreateIfInvalid,
		"delete_on_destroy": &m.DeleteOnDestroy, "issuer_name": &m.IssuerName, "expires_at": &m.ExpiresAt, "token": &m.Token,
		"status": &m.Status,
	}
}

// redeems tells that a configuration takes the token from a register token. An unknown one counts: it comes from a
// resource or an ephemeral value that is set later.
func (m accessTokenModel) redeems() bool { return !m.RegisterTokenWO.IsNull() }

// value is the token's secret; empty after an import.
func (m accessTokenModel) value() mlplatform.Secret { return mlplatform.Secret(m.Token.ValueString()) }

// describe takes over what the service says of the token, all but its value and its status.
func (m *accessTokenModel) describe(token mlplatform.AccessToken) {
	m.ID = types.StringValue(token.ID)
	m.Name = types.StringValue(token.Name)
	m.Role = types.StringValue(string(token.Role))
	m.IssuerName = types.StringValue(token.IssuerName)
	m.ExpiresAt = timeValue(token.ExpiresAt)
}

// setMinted fills in what is known of a token whose value has just arrived; the rest is not known yet.
func (m *accessTokenModel) setMinted(value mlplatform.Secret) {
	m.Token = types.StringValue(value.Reveal())
	m.Status = types.StringValue(statusActive)
	for _, text := range []*types.String{&m.ID, &m.Name, &m.Role, &m.IssuerName, &m.ExpiresAt} {
		if text.IsUnknown() {
			*text = types.StringNull()
		}
	}
}

// importedAccessToken is the state of a token that was made elsewhere, with the defaults, so that a configuration which
// says no more than its name has nothing to change.
func importedAccessToken(token mlplatform.AccessToken, now time.Time) accessTokenModel {
	state := accessTokenModel{
		TTL: lifetimeNull(), RotateBefore: lifetimeNull(), Keepers: types.MapNull(types.StringType),
		RecreateIfInvalid: types.StringValue(recreateAlways), DeleteOnDestroy: types.BoolValue(true),
	}
	state.describe(token)
	state.Status = types.StringValue(state.statusFound(now))
	return state
}

// dueAt tells whether less than rotate_before is left of the token's life at a moment of the service's clock.
func (m accessTokenModel) dueAt(now time.Time, rotateBefore lifetimeValue) bool {
	expiresAt := parseTime(m.ExpiresAt)
	return rotateBefore.known() && !expiresAt.IsZero() && !now.Before(expiresAt.Add(-rotateBefore.duration()))
}

// expiredAt tells whether the token is past its expiry, as far as the state knows it.
func (m accessTokenModel) expiredAt(now time.Time) bool {
	expiresAt := parseTime(m.ExpiresAt)
	return !expiresAt.IsZero() && !now.Before(expiresAt)
}

// statusFound is the status of a token that is there.
func (m accessTokenModel) statusFound(now time.Time) string {
	switch {
	case m.expiredAt(now):
		return statusExpired
	case m.dueAt(now, m.RotateBefore):
		return statusRotationDue
	}
	return statusActive
}

// statusGone is the status of a token that is no longer there.
func (m accessTokenModel) statusGone(now time.Time) string {
	if m.expiredAt(now) {
		return statusExpired
	}
	return statusMissing
}

// refresh compares the state with a complete list. Only the id identifies a token: its name may have been given to
// another one since.
func (m *accessTokenModel) refresh(list mlplatform.AccessTokenList) {
	if token, found := list.ByID(m.ID.ValueString()); found {
		m.describe(token)
		m.Status = types.StringValue(m.statusFound(list.AsOf))
		return
	}
	other, taken := list.ByName(m.Name.ValueString())
	if taken && !other.Expired(list.AsOf) {
		m.Status = types.StringValue(statusConflict)
		return
	}
	m.Status = types.StringValue(m.statusGone(list.AsOf))
}

// timeValue writes a time as RFC 3339 in UTC; the zero time, which means never, is null.
func timeValue(at time.Time) types.String {
	if at.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(at.UTC().Format(time.RFC3339))
}

// parseTime reads what timeValue wrote; null and unknown are the zero time.
func parseTime(text types.String) time.Time {
	at, err := time.Parse(time.RFC3339, text.ValueString())
	if err != nil {
		return time.Time{}
	}
	return at
}

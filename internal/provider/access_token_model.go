// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// Values of status.
const (
	statusActive      = "active"
	statusRotationDue = "rotation_due"
	statusExpired     = "expired"
	statusMissing     = "missing"
	statusConflict    = "conflict"
)

// Values of recreate_if_invalid.
const (
	recreateAlways = "always"
	recreateNever  = "never"
	recreateUnused = "unused"
)

// accessTokenModel is the model of mlplatform_access_token.
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
	Status            types.String  `tfsdk:"status"`
	tokenValue
}

// redeems reports whether a configuration redeems a register token. Without any name it does, even if the register token
// is null: an ephemeral value can be null while planning and known during the apply.
func (m accessTokenModel) redeems() bool {
	given := !m.RegisterTokenWO.IsNull() && !m.RegisterTokenWO.IsUnknown()
	return given || m.Name.IsNull() && m.NamePrefix.IsNull()
}

// mayRedeem reports whether unknown values decide between a name and a register token.
func (m accessTokenModel) mayRedeem() bool {
	return m.RegisterTokenWO.IsUnknown() && (m.Name.IsUnknown() || m.NamePrefix.IsUnknown())
}

// live reports whether the token was valid at the last refresh.
func (m accessTokenModel) live() bool {
	status := m.Status.ValueString()
	return status == statusActive || status == statusRotationDue
}

// describe fills in what the service says about the token; its value and status are not part of that.
func (m *accessTokenModel) describe(token mlplatform.AccessToken) {
	m.ID = types.StringValue(token.ID)
	m.Name = types.StringValue(token.Name)
	m.Role = types.StringValue(string(token.Role))
	m.IssuerName = types.StringValue(token.IssuerName)
	m.ExpiresAt = timeValue(token.ExpiresAt)
}

// setMinted stores the value of a new token, created at a time of the service's clock. What nobody knows yet becomes null.
func (m *accessTokenModel) setMinted(value mlplatform.Secret, at time.Time, diags *diag.Diagnostics) {
	m.setValue(value, at, diags)
	m.Status = types.StringValue(statusActive)
	for _, text := range []*types.String{&m.ID, &m.Name, &m.Role, &m.IssuerName, &m.ExpiresAt} {
		if text.IsUnknown() {
			*text = types.StringNull()
		}
	}
}

// importedAccessToken returns the state of a token that was created elsewhere. It holds the defaults, so that a
// configuration which sets only the name plans no change.
func importedAccessToken(token mlplatform.AccessToken, now time.Time) accessTokenModel {
	state := accessTokenModel{
		TTL: lifetimeNull(), RotateBefore: lifetimeNull(), Keepers: types.MapNull(types.StringType),
		RecreateIfInvalid: types.StringValue(recreateAlways), DeleteOnDestroy: types.BoolValue(true),
		tokenValue: tokenValue{Recipients: types.ListNull(types.StringType), TokenVersion: types.Int64Value(0)},
	}
	state.describe(token)
	state.Status = types.StringValue(tokenHistory{origin: originImported}.statusFound(state, now))
	return state
}

// expiredAt reports whether the token has expired, according to the expiry in the state.
func (m accessTokenModel) expiredAt(now time.Time) bool {
	expiresAt := parseTime(m.ExpiresAt)
	return !expiresAt.IsZero() && !now.Before(expiresAt)
}

// statusGone returns the status of a token that the service no longer has.
func (m accessTokenModel) statusGone(now time.Time) string {
	if m.expiredAt(now) {
		return statusExpired
	}
	return statusMissing
}

// isEmptyMap reports whether a map is null or has no elements; both mean the same.
func isEmptyMap(m types.Map) bool { return !m.IsUnknown() && len(m.Elements()) == 0 }

func sameKeepers(a, b types.Map) bool { return isEmptyMap(a) && isEmptyMap(b) || a.Equal(b) }

// timeValue formats a time as RFC 3339 in UTC; the zero time, which means never, is null.
func timeValue(at time.Time) types.String {
	if at.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(at.UTC().Format(time.RFC3339))
}

// parseTime parses the output of timeValue; null and unknown give the zero time.
func parseTime(text types.String) time.Time {
	at, err := time.Parse(time.RFC3339, text.ValueString())
	if err != nil {
		return time.Time{}
	}
	return at
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const (
	maxUnreadableShown = 5
	// expiryNotice is how long before the expiry of the provider's own token it is reported.
	expiryNotice = 14 * 24 * time.Hour
)

// warnOfUnreadableRows warns once per walk of rows that the provider cannot read.
func (d *providerData) warnOfUnreadableRows(list mlplatform.AccessTokenList, diags *diag.Diagnostics) {
	if len(list.Unreadable) == 0 || !d.firstTime("unreadable rows") {
		return
	}
	var rows []string
	for _, row := range list.Unreadable[:min(len(list.Unreadable), maxUnreadableShown)] {
		rows = append(rows, fmt.Sprintf("name %q, ID %q: %v", row.Name, row.ID, row.Err))
	}
	diags.AddWarning("Unreadable access tokens", fmt.Sprintf("Rows of the list of access tokens that cannot be read: %d. Nothing is "+
		"decided about a token that could be one of them; other tokens are not affected. Report this to the developers of the "+
		"provider. The first rows are:\n- %s", len(list.Unreadable), strings.Join(rows, "\n- ")))
}

// warnOfExpiry warns once per walk if the provider's own token is about to expire.
func (d *providerData) warnOfExpiry(self mlplatform.AccessToken, diags *diag.Diagnostics) {
	if expiresWithin(self, d.client.Now(), expiryNotice) && d.firstTime("expiry of the provider's token") {
		diags.AddWarning("The provider's token expires soon", fmt.Sprintf("The access token %q, which the provider uses, expires "+
			"at %s. Configure a new one before then. %s", self.Name, self.ExpiresAt.Format(time.RFC3339), howToGetToken))
	}
}

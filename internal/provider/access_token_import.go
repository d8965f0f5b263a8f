// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// ImportState imports a token by its name. The value stays null, because the service never returns it again.
func (r *accessTokenResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	const summary = "Unable to import access token"
	name := req.ID
	if name == "" && !req.Identity.Raw.IsFullyNull() { // an import by identity
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("name"), &name)...)
	}
	if name == "" && !resp.Diagnostics.HasError() {
		resp.Diagnostics.AddError(summary, "The name is empty. Import an access token by its name, exactly as the service shows "+
			"it, for example `terraform import ADDRESS nightly-etl`.")
	}
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	list, err := client.FreshAccessTokens(ctx)
	if err != nil {
		addServiceError(&resp.Diagnostics, summary, fmt.Errorf("access token %q: %w", name, err), mlplatform.RoleAdmin)
		return
	}
	token, found := list.ByConfiguredName(name)
	if !found {
		resp.Diagnostics.AddError(summary, notFoundDetail(name, list))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, importedAccessToken(token, list.AsOf))...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, name)...)
	tokenHistory{origin: originImported}.write(ctx, resp.Private, &resp.Diagnostics)
	if r.data.firstTime("import") { // a run can import thousands
		resp.Diagnostics.AddWarning("Values of imported tokens are not recoverable", fmt.Sprintf("The service returned the value "+
			"of the access token %q only once, at creation, so `token` stays null. The same holds for every other token that "+
			"this run imports. If you need a value, replace the token: use `-replace` or change `keepers`.", name))
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// validateAccessToken checks the rules that concern several attributes. Unknown values are given the benefit of the
// doubt.
func validateAccessToken(config accessTokenModel, diags *diag.Diagnostics) {
	if config.redeems() {
		for name, set := range map[string]bool{
			"role": !config.Role.IsNull(), "ttl": !config.TTL.IsNull(), "rotate_before": !config.RotateBefore.IsNull(),
		} {
			if set {
				diags.AddAttributeError(path.Root(name), "Fixed by the register token", fmt.Sprintf("`%s` cannot be set "+
					"together with `register_token_wo`: name, role and lifetime come from the register token and cannot be "+
					"changed. Remove `%s`, or ask the administrator for a register token that has what you need.", name, name))
			}
		}
		return
	}
	if !config.RotateBefore.IsNull() && config.TTL.IsNull() {
		diags.AddAttributeError(path.Root("rotate_before"), "Missing lifetime", fmt.Sprintf("`rotate_before` is %s, but "+
			"there is no `ttl`, so the token never expires and is never due. Set `ttl` too, for example `ttl = \"90d\"`.",
			config.RotateBefore))
	}
	if config.RotateBefore.known() && config.TTL.known() && config.TTL.duration() > 0 &&
		config.RotateBefore.duration() >= config.TTL.duration() {
		diags.AddAttributeError(path.Root("rotate_before"), "Rotation window too large", fmt.Sprintf("`rotate_before` is "+
			"%s, which is not less than `ttl` (%s): the token would be due as soon as it is made. For example, "+
			"`ttl = \"90d\"` goes with `rotate_before = \"14d\"`.", config.RotateBefore, config.TTL))
	}
	if !config.DeleteOnDestroy.IsNull() && !config.DeleteOnDestroy.IsUnknown() && !config.DeleteOnDestroy.ValueBool() &&
		config.TTL.IsNull() {
		diags.AddAttributeError(path.Root("delete_on_destroy"), "Missing lifetime", "`delete_on_destroy` is false, but "+
			"there is no `ttl`: a token that never expires would be left behind for ever. Set `ttl`, for example "+
			"`ttl = \"90d\"`, or remove `delete_on_destroy`.")
	}
}

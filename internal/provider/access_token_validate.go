// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// validateAccessToken checks the rules that concern several attributes. A rule that depends on an unknown value is
// skipped.
func validateAccessToken(config accessTokenModel, planning bool, diags *diag.Diagnostics) {
	fixed := fixedByRegisterToken(config)
	// A register token that is null while planning is possible only if the rest describes a redemption.
	validateNaming(config, planning && len(fixed) == 0, diags)
	if config.redeems() {
		if config.RegisterTokenWO.IsNull() {
			return
		}
		for _, name := range fixed {
			diags.AddAttributeError(path.Root(name), "Fixed by the register token", fmt.Sprintf("`%s` cannot be set "+
				"together with `register_token_wo`: name, role and lifetime come from the register token. "+
				"Remove `%s`, or ask the administrator for a register token with the values you need.", name, name))
		}
		return
	}
	if config.mayRedeem() {
		return
	}
	if !config.RotateBefore.IsNull() && config.TTL.IsNull() {
		diags.AddAttributeError(path.Root("rotate_before"), "Missing lifetime", fmt.Sprintf("`rotate_before` is %s, but "+
			"`ttl` is not set, so the token never expires and is never replaced. Set `ttl` too, for example `ttl = \"90d\"`.",
			config.RotateBefore))
	}
	if config.RotateBefore.known() && config.TTL.known() && config.TTL.duration() > 0 &&
		config.RotateBefore.duration() >= config.TTL.duration() {
		diags.AddAttributeError(path.Root("rotate_before"), "Rotation window too large", fmt.Sprintf("`rotate_before` is "+
			"%s, which is not less than `ttl` (%s), so the token would have to be replaced as soon as it is created. For "+
			"example, combine `ttl = \"90d\"` with `rotate_before = \"14d\"`.", config.RotateBefore, config.TTL))
	}
	if !config.DeleteOnDestroy.IsNull() && !config.DeleteOnDestroy.IsUnknown() && !config.DeleteOnDestroy.ValueBool() &&
		config.TTL.IsNull() {
		diags.AddAttributeError(path.Root("delete_on_destroy"), "Missing lifetime", "`delete_on_destroy` is false, but "+
			"`ttl` is not set: a token that never expires would be left behind. Set `ttl`, for example "+
			"`ttl = \"90d\"`, or remove `delete_on_destroy`.")
	}
}

// fixedByRegisterToken returns the attributes that are set and that a redemption takes from the register token.
func fixedByRegisterToken(config accessTokenModel) []string {
	var out []string
	if !config.Role.IsNull() && !config.Role.IsUnknown() {
		out = append(out, "role")
	}
	if config.TTL.known() {
		out = append(out, "ttl")
	}
	if config.RotateBefore.known() {
		out = append(out, "rotate_before")
	}
	return out
}

// validateNaming checks that exactly one attribute determines the name. While planning, none may be set: an ephemeral
// register token can be null until the apply.
func validateNaming(config accessTokenModel, planning bool, diags *diag.Diagnostics) {
	var set, unknown []string
	for _, naming := range []struct {
		attribute string
		value     types.String
	}{{"name", config.Name}, {"name_prefix", config.NamePrefix}, {"register_token_wo", config.RegisterTokenWO}} {
		switch {
		case naming.value.IsUnknown():
			unknown = append(unknown, naming.attribute)
		case !naming.value.IsNull():
			set = append(set, "`"+naming.attribute+"`")
		}
	}
	const rule = "Exactly one of `name`, `name_prefix` and `register_token_wo` must be set"
	switch {
	case len(set) > 1:
		diags.AddError("More than one name", fmt.Sprintf("%s, but %s are set. Keep one of them, for example "+
			"`name = \"nightly-etl\"`.", rule, strings.Join(set, " and ")))
	case len(set) == 0 && len(unknown) == 0 && !planning:
		diags.AddError("Missing name", rule+", but none is set. Set one, for example `name = \"nightly-etl\"`. A token that "+
			"was created from a register token keeps its `register_token_wo`; once the token exists, any value will do.")
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// successor is what the plan of a creation says about the name of the new token. That plan cannot know that the creation
// is half of a replacement: Terraform does not show it a taint, `-replace` or `replace_triggered_by`. But if the old object is
// deleted first, its deletion gets the private data of this plan. Every other deletion gets the private data of the state,
// which never has a successor.
type successor struct {
	// Name is empty if it is not known yet, or set by a register token.
	Name string `json:"name,omitempty"`
	// Unique is set for a name with a unique suffix.
	Unique  bool `json:"unique,omitempty"`
	Redeems bool `json:"redeems,omitempty"`
}

func newSuccessor(config accessTokenModel) successor {
	redeems := config.redeems()
	return successor{Name: config.Name.ValueString(), Redeems: redeems, Unique: config.Name.IsNull() && !redeems}
}

// mayTake reports whether the new token may get this name.
func (s successor) mayTake(name string) bool { return !s.Unique && (s.Name == "" || s.Name == name) }

// refuseLoss refuses to forget a valid token (`delete_on_destroy = false`) whose name the successor needs, and reports
// whether it did. The creation would fail, and the only copy of the old value would be gone.
func (r *accessTokenResource) refuseLoss(ctx context.Context, state accessTokenModel, history tokenHistory, next successor, diags *diag.Diagnostics) bool {
	if !next.mayTake(state.Name.ValueString()) || !r.stillLive(ctx, state, history) {
		return false
	}
	advice := "To replace the token, set `name_prefix` or another `name`. Or run `terraform untaint` if the resource is " +
		"tainted, apply `delete_on_destroy = true` without any other change, and replace the token after that."
	if next.Redeems {
		advice = "Wait until the old token has expired, or ask the administrator to delete it first. Or request a register " +
			"token for another name, and set `lifecycle { create_before_destroy = true }`."
	}
	diags.AddError(losesToken, fmt.Sprintf("The access token %s is about to be replaced because of a taint, `-replace` or "+
		"`replace_triggered_by`. %s. The old token is kept, and remains in the state. %s",
		state.Name, lossInWords(next.Name == "" && !next.Redeems), advice))
	return true
}

// stillLive reports whether a token is valid now: its state can be as old as the plan. If that cannot be found out, the
// last refresh decides.
func (r *accessTokenResource) stillLive(ctx context.Context, state accessTokenModel, history tokenHistory) bool {
	if !r.ready() || !state.live() {
		return state.live()
	}
	var ignored diag.Diagnostics
	ctx = masked(ctx, state.plainValue())
	if state.plainValue() != "" {
		r.readByOwnValue(ctx, &state, history, &ignored)
	} else {
		r.read(ctx, &state, history, &ignored)
	}
	return state.live() && !state.expiredAt(r.data.client.Now())
}

const losesToken = "The replacement would lose a valid token"

// lossInWords says why a replacement cannot work with `delete_on_destroy = false`. It ends without a period.
func lossInWords(nameUnknown bool) string {
	condition := ""
	if nameUnknown {
		condition = " if the new `name`, which is not known yet, turns out to be the same"
	}
	return fmt.Sprintf("With `delete_on_destroy = false` in the state, the old token is not deleted and keeps its name, so the "+
		"new one could not be created%s, and the only copy of the old value would be removed from the state", condition)
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// A token is undescribed if its value arrived, but no request after that could describe it. Its ID is null then. Its own value
// describes it later. If the value is encrypted, the name does: it was free when the token was created.

// describeByName completes the state of an undescribed token from the list, and reports whether it could. A token with another
// role or an impossible expiry is another token.
func describeByName(state *accessTokenModel, history tokenHistory, list mlplatform.AccessTokenList) bool {
	token, found := list.ByName(state.Name.ValueString())
	if !found || string(token.Role) != state.Role.ValueString() || !history.couldExpireAt(token.ExpiresAt, state.TTL) {
		return false
	}
	state.describe(token)
	return true
}

// warnOfUndescribed says that nothing can be planned for a token yet.
func warnOfUndescribed(state accessTokenModel, diags *diag.Diagnostics) {
	diags.AddWarning("The access token is still not described", fmt.Sprintf("%s could not be described when it was created, and the list "+
		"of the project's access tokens does not show it. Its value is in `encrypted_token`. Nothing is planned for it. %s",
		undescribedInWords(state.Name), howToReplaceUndescribed))
}

const howToReplaceUndescribed = "If it does not appear, replace it with `-replace`, or with a fresh register token if it was redeemed."

func undescribedInWords(name types.String) string {
	if name.IsNull() {
		return "A redeemed access token, whose name only its register token determined,"
	}
	return "The access token " + name.String()
}

// identify finds out the ID of an undescribed token that is to be deleted. It returns false if there is nothing to delete, or
// after an error.
func (r *accessTokenResource) identify(ctx context.Context, client *mlplatform.Client, state *accessTokenModel,
	history tokenHistory, diags *diag.Diagnostics,
) bool {
	if state.plainValue() != "" {
		r.readByOwnValue(ctx, state, history, diags)
		return !diags.HasError() && !state.ID.IsNull()
	}
	if state.Name.IsNull() {
		diags.AddError(unableToDelete, undescribedInWords(state.Name)+" could not be described when it was created, so its name is not "+
			"known. Ask the administrator who created the register token to delete it, then remove the resource with "+
			"`terraform state rm`.")
		return false
	}
	list, err := client.FreshAccessTokens(ctx)
	if err != nil {
		addServiceError(diags, unableToDelete, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
		return false
	}
	if describeByName(state, history, list) {
		return true
	}
	if other, taken := list.ByName(state.Name.ValueString()); taken {
		warnOfForeign(*state, other, diags)
	}
	return false
}

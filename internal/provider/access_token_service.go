// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const unableToDelete = "Unable to delete access token"

// redeem makes an access token from a register token.
func redeem(ctx context.Context, client *mlplatform.Client, registerToken mlplatform.Secret, diags *diag.Diagnostics) mlplatform.Secret {
	const summary = "Unable to redeem the register token"
	// A cancellation must wait: an answer that nobody reads would leave a token behind.
	value, err := client.RedeemRegisterToken(context.WithoutCancel(masked(ctx, registerToken)), registerToken)
	var failed *mlplatform.Error
	switch {
	case err == nil:
	case mlplatform.IsConflict(err):
		diags.AddError(summary, sentence(err.Error())+"\n\nA live access token has the name that the register token "+
			"fixes. Ask the administrator to delete it or to give you a register token for another name. The register "+
			"token itself may still be good.")
	case errors.As(err, &failed) && failed.Status >= 400 && failed.Status < 500 && failed.Code != "" && failed.Status != 429:
		diags.AddError(summary, sentence(err.Error())+"\n\nEither the register token was redeemed before (it works once), "+
			"or its lifetime is over; the service does not tell which. Ask the administrator for a fresh register token, "+
			"and to look whether an access token of its name exists already.")
	case errors.As(err, &failed) && failed.OutcomeUnknown():
		diags.AddError(summary, sentence(err.Error())+"\n\nThe service may have made the access token all the same; its "+
			"value is lost then. Apply again: if the register token turns out to be spent, ask the administrator to "+
			"delete the access token that it made, and for a fresh register token.")
	default:
		addServiceError(diags, summary, err, mlplatform.RoleUser)
	}
	return value
}

// deleteToken deletes the token of the state and no other. The service deletes by name, so the list must say that the
// name still belongs to the id.
func (r *accessTokenResource) deleteToken(ctx context.Context, client *mlplatform.Client, state accessTokenModel, diags *diag.Diagnostics) {
	fail := func(err error) {
		addServiceError(diags, unableToDelete, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
	}
	if !client.HasToken() {
		diags.AddError(unableToDelete, fmt.Sprintf("The access token %s is to be deleted, but no token is configured, and this "+
			"needs one of the role ADMIN. %s To leave the token to its expiry instead, set `delete_on_destroy = false`, apply, "+
			"and destroy then.", state.Name, howToSetToken))
		return
	}
	if state.ID.IsNull() {
		// The creation broke off before the id was known; only the value tells which token it is.
		r.readByOwnValue(ctx, &state, diags)
		if diags.HasError() || state.ID.IsNull() {
			return
		}
	}
	self, err := r.data.ownToken(ctx)
	if err != nil {
		fail(err)
		return
	}
	if self.ID == state.ID.ValueString() {
		diags.AddError("Refusing to delete the provider's own token", fmt.Sprintf("The provider works with the access token "+
			"%s itself. Deleting it would cut off everything else that is to be done. Nothing was deleted. Configure "+
			"another ADMIN token for the provider, or remove the token from Terraform with `terraform state rm`.", state.Name))
		return
	}
	list, err := client.AccessTokens(ctx)
	if err != nil {
		fail(err)
		return
	}
	_, there := list.ByID(state.ID.ValueString())
	if named, taken := list.ByName(state.Name.ValueString()); taken && named.ID != state.ID.ValueString() {
		diags.AddWarning("Another token has the name", fmt.Sprintf("Somebody made another access token named %s (id %s). It "+
			"is left alone; the token of the state is gone or expired.", state.Name, named.ID))
		return
	}
	if !there {
		return
	}
	if err := client.DeleteAccessToken(ctx, state.Name.ValueString()); err != nil && !mlplatform.IsNotFound(err) {
		fail(err)
	}
}

const maxNearNames = 5

// notFoundDetail says that a name is not in the list, and which near ones are.
func notFoundDetail(name string, list mlplatform.AccessTokenList) string {
	var near []string
	for _, token := range list.Tokens {
		near = append(near, token.Name)
	}
	slices.Sort(near)
	near = slices.Compact(near)
	wanted := strings.ToLower(name)
	similarity := func(other string) float64 {
		return levenshtein.Similarity(wanted, strings.ToLower(other), nil)
	}
	slices.SortStableFunc(near, func(a, b string) int {
		switch sa, sb := similarity(a), similarity(b); {
		case sa > sb:
			return -1
		case sa < sb:
			return 1
		}
		return 0
	})
	detail := fmt.Sprintf("The project has no access token named %q.", name)
	if len(near) == 0 {
		return detail + " It has none at all. Check that the provider's token is of the right project."
	}
	for i, other := range near[:min(len(near), maxNearNames)] {
		near[i] = fmt.Sprintf("%q", other)
	}
	return detail + " The nearest names are: " + strings.Join(near[:min(len(near), maxNearNames)], ", ") +
		". A name is given exactly as the service shows it."
}

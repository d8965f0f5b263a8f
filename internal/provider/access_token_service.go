// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const unableToDelete = "Unable to delete access token"

// read takes over what the service says of the token.
func (r *accessTokenResource) read(ctx context.Context, state *accessTokenModel, origin tokenOrigin, diags *diag.Diagnostics) {
	client := r.data.client
	if state.ID.IsNull() || origin == originRedeemed && !client.HasToken() {
		r.readByOwnValue(ctx, state, diags)
		return
	}
	list, err := client.AccessTokens(ctx)
	var failed *mlplatform.Error
	switch {
	case err == nil:
		state.refresh(list)
		r.data.sawToken(state.ID.ValueString(), list.AsOf)
	case origin == originRedeemed && errors.As(err, &failed) && failed.MissingScope:
		// Whoever redeems a register token need not be an administrator.
		r.readByOwnValue(ctx, state, diags)
	default:
		addServiceError(diags, "Unable to read access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
	}
}

// readByOwnValue describes a token with its own value: one that was redeemed without an administrator, or one whose
// creation broke off before its id was known.
func (r *accessTokenResource) readByOwnValue(ctx context.Context, state *accessTokenModel, diags *diag.Diagnostics) {
	own := r.data.client.WithToken(state.value())
	token, err := own.WhoAmI(ctx)
	var failed *mlplatform.Error
	switch {
	case err == nil:
		state.describe(token)
		state.Status = types.StringValue(state.statusFound(own.Now()))
		r.data.sawToken(token.ID, own.Now())
	// Only the service itself may say so: a token that was taken for gone would never be deleted.
	case mlplatform.IsUnauthorized(err) && errors.As(err, &failed) && failed.Refused():
		state.Status = types.StringValue(state.statusGone(own.Now()))
	default:
		addServiceError(diags, "Unable to read access token", fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleUser)
	}
}

// addRedeemError reports a redemption that failed, to somebody who cannot look at the service.
func addRedeemError(diags *diag.Diagnostics, err error) {
	const summary = "Unable to redeem the register token"
	var failed *mlplatform.Error
	var lost *mlplatform.LostTokenError
	switch {
	case errors.As(err, &lost) && len(lost.Candidates) > 0:
		diags.AddError(summary, sentence(err.Error())+"\n\nSince then the project has got "+quoted(lost.Candidates)+
			". Delete the one of these that the register token was made for, because nobody has its value, and apply again with a "+
			"fresh register token.")
	case errors.As(err, &lost):
		diags.AddError(summary, sentence(err.Error())+"\n\nAsk the administrator to delete the access token of the name "+
			"that the register token was made for, if there is one, and for a fresh register token.")
	case mlplatform.IsConflict(err):
		diags.AddError(summary, sentence(err.Error())+"\n\nA live access token has the name that the register token "+
			"fixes. Ask the administrator to delete it or to give you a register token for another name. The register "+
			"token itself may still be good.")
	case errors.As(err, &failed) && failed.Refused():
		diags.AddError(summary, sentence(err.Error())+"\n\nEither the register token was redeemed before (it works once), "+
			"or its lifetime is over; the service does not tell which. Ask the administrator for a fresh register token, "+
			"and to look whether an access token of its name exists already.")
	default:
		addServiceError(diags, summary, err, mlplatform.RoleUser)
	}
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
		diags.AddError("Refusing to delete the provider's own token", ownTokenDetail(state.Name.ValueString())+
			", or remove the token from Terraform with `terraform state rm`.")
		return
	}
	foreign, err := client.DeleteAccessTokenWithID(ctx, state.ID.ValueString(), state.Name.ValueString())
	if err != nil {
		fail(err)
	}
	if foreign != nil {
		diags.AddWarning("Another token has the name", fmt.Sprintf("Somebody made another access token named %s (id %s). It "+
			"is left alone; the token of the state is gone or expired.", state.Name, foreign.ID))
	}
}

// ownTokenDetail refuses to delete the token that the provider works with.
func ownTokenDetail(name string) string {
	return fmt.Sprintf("The provider works with the access token %q itself. Deleting it would cut off everything else that "+
		"is to be done. Nothing was deleted. Configure another ADMIN token for the provider", name)
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
	return detail + " The nearest names are: " + quoted(near[:min(len(near), maxNearNames)]) +
		". A name is given exactly as the service shows it."
}

// quoted lists names so that their ends can be seen.
func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strconv.Quote(name)
	}
	return strings.Join(out, ", ")
}

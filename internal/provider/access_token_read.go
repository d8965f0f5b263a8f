// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const unableToRead = "Unable to read access token"

func (r *accessTokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state accessTokenModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	history := readTokenHistory(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	before := state
	if state.TokenVersion.IsNull() { // written by a version of the provider that did not have it
		state.TokenVersion = history.version()
	}
	if r.ready() { // otherwise the provider's configuration is not known yet, and the state is kept
		r.read(masked(ctx, state.plainValue()), &state, history, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() {
		if !reflect.DeepEqual(state, before) {
			resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		}
		resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.Name.ValueString())...)
	}
}

// read updates the state from the list of access tokens, or with the token's own value where there is no list.
func (r *accessTokenResource) read(ctx context.Context, state *accessTokenModel, history tokenHistory, diags *diag.Diagnostics) {
	client := r.data.client
	undescribed := state.ID.IsNull()
	if undescribed && state.plainValue() != "" || history.origin == originRedeemed && !client.HasToken() {
		r.readByOwnValue(ctx, state, history, diags)
		return
	}
	list, err := client.AccessTokens(ctx)
	if history.origin == originRedeemed && mlplatform.IsMissingScope(err) {
		// Redeeming a register token does not require an administrator.
		r.readByOwnValue(ctx, state, history, diags)
		return
	}
	if err != nil {
		addServiceError(diags, unableToRead, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleAdmin)
		return
	}
	r.data.warnOfUnreadableRows(list, diags)
	if undescribed && !describeByName(state, history, list) {
		warnOfUndescribed(*state, diags)
		return
	}
	token, found := list.ByID(state.ID.ValueString())
	if !found && list.CouldBeUnreadable(state.ID.ValueString(), state.Name.ValueString()) {
		return // the state is kept, and the warning names the row
	}
	if !found && !r.confirmMissing(ctx, *state, list, diags) {
		return
	}
	r.data.sawToken(state.ID.ValueString(), list.AsOf, found)
	switch other, taken := list.ByName(state.Name.ValueString()); {
	case found:
		state.describe(token)
		state.Status = types.StringValue(history.statusFound(*state, list.AsOf))
	case taken && !other.Expired(list.AsOf): // only the ID identifies a token; its name may have been reused
		state.Status = types.StringValue(statusConflict)
	default:
		state.Status = types.StringValue(state.statusGone(list.AsOf))
	}
}

// confirmMissing reports whether a token that the list lacks is really gone. The list may be that of another project, or
// incomplete, so the token's own value is tried, where the state has it.
func (r *accessTokenResource) confirmMissing(ctx context.Context, state accessTokenModel, list mlplatform.AccessTokenList, diags *diag.Diagnostics) bool {
	if state.plainValue() == "" || state.expiredAt(list.AsOf) {
		return true
	}
	_, err := r.data.client.WithToken(state.plainValue()).WhoAmI(ctx)
	switch {
	case err == nil:
		diags.AddError("A valid token is not in the list", fmt.Sprintf("The access token %s (ID %s) is valid, but the list of "+
			"the project's access tokens does not contain it. Either the provider's token belongs to another project%s, or the "+
			"list is incomplete. Nothing is planned. Check the provider's token and `endpoint`; if they are correct, try "+
			"again later.", state.Name, state.ID, r.ownTokenInWords(ctx)))
		return false
	case refusedByService(err):
		return true
	}
	addServiceError(diags, unableToRead, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleUser)
	return false
}

// ownTokenInWords names the provider's own token in parentheses, if it can be described.
func (r *accessTokenResource) ownTokenInWords(ctx context.Context) string {
	self, err := r.data.client.Self(ctx)
	if err != nil {
		return ""
	}
	if self.IssuerName == "" {
		return fmt.Sprintf(" (it is %q)", self.Name)
	}
	return fmt.Sprintf(" (it is %q, issued by %q)", self.Name, self.IssuerName)
}

// warnOfOtherProject warns once per walk if no token of the state is in the list and nothing confirms that they are gone.
// Terraform does not say which token is the last one. So the order of the reads decides whether it also warns of a token that
// is gone before another one is found, but it always warns if none is found.
func (r *accessTokenResource) warnOfOtherProject(ctx context.Context, facts accessTokenFacts, diags *diag.Diagnostics) {
	if facts.missingUnconfirmed() && !r.data.anyListed() && r.data.firstTime("other project") {
		diags.AddWarning("No token of the state is in the list", fmt.Sprintf("None of the access tokens read so far is in the "+
			"list of the project's access tokens, for example %s (ID %s). The provider's token may belong to another "+
			"project%s. Check it before you apply this plan.", facts.state.Name, facts.state.ID, r.ownTokenInWords(ctx)))
	}
}

// refusedByService reports whether the service itself rejects a token, which a proxy or a weak role does not show.
func refusedByService(err error) bool {
	return mlplatform.IsUnauthorized(err) && mlplatform.IsRefused(err) && !mlplatform.IsMissingScope(err)
}

// readByOwnValue updates the state with the token's own value. It is for a token that was redeemed without an
// administrator, and for one whose ID is not known yet. If the value is encrypted, only the expiry is known.
func (r *accessTokenResource) readByOwnValue(ctx context.Context, state *accessTokenModel, history tokenHistory, diags *diag.Diagnostics) {
	if state.plainValue() == "" {
		if state.live() {
			state.Status = types.StringValue(history.statusFound(*state, r.data.client.Now()))
			r.data.sawToken(state.ID.ValueString(), r.data.client.Now(), true)
		}
		return
	}
	own := r.data.client.WithToken(state.plainValue())
	token, err := own.WhoAmI(ctx)
	switch {
	case err == nil:
		state.describe(token)
		state.Status = types.StringValue(history.statusFound(*state, own.Now()))
	case refusedByService(err):
		state.Status = types.StringValue(state.statusGone(own.Now()))
	default:
		addServiceError(diags, unableToRead, fmt.Errorf("access token %s: %w", state.Name, err), mlplatform.RoleUser)
		return
	}
	r.data.sawToken(state.ID.ValueString(), own.Now(), err == nil)
}

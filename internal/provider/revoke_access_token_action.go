// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var _ action.ActionWithConfigure = (*revokeAccessTokenAction)(nil)

func newRevokeAccessTokenAction() action.Action { return &revokeAccessTokenAction{} }

// revokeAccessTokenAction deletes an access token by its name, whether or not Terraform manages it.
type revokeAccessTokenAction struct{ configuredAction }

type revokeAccessTokenModel struct {
	Name types.String `tfsdk:"name"`
}

func (a *revokeAccessTokenAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_revoke_access_token"
}

func (a *revokeAccessTokenAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Deletes an access token immediately, for incident response. " + needsAdmin + " The provider's own " +
			"token is never deleted.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: nameText,
				Validators:          validName(`"nightly-etl"`),
			},
		},
	}
}

func (a *revokeAccessTokenAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	const summary = "Unable to revoke access token"
	var model revokeAccessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := a.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	name := model.Name.ValueString()
	fail := func(err error) {
		addServiceError(&resp.Diagnostics, summary, fmt.Errorf("access token %q: %w", name, err), mlplatform.RoleAdmin)
	}
	// During an incident, a cached list is not good enough.
	list, err := client.FreshAccessTokens(ctx)
	if err != nil {
		fail(err)
		return
	}
	a.data.warnOfUnreadableRows(list, &resp.Diagnostics)
	token, found := list.ByConfiguredName(name)
	if !found {
		resp.Diagnostics.AddAttributeError(path.Root("name"), summary, notFoundDetail(name, list))
		return
	}
	self, err := client.Self(ctx)
	if err != nil {
		fail(err)
		return
	}
	a.data.warnOfExpiry(self, &resp.Diagnostics)
	if self.ID == token.ID {
		resp.Diagnostics.AddAttributeError(path.Root("name"), summary, ownTokenDetail(name)+".")
		return
	}
	if err := client.DeleteAccessToken(ctx, token.Name); err != nil && !mlplatform.IsNotFound(err) {
		fail(err)
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("Revoked the access token %q (ID %s).", name, token.ID)})
}

// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// framework is all of the protocol that the plugin framework serves.
type framework interface {
	tfprotov6.ProviderServerWithListResource //nolint:staticcheck // needed until its methods are those of ProviderServer
	tfprotov6.ProviderServerWithActions      //nolint:staticcheck // as above
}

// quietServer makes the four calls that Terraform makes of each resource in a plan without the loggers that the SDK puts
// into their contexts. A logger that is off still copies the fields of every line that it does not write.
type quietServer struct{ framework }

func (s quietServer) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return s.framework.ValidateResourceConfig(withoutValues(ctx), req)
}

func (s quietServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return s.framework.UpgradeResourceState(withoutValues(ctx), req)
}

func (s quietServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return s.framework.ReadResource(withoutValues(ctx), req)
}

func (s quietServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return s.framework.PlanResourceChange(withoutValues(ctx), req)
}

// withoutValues returns a context that ends as it did. In those of these calls there is nothing but the loggers.
func withoutValues(ctx context.Context) context.Context { return bare{ctx} }

type bare struct{ context.Context }

func (bare) Value(any) any { return nil }

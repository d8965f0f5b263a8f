// SPDX-License-Identifier: MPL-2.0

// Command bare is the provider with the calls of an unchanged plan answered from their own input. Its plan takes as long
// as the plan of any plugin must: everything else is the CLI, gRPC and the encoding of states.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/serve"
)

func main() {
	stderr := os.Stderr // serving replaces it
	err := serve.Server(func() tfprotov6.ProviderServer {
		return bare{providerserver.NewProtocol6(provider.New("bare")())()}
	}, false)
	if err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

type bare struct{ tfprotov6.ProviderServer }

func (bare) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (bare) UpgradeResourceState(_ context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, nil
}

func (bare) UpgradeResourceIdentity(_ context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return &tfprotov6.UpgradeResourceIdentityResponse{
		UpgradedIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{JSON: req.RawIdentity.JSON}},
	}, nil
}

func (bare) ReadResource(_ context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, NewIdentity: req.CurrentIdentity, Private: req.Private}, nil
}

// PlanResourceChange leaves creations, which the measurement begins with, to the provider.
func (b bare) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if creates, err := req.PriorState.IsNull(); creates || err != nil {
		return b.ProviderServer.PlanResourceChange(ctx, req)
	}
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState: req.ProposedNewState, PlannedIdentity: req.PriorIdentity, PlannedPrivate: req.PriorPrivate,
	}, nil
}

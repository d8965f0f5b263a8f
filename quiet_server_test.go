// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

type key struct{}

// recorder stands for the framework and remembers the context of the last call.
type recorder struct {
	framework
	seen context.Context //nolint:containedctx // it is what the test is about
}

func (r *recorder) ValidateResourceConfig(ctx context.Context, _ *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	r.seen = ctx
	return nil, nil
}

func (r *recorder) UpgradeResourceState(ctx context.Context, _ *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	r.seen = ctx
	return nil, nil
}

func (r *recorder) ReadResource(ctx context.Context, _ *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	r.seen = ctx
	return nil, nil
}

func (r *recorder) PlanResourceChange(ctx context.Context, _ *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	r.seen = ctx
	return nil, nil
}

func (r *recorder) ApplyResourceChange(ctx context.Context, _ *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	r.seen = ctx
	return nil, nil
}

// The calls of a plan have no values in their contexts, and end with the request all the same; others have all.
func TestQuietServer(t *testing.T) {
	t.Parallel()
	inner := &recorder{}
	server := quietServer{inner}
	for name, test := range map[string]struct {
		call func(context.Context)
		bare bool
	}{
		"validate": {func(ctx context.Context) { _, _ = server.ValidateResourceConfig(ctx, nil) }, true},
		"upgrade":  {func(ctx context.Context) { _, _ = server.UpgradeResourceState(ctx, nil) }, true},
		"read":     {func(ctx context.Context) { _, _ = server.ReadResource(ctx, nil) }, true},
		"plan":     {func(ctx context.Context) { _, _ = server.PlanResourceChange(ctx, nil) }, true},
		"apply":    {func(ctx context.Context) { _, _ = server.ApplyResourceChange(ctx, nil) }, false},
	} {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "a logger"))
		inner.seen = nil
		test.call(ctx)
		cancel()
		if inner.seen == nil {
			t.Fatalf("%s: the call did not get through", name)
		}
		if bare := inner.seen.Value(key{}) == nil; bare != test.bare {
			t.Errorf("%s: without values: %v", name, bare)
		}
		if !errors.Is(inner.seen.Err(), context.Canceled) {
			t.Errorf("%s: it does not end with the request: %v", name, inner.seen.Err())
		}
	}
}

// An update of the framework must not turn it off unnoticed, nor hide what the framework has come to serve.
func TestFrameworkIsWhole(t *testing.T) {
	t.Parallel()
	server := providerserver.NewProtocol6(provider.New("test")())()
	if _, ok := server.(framework); !ok {
		t.Error("the framework's server lacks a part of the protocol")
	}
}

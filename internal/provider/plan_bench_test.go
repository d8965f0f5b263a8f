// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

// BenchmarkUnchangedAccessToken makes the four calls that Terraform makes of a token that a plan leaves as it is. What
// is not measured is the way between the two programs.
func BenchmarkUnchangedAccessToken(b *testing.B) {
	const kind = "mlplatform_access_token"
	ctx := b.Context()
	service, err := emulator.Start(emulator.Options{Unchecked: true})
	if err != nil {
		b.Fatal(err)
	}
	defer service.Close()
	server := providerserver.NewProtocol6(provider.New("bench")())()
	schemas := must(server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{}))(b)
	object := func(schema *tfprotov6.Schema, values map[string]any) *tfprotov6.DynamicValue {
		kind := schema.ValueType().(tftypes.Object) //nolint:forcetypeassert // a schema is of no other type
		attributes := map[string]tftypes.Value{}
		for name, of := range kind.AttributeTypes {
			attributes[name] = tftypes.NewValue(of, values[name])
		}
		value, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, attributes))
		if err != nil {
			b.Fatal(err)
		}
		return &value
	}
	must(server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{
		Config: object(schemas.Provider, map[string]any{"endpoint": service.Endpoint(), "token": service.AdminToken()}),
	}))(b)

	schema := schemas.ResourceSchemas[kind]
	settings := map[string]any{"name": "etl", "ttl": "90d"}
	config := object(schema, settings)
	null, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		b.Fatal(err)
	}
	planned := must(server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: &null, ProposedNewState: config, Config: config,
	}))(b)
	made := must(server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: &null, PlannedState: planned.PlannedState, Config: config, PlannedPrivate: planned.PlannedPrivate,
	}))(b)
	if len(made.Diagnostics) > 0 {
		b.Fatal(made.Diagnostics[0].Summary)
	}
	stored := jsonOf(b, schema, made.NewState)

	b.ReportAllocs()
	for b.Loop() {
		must(server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: kind, Config: config}))(b)
		upgraded := must(server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
			TypeName: kind, RawState: &tfprotov6.RawState{JSON: stored},
		}))(b)
		read := must(server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
			TypeName: kind, CurrentState: upgraded.UpgradedState, Private: made.Private,
		}))(b)
		planned := must(server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
			TypeName: kind, PriorState: read.NewState, ProposedNewState: read.NewState, Config: config, PriorPrivate: read.Private,
		}))(b)
		if len(planned.RequiresReplace) > 0 || len(planned.Diagnostics) > 0 {
			b.Fatal("there is something to do")
		}
	}
}

// must ends a benchmark at an error.
func must[T any](value T, err error) func(*testing.B) T {
	return func(b *testing.B) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return value
	}
}

// jsonOf writes an object of texts and booleans as a state file has it.
func jsonOf(b *testing.B, schema *tfprotov6.Schema, object *tfprotov6.DynamicValue) []byte {
	b.Helper()
	attributes := map[string]tftypes.Value{}
	if err := must(object.Unmarshal(schema.ValueType()))(b).As(&attributes); err != nil {
		b.Fatal(err)
	}
	out := map[string]any{}
	for name, value := range attributes {
		var text *string
		var truth *bool
		if value.As(&text) == nil && text != nil {
			out[name] = *text
		} else if value.As(&truth) == nil && truth != nil {
			out[name] = *truth
		}
	}
	return must(json.Marshal(out))(b)
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Each field of a model has its attribute, by the name that the framework's own reflection goes by.
func TestModelFieldsAreComplete(t *testing.T) {
	t.Parallel()
	for name, model := range map[string]fieldedModel{"access token": &accessTokenModel{}, "register token": &registerTokenModel{}} {
		fields := model.fields()
		value := reflect.ValueOf(model).Elem()
		if len(fields) != value.NumField() {
			t.Errorf("%s: %d of %d fields are there", name, len(fields), value.NumField())
		}
		for i := range value.NumField() {
			attribute := value.Type().Field(i).Tag.Get("tfsdk")
			if fields[attribute] != value.Field(i).Addr().Interface() {
				t.Errorf("%s: %s is another field", name, attribute)
			}
		}
	}
}

// getModel reads what the framework's own Get reads.
func TestGetModelReadsWhatGetReads(t *testing.T) {
	t.Parallel()
	var schema resource.SchemaResponse
	(&accessTokenResource{}).Schema(t.Context(), resource.SchemaRequest{}, &schema)
	kind, ok := schema.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatal("the schema is no object")
	}
	keepers := tftypes.Map{ElementType: tftypes.String}
	for name, filled := range map[string]map[string]tftypes.Value{
		"null": {},
		"known": {
			"name": tftypes.NewValue(tftypes.String, "etl"), "ttl": tftypes.NewValue(tftypes.String, "60m"),
			"delete_on_destroy": tftypes.NewValue(tftypes.Bool, false),
			"keepers":           tftypes.NewValue(keepers, map[string]tftypes.Value{"a": tftypes.NewValue(tftypes.String, "b")}),
		},
		"unknown": {
			"name": tftypes.NewValue(tftypes.String, tftypes.UnknownValue), "ttl": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
			"delete_on_destroy": tftypes.NewValue(tftypes.Bool, tftypes.UnknownValue),
			"keepers":           tftypes.NewValue(keepers, tftypes.UnknownValue),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := map[string]tftypes.Value{}
			for attribute, attributeType := range kind.AttributeTypes {
				values[attribute] = tftypes.NewValue(attributeType, nil)
			}
			for attribute, value := range filled {
				values[attribute] = value
			}
			raw := tftypes.NewValue(kind, values)
			var want, got accessTokenModel
			state := tfsdk.State{Raw: raw, Schema: schema.Schema}
			if diags := state.Get(t.Context(), &want); diags.HasError() {
				t.Fatal(diags)
			}
			var diags diag.Diagnostics
			getModel(t.Context(), raw, &got, &diags)
			if diags.HasError() {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !sameModel(&want, &got) {
				t.Error("equal models are taken for different ones")
			}
			got.Status = newLifetime("other").StringValue
			if sameModel(&want, &got) {
				t.Error("different models are taken for equal ones")
			}
		})
	}
}

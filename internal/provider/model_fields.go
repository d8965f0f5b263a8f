// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// modelFields are pointers to the fields of a model by the names of their attributes.
type modelFields map[string]any

// fieldedModel is a model that every refresh and plan of every resource goes through. The framework's own Get finds the
// fields by reflection, which makes up a third of the provider's work when a plan reads a thousand tokens.
type fieldedModel interface{ fields() modelFields }

// getModel fills in a model from a configuration, plan or state.
func getModel(ctx context.Context, raw tftypes.Value, model fieldedModel, diags *diag.Diagnostics) {
	values := map[string]tftypes.Value{}
	err := raw.As(&values)
	for name, field := range model.fields() {
		if err == nil {
			err = setField(ctx, field, values[name])
		}
		if err != nil {
			diags.AddError("Unable to read what Terraform sent", fmt.Sprintf("The attribute %s cannot be read: %v. Report this to "+
				"the developers of the provider.", name, err))
			return
		}
	}
}

func setField(ctx context.Context, field any, value tftypes.Value) error {
	switch field := field.(type) {
	case *types.String:
		return setText(field, value)
	case *lifetimeValue:
		return setText(&field.StringValue, value)
	case *types.Bool:
		switch {
		case !value.IsKnown():
			*field = types.BoolUnknown()
		case value.IsNull():
			*field = types.BoolNull()
		default:
			var truth bool
			if err := value.As(&truth); err != nil {
				return err
			}
			*field = types.BoolValue(truth)
		}
		return nil
	case *types.Map:
		out, err := types.MapType{ElemType: types.StringType}.ValueFromTerraform(ctx, value)
		if err != nil {
			return err
		}
		var ok bool
		if *field, ok = out.(types.Map); ok {
			return nil
		}
	}
	return fmt.Errorf("no field of the type %T can hold it", field)
}

func setText(field *types.String, value tftypes.Value) error {
	switch {
	case !value.IsKnown():
		*field = types.StringUnknown()
	case value.IsNull():
		*field = types.StringNull()
	default:
		var text string
		if err := value.As(&text); err != nil {
			return err
		}
		*field = types.StringValue(text)
	}
	return nil
}

// sameModel tells whether two models of one type are equal, so that what did not change need not be written back.
func sameModel(a, b fieldedModel) bool {
	others := b.fields()
	for name, field := range a.fields() {
		if !fieldValue(field).Equal(fieldValue(others[name])) {
			return false
		}
	}
	return true
}

func fieldValue(field any) attr.Value {
	switch field := field.(type) {
	case *types.String:
		return *field
	case *lifetimeValue:
		return *field
	case *types.Bool:
		return *field
	case *types.Map:
		return *field
	}
	return nil
}

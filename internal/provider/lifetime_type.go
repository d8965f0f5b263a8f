// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

var (
	_ basetypes.StringTypable                    = lifetimeType{}
	_ basetypes.StringValuableWithSemanticEquals = lifetimeValue{}
	_ xattr.ValidateableAttribute                = lifetimeValue{}
)

// lifetimeType is the type of attributes such as ttl: a duration, which can be spelled in several ways.
type lifetimeType struct{ basetypes.StringType }

func (t lifetimeType) String() string { return "lifetimeType" }

func (t lifetimeType) Equal(other attr.Type) bool {
	_, ok := other.(lifetimeType)
	return ok
}

func (t lifetimeType) ValueType(context.Context) attr.Value { return lifetimeValue{} }

func (t lifetimeType) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return lifetimeValue{StringValue: in}, nil
}

func (t lifetimeType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	text, ok := value.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value type %T", value)
	}
	return lifetimeValue{StringValue: text}, nil
}

// lifetimeValue is a value of lifetimeType.
type lifetimeValue struct{ basetypes.StringValue }

func newLifetime(text string) lifetimeValue {
	return lifetimeValue{StringValue: basetypes.NewStringValue(text)}
}

func lifetimeNull() lifetimeValue {
	return lifetimeValue{StringValue: basetypes.NewStringNull()}
}

// known reports whether the attribute is set and its value is known.
func (v lifetimeValue) known() bool { return !v.IsNull() && !v.IsUnknown() }

// duration returns the parsed value. It is 0 for null, unknown and malformed values; validation rejects the latter.
func (v lifetimeValue) duration() time.Duration {
	if !v.known() {
		return 0
	}
	lifetime, err := mlplatform.ParseLifetime(v.ValueString())
	if err != nil {
		return 0
	}
	return lifetime
}

// sameMeaning reports whether both values are null, or both are known and stand for the same duration.
func (v lifetimeValue) sameMeaning(other lifetimeValue) bool {
	if v.IsUnknown() || other.IsUnknown() || v.IsNull() != other.IsNull() {
		return false
	}
	return v.duration() == other.duration()
}

// inSpellingOf returns prior if it has the same meaning, so that another spelling plans no change. Semantic equality
// does not do this: it applies to what a provider returns, not to what is configured.
func (v lifetimeValue) inSpellingOf(prior lifetimeValue) lifetimeValue {
	if v.sameMeaning(prior) {
		return prior
	}
	return v
}

func (v lifetimeValue) Type(context.Context) attr.Type { return lifetimeType{} }

func (v lifetimeValue) Equal(other attr.Value) bool {
	o, ok := other.(lifetimeValue)
	return ok && v.StringValue.Equal(o.StringValue)
}

func (v lifetimeValue) StringSemanticEquals(ctx context.Context, other basetypes.StringValuable) (bool, diag.Diagnostics) {
	text, diags := other.ToStringValue(ctx)
	return v.sameMeaning(lifetimeValue{StringValue: text}), diags
}

func (v lifetimeValue) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if !v.known() {
		return
	}
	if _, err := mlplatform.ParseLifetime(v.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid lifetime", sentence(err.Error()))
	}
}

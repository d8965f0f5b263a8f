// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func lifetimeUnknown() lifetimeValue { return lifetimeValue{StringValue: types.StringUnknown()} }

func TestLifetimeMeaning(t *testing.T) {
	t.Parallel()
	null, unknown := lifetimeNull(), lifetimeUnknown()
	for name, test := range map[string]struct {
		a, b lifetimeValue
		same bool
	}{
		"equal":              {newLifetime("1h"), newLifetime("1h"), true},
		"minutes":            {newLifetime("60m"), newLifetime("1h"), true},
		"seconds":            {newLifetime("3600s"), newLifetime("1h"), true},
		"days":               {newLifetime("30d"), newLifetime("720h"), true},
		"mixed":              {newLifetime("2h45m30s"), newLifetime("9930s"), true},
		"other order":        {newLifetime("30m1h"), newLifetime("1h30m"), true},
		"zeros in front":     {newLifetime("01h"), newLifetime("1h"), true},
		"parts of zero":      {newLifetime("1h0m0s"), newLifetime("1h"), true},
		"another":            {newLifetime("61m"), newLifetime("1h"), false},
		"other unit":         {newLifetime("1m"), newLifetime("1h"), false},
		"null twice":         {null, null, true},
		"null and a value":   {null, newLifetime("1h"), false},
		"unknown twice":      {unknown, unknown, false},
		"unknown and null":   {unknown, null, false},
		"unknown and value":  {unknown, newLifetime("1h"), false},
		"malformed and null": {newLifetime("soon"), null, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, pair := range [][2]lifetimeValue{{test.a, test.b}, {test.b, test.a}} {
				if got := pair[0].sameMeaning(pair[1]); got != test.same {
					t.Errorf("%s and %s mean the same: %v", pair[0], pair[1], got)
				}
				// The spelling of the prior value is kept exactly where the meaning is.
				want := pair[0]
				if test.same {
					want = pair[1]
				}
				if got := pair[0].inSpellingOf(pair[1]); !got.Equal(want) {
					t.Errorf("%s in the spelling of %s is %s", pair[0], pair[1], got)
				}
				got, diags := pair[0].StringSemanticEquals(t.Context(), pair[1])
				if got != test.same || diags.HasError() {
					t.Errorf("%s and %s are semantically equal: %v, %v", pair[0], pair[1], got, diags)
				}
			}
		})
	}
}

func TestLifetimeDuration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value lifetimeValue
		want  time.Duration
		known bool
	}{
		"value":     {newLifetime("1d2h3m4s"), 26*time.Hour + 3*time.Minute + 4*time.Second, true},
		"malformed": {newLifetime("soon"), 0, true},
		"null":      {lifetimeNull(), 0, false},
		"unknown":   {lifetimeUnknown(), 0, false},
	} {
		if got := test.value.duration(); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
		if test.value.known() != test.known {
			t.Errorf("%s: known is %v", name, !test.known)
		}
	}
}

func TestLifetimeValidation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value lifetimeValue
		why   string // empty: valid
	}{
		"seconds":     {newLifetime("1s"), ""},
		"mixed":       {newLifetime("2h45m30s"), ""},
		"days":        {newLifetime("30d"), ""},
		"null":        {lifetimeNull(), ""},
		"unknown":     {lifetimeUnknown(), ""},
		"empty":       {newLifetime(""), `"" is not a lifetime: it is empty`},
		"word":        {newLifetime("abc"), `"abc" is not a lifetime: "abc" does not begin with a whole number`},
		"zero":        {newLifetime("0s"), `"0s" is not a lifetime: it is shorter than a second`},
		"negative":    {newLifetime("-1h"), `"-1h" is not a lifetime: "-1h" does not begin with a whole number`},
		"fraction":    {newLifetime("1.5h"), `"1.5h" is not a lifetime: unknown unit "."; use d, h, m or s`},
		"fine unit":   {newLifetime("500ms"), `"500ms" is not a lifetime: "s" does not begin with a whole number`},
		"space":       {newLifetime("2h 30m"), `"2h 30m" is not a lifetime: " 30m" does not begin with a whole number`},
		"too long":    {newLifetime("9999999h"), `"9999999h" is not a lifetime: it is longer than 292 years`},
		"bare number": {newLifetime("60"), `"60" is not a lifetime: "60" has no unit`},
		"upper case":  {newLifetime("1H"), `"1H" is not a lifetime: unknown unit "H"; use d, h, m or s`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := path.Root("ttl")
			var resp xattr.ValidateAttributeResponse
			test.value.ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{Path: at}, &resp)
			if test.why == "" {
				if len(resp.Diagnostics) != 0 {
					t.Errorf("got %v", resp.Diagnostics)
				}
				return
			}
			wantDiagnostic(t, resp.Diagnostics, at, test.why, "such as 30d, 12h or 2h45m30s")
		})
	}
}

// A value keeps its type through Terraform's wire form, so that the framework never sees a plain string.
func TestLifetimeType(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, test := range map[string]struct {
		in   any
		want lifetimeValue
	}{
		"value":   {"1h", newLifetime("1h")},
		"null":    {nil, lifetimeNull()},
		"unknown": {tftypes.UnknownValue, lifetimeUnknown()},
	} {
		got, err := lifetimeType{}.ValueFromTerraform(ctx, tftypes.NewValue(tftypes.String, test.in))
		if err != nil || !test.want.Equal(got) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := (lifetimeType{}).ValueFromTerraform(ctx, tftypes.NewValue(tftypes.Number, 1)); err == nil {
		t.Error("a number was taken for a lifetime")
	}
	if value, diags := (lifetimeType{}).ValueFromString(ctx, types.StringValue("1h")); diags.HasError() || !newLifetime("1h").Equal(value) {
		t.Errorf("got %v, %v", value, diags)
	}
	if !newLifetime("1h").Type(ctx).Equal(lifetimeType{}) || (lifetimeType{}).Equal(types.StringType) {
		t.Error("the type is not told from a string's")
	}
	if newLifetime("1h").Equal(types.StringValue("1h")) || newLifetime("1h").Equal(newLifetime("60m")) {
		t.Error("Equal goes by more than type and spelling")
	}
	if got := (lifetimeType{}).ValueType(ctx); !strings.Contains(lifetimeType{}.String(), "lifetime") {
		t.Errorf("the type is called %q, its values are %T", lifetimeType{}, got)
	}
	same, diags := newLifetime("1h").StringSemanticEquals(ctx, basetypes.NewStringValue("60m"))
	if !same || diags.HasError() {
		t.Errorf("a plain string of the same meaning differs: %v", diags)
	}
}

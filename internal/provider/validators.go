// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// notEmpty validates that the value is not empty. Unlike the stock length validator, its error shows a valid example.
func notEmpty(example string) validator.String { return notEmptyValidator{example: example} }

type notEmptyValidator struct{ example string }

func (v notEmptyValidator) Description(context.Context) string { return "must not be empty" }

func (v notEmptyValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v notEmptyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !req.ConfigValue.IsUnknown() && !req.ConfigValue.IsNull() && req.ConfigValue.ValueString() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Empty value", fmt.Sprintf(
			"`%s` is \"\", but it must not be empty. Remove it, or set it to, for example, %s.", lastStep(req.Path), v.example))
	}
}

// singleLine warns of a line break, which a name read from a file often ends with.
type singleLine struct{}

func (singleLine) Description(context.Context) string { return "should be on one line" }

func (v singleLine) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (singleLine) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if strings.ContainsAny(req.ConfigValue.ValueString(), "\r\n") {
		resp.Diagnostics.AddAttributeWarning(req.Path, "Line break in a name", fmt.Sprintf("`%s` is %q. The line break is part of "+
			"the name, so other tools have to pass it too. If the text comes from a file, use `trimspace(file(\"name.txt\"))`.",
			lastStep(req.Path), req.ConfigValue.ValueString()))
	}
}

// validName validates the name of a token, or its prefix.
func validName(example string) []validator.String {
	return []validator.String{notEmpty(example), singleLine{}}
}

// oneOf validates that the value is allowed and suggests one that differs only in case.
func oneOf(allowed ...string) validator.String { return oneOfValidator{allowed: allowed} }

type oneOfValidator struct{ allowed []string }

func (v oneOfValidator) Description(context.Context) string {
	return "must be one of " + strings.Join(v.allowed, ", ")
}

func (v oneOfValidator) MarkdownDescription(context.Context) string {
	return "must be one of `" + strings.Join(v.allowed, "`, `") + "`"
}

// validRole validates a role.
func validRole() validator.String {
	return oneOf(string(mlplatform.RoleUser), string(mlplatform.RoleAdmin))
}

func (v oneOfValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	value := req.ConfigValue.ValueString()
	if req.ConfigValue.IsUnknown() || req.ConfigValue.IsNull() || slices.Contains(v.allowed, value) {
		return
	}
	example := v.allowed[0]
	for _, allowed := range v.allowed {
		if strings.EqualFold(allowed, value) {
			example = allowed
		}
	}
	name := lastStep(req.Path)
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid value", fmt.Sprintf(
		"`%s` is %q, but it %s (case-sensitive). For example: `%s = %q`.",
		name, value, v.MarkdownDescription(ctx), name, example))
}

// endpointValidator validates that mlplatform.ParseEndpoint accepts the value.
type endpointValidator struct{}

func (endpointValidator) Description(context.Context) string {
	return "must be an https URL, or an http URL of a loopback host"
}

func (v endpointValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (endpointValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsUnknown() || req.ConfigValue.IsNull() {
		return
	}
	if _, err := mlplatform.ParseEndpoint(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid endpoint", sentence(err.Error()))
	}
}

// regexValidator validates that the value is a regular expression.
type regexValidator struct{}

func (regexValidator) Description(context.Context) string { return "must be a regular expression" }

func (v regexValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (regexValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsUnknown() || req.ConfigValue.IsNull() {
		return
	}
	if _, err := regexp.Compile(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid regular expression", sentence(err.Error())+
			" The syntax is RE2, for example \"^ci-\".")
	}
}

// lastStep returns the name of the attribute that a path ends with.
func lastStep(at path.Path) string {
	steps := at.Steps()
	if len(steps) == 0 {
		return ""
	}
	return steps[len(steps)-1].String()
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// planDecision is what a plan does with an existing object whose model is M.
type planDecision[M any] struct {
	plan M
	// replace names the attributes that force a replacement; it is empty for an update in place and for no change.
	replace  []string
	warnings []planMessage
	errors   []planMessage
}

type planMessage struct{ summary, detail string }

func (d *planDecision[M]) replaceFor(attribute string) { d.replace = append(d.replace, attribute) }

func (d *planDecision[M]) warn(summary, detail string) {
	d.warnings = append(d.warnings, planMessage{summary, detail})
}

func (d *planDecision[M]) refuse(summary, detail string) {
	d.errors = append(d.errors, planMessage{summary, detail})
}

// writeTo turns the decision into the response of ModifyPlan. An unchanged object keeps its raw state, which saves the
// conversion: most plans change few of many objects.
func (d *planDecision[M]) writeTo(ctx context.Context, state M, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if reflect.DeepEqual(d.plan, state) {
		resp.Plan.Raw = req.State.Raw
	} else {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, d.plan)...)
	}
	for _, attribute := range d.replace {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root(attribute))
	}
	for _, warning := range d.warnings {
		resp.Diagnostics.AddWarning(warning.summary, warning.detail)
	}
	for _, failure := range d.errors {
		resp.Diagnostics.AddError(failure.summary, failure.detail)
	}
}

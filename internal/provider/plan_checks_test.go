// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// was checks an attribute of the resource under test as the plan found it, after its refresh.
func was(attribute string, want any) plancheck.PlanCheck { return wasCheck{attribute, want} }

type wasCheck struct {
	attribute string
	want      any
}

func (c wasCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address != tokenAddress {
			continue
		}
		before, ok := change.Change.Before.(map[string]any)
		if !ok || before[c.attribute] != c.want {
			// Not the value that is there: it could be a token's.
			resp.Error = fmt.Errorf("%s is not %v in the state that the plan starts from", c.attribute, c.want)
		}
		return
	}
	resp.Error = fmt.Errorf("the plan does not mention %s", tokenAddress)
}

// checks is what must hold of the plan before it is applied.
func checks(list ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: list}
}

// action checks what is planned for the resource under test.
func action(want plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(tokenAddress, want)
}

// wasValue checks that the value of the token was in the state that the plan starts from, without showing it.
type wasValue struct{ want *string }

func (c wasValue) CheckPlan(ctx context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	wasCheck{"token", *c.want}.CheckPlan(ctx, req, resp)
	if resp.Error != nil {
		resp.Error = errors.New("the value is not in the state that the plan starts from")
	}
}

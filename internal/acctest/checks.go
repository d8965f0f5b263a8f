// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// PlanChecks are checks of the plan before it is applied.
func PlanChecks(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// EmptyPlan checks that there is nothing to do.
func EmptyPlan() resource.ConfigPlanChecks { return PlanChecks(plancheck.ExpectEmptyPlan()) }

// ExpectPrior checks an attribute in the state that the plan starts from, which is the refreshed one.
func ExpectPrior(address, attribute string, want any) plancheck.PlanCheck {
	return prior{address, attribute, func() any { return want }}
}

// ExpectPriorValue is ExpectPrior for the attribute "token", with a value that is not known before the check runs.
func ExpectPriorValue(address string, want func() string) plancheck.PlanCheck {
	return prior{address, "token", func() any { return want() }}
}

type prior struct {
	address, attribute string
	want               func() any
}

func (c prior) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address != c.address {
			continue
		}
		before, ok := change.Change.Before.(map[string]any)
		switch {
		case ok && before[c.attribute] == c.want():
		case c.attribute == "token":
			resp.Error = errors.New("the value of the token is not in the state that the plan starts from")
		default:
			resp.Error = fmt.Errorf("%s is not %v in the state that the plan starts from", c.attribute, c.want())
		}
		return
	}
	resp.Error = fmt.Errorf("the plan does not mention %s", c.address)
}

// OutputMatches returns a pattern for a text in the output of a CLI, which wraps lines and frames them.
func OutputMatches(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(strings.Join(words, `[\s│╷╵]+`))
}

// Errors returns the errors in the output of a CLI, without its warnings.
func Errors(output string) string {
	var found []string
	for i, part := range strings.Split(output, "Error: ") {
		if i > 0 {
			part, _, _ = strings.Cut(part, "Warning: ")
			found = append(found, part)
		}
	}
	return strings.Join(found, "\n")
}

// Quote writes a text as a string of the configuration language.
func Quote(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(fmt.Sprintf("%q", text))
}

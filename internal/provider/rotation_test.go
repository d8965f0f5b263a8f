// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

const dayLong = 24 * time.Hour

// rotating is a token that is replaced without downtime, with a consumer of its value.
const rotating = `
resource "mlplatform_access_token" "test" {
  name_prefix   = "etl-"
  ttl           = "30d"
  rotate_before = "7d"
  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "consumer" {
  input = mlplatform_access_token.test.name
}
`

// A plan on a schedule is empty on the day after, and on the day that the window is reached it shows the replacement
// and, by status, why.
func TestRotationOnSchedule(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(rotating)
	acctest.Needs(t, acctest.Since("1.4.0"))
	acctest.Run(t,
		resource.TestStep{Config: config},
		resource.TestStep{PreConfig: svc.Later(dayLong), Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{PreConfig: svc.Later(21 * dayLong), Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
		resource.TestStep{
			PreConfig: svc.Later(dayLong),
			Config:    config,
			ConfigPlanChecks: acctest.PlanChecks(
				acctest.ExpectPrior(tokenAddress, "status", "rotation_due"),
				plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionCreateBeforeDestroy),
				plancheck.ExpectResourceAction("terraform_data.consumer", plancheck.ResourceActionUpdate),
			),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

// Over twelve weeks of weekly applies there is a live token at every moment between two of them, and it is the one that the
// consumer has.
func TestRotationWithoutDowntime(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(rotating)
	alive := func(when string) error {
		if held := svc.LiveTokenNames(t); len(held) != 1 {
			return fmt.Errorf("%s, the service holds the live tokens %q instead of one", when, held)
		}
		return nil
	}
	var steps []resource.TestStep
	names := map[string]bool{}
	for week := range 12 {
		steps = append(steps, resource.TestStep{
			PreConfig: func() {
				if week == 0 {
					return
				}
				for range 7 {
					svc.Clock.Advance(dayLong)
					if err := alive(fmt.Sprintf("before the apply of week %d", week)); err != nil {
						t.Error(err)
					}
				}
			},
			Config: config,
			Check: func(state *terraform.State) error {
				consumer := state.RootModule().Resources["terraform_data.consumer"].Primary.Attributes["output"]
				held := svc.LiveTokenNames(t)
				if len(held) != 1 || held[0] != consumer {
					return fmt.Errorf("in week %d the consumer has %q, and the service %q", week, consumer, held)
				}
				names[consumer] = true
				return nil
			},
		})
	}
	acctest.Needs(t, acctest.Since("1.4.0"))
	acctest.Run(t, steps...)
	if len(names) != 3 {
		t.Errorf("in twelve weeks there were %d tokens instead of 3", len(names))
	}
}

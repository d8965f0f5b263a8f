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

// rotating has a token that is replaced without downtime, and a consumer of its name.
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

// A plan is empty on the day after and shortly before the rotation. On the day of the rotation it replaces the token, and the
// status shows why.
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

// With one apply a week for twelve weeks, there is a live token at all times, and it is the one that the consumer has.
func TestRotationWithoutDowntime(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(rotating)
	var steps []resource.TestStep
	created := map[string]bool{}
	for week := range 12 {
		steps = append(steps, resource.TestStep{
			PreConfig: func() {
				if week == 0 {
					return
				}
				for range 7 {
					svc.Clock.Advance(dayLong)
					if names := svc.LiveTokenNames(t); len(names) != 1 {
						t.Errorf("before the apply of week %d, the service has the live tokens %q instead of one", week, names)
					}
				}
			},
			Config: config,
			Check: func(state *terraform.State) error {
				consumer := state.RootModule().Resources["terraform_data.consumer"].Primary.Attributes["output"]
				if names := svc.LiveTokenNames(t); len(names) != 1 || names[0] != consumer {
					return fmt.Errorf("in week %d the consumer has %q, and the service %q", week, consumer, names)
				}
				created[consumer] = true
				return nil
			},
		})
	}
	acctest.Needs(t, acctest.Since("1.4.0"))
	acctest.Run(t, steps...)
	if len(created) != 3 {
		t.Errorf("in twelve weeks there were %d tokens instead of 3", len(created))
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
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

output "consumer" {
  value = terraform_data.consumer.output
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
	acctest.Needs(t, acctest.Since("1.4.0"))
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", rotating)
	weeks, tokens := 12, 3
	if testing.Short() {
		weeks, tokens = 5, 2
	}
	created := map[string]bool{}
	for week := range weeks {
		got := w.Apply()
		output := regexp.MustCompile(`(?m)^consumer = "(.+)"$`).FindStringSubmatch(got.Stdout)
		if output == nil {
			t.Fatalf("the apply does not print the output:\n%s", got.Stdout)
		}
		consumer := output[1]
		created[consumer] = true
		for day := range 7 {
			if names := svc.LiveTokenNames(t); len(names) != 1 || names[0] != consumer {
				t.Errorf("on day %d of week %d the consumer has the token %q, and the service %q", day, week, consumer, names)
			}
			svc.Clock.Advance(dayLong)
		}
	}
	if len(created) != tokens {
		t.Errorf("in %d weeks there were %d tokens instead of %d", weeks, len(created), tokens)
	}
}

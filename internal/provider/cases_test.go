// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// The tests named TestCase are the numbered cases that the provider handles. The guide "What happens when" describes them
// for users.

// withFollower has an access token and a resource that is replaced together with it.
const withFollower = `
resource "mlplatform_access_token" "test" {
  name = "short"
  ttl  = "1h"
}

resource "terraform_data" "follower" {
  lifecycle {
    replace_triggered_by = [mlplatform_access_token.test]
  }
}
`

// An expired token that is still listed stays in the state with the status expired. It is deleted before it is replaced.
func TestCase01ExpiredStillListed(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(withFollower)
	acctest.Needs(t, acctest.Since("1.4.0"))
	acctest.Run(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: svc.Later(2 * time.Hour),
			Config:    config,
			ConfigPlanChecks: acctest.PlanChecks(
				acctest.ExpectPrior(tokenAddress, "status", "expired"),
				plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionDestroyBeforeCreate),
				plancheck.ExpectResourceAction("terraform_data.follower", plancheck.ResourceActionReplace),
			),
			Check:             svc.CheckWrites(append([]string{emulator.OpDeleteAccessToken}, acctest.MintWrites...)...),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("active"))},
		},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

// An expired or revoked token that is no longer listed stays in the state, so that dependents are replaced with it.
// Nothing is deleted.
func TestCase02NoLongerListed(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		remove func(*acctest.Service)
		status string
	}{
		"expired": {func(svc *acctest.Service) { svc.Later(2 * time.Hour)() }, "expired"},
		"revoked": {func(svc *acctest.Service) { svc.Later(0)(); svc.Emulator.Revoke("short") }, "missing"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t, func(o *emulator.Options) { o.HideExpired = true })
			config := svc.Config(withFollower)
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t,
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig: func() { test.remove(svc) },
					Config:    config,
					ConfigPlanChecks: acctest.PlanChecks(
						acctest.ExpectPrior(tokenAddress, "status", test.status),
						plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionDestroyBeforeCreate),
						plancheck.ExpectResourceAction("terraform_data.follower", plancheck.ResourceActionReplace),
					),
					Check: svc.CheckWrites(acctest.MintWrites...),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
			)
		})
	}
}

// A failed refresh is an error and does not change the state: once the service works again, the next plan is empty.
func TestCase03FailedRefreshLeavesState(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(1, map[string]emulator.Fault{
		"403":         {Kind: emulator.Respond, Status: 403},
		"401":         {Kind: emulator.Respond, Status: 401},
		"404":         {Kind: emulator.Respond, Status: 404},
		"429":         {Kind: emulator.Respond, Status: 429, RetryAfter: "0"},
		"500":         {Kind: emulator.Respond, Status: 500},
		"502 html":    {Kind: emulator.Respond, Status: 502, Body: "<html>Bad Gateway</html>"},
		"200 html":    {Kind: emulator.Respond, Status: 200, Body: "<html>Welcome</html>"},
		"wrong json":  {Kind: emulator.BadJSON},
		"empty items": {Kind: emulator.BadJSON, Body: "[{}]"},
		"null":        {Kind: emulator.BadJSON, Body: "null"},
		"truncated":   {Kind: emulator.Truncate},
		"dropped":     {Kind: emulator.Drop},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "steady"
}
`)
			fault.Operation, fault.Times = emulator.OpListAccessTokens, -1
			acctest.Run(t,
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig:   func() { svc.Emulator.Inject(fault) },
					Config:      config,
					ExpectError: acctest.OutputMatches("Unable to read access token"),
				},
				resource.TestStep{
					PreConfig:        svc.Emulator.ClearFaults,
					Config:           config,
					ConfigPlanChecks: acctest.EmptyPlan(),
				},
			)
		})
	}
}

// When another token has the name, nothing is planned, and a destroy does not delete that token.
func TestCase04ForeignTokenOfTheName(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "contested"
}
`)
	var foreign emulator.Token
	acctest.Run(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.Revoke("contested")
				foreign = svc.Seed(t, emulator.SeedToken{Name: "contested"})
			},
			Config:            config,
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("conflict"))},
			Check:             svc.CheckWrites(),
		},
		resource.TestStep{Config: svc.Config(""), Check: func(*terraform.State) error {
			for _, token := range svc.Emulator.LiveTokens() {
				if token.ID == foreign.ID {
					return svc.CheckWrites()(nil)
				}
			}
			return errors.New("the other token is gone")
		}},
	)
}

// Adding a ttl replaces a token that this provider created without one.
func TestCase07TTLAddedToOwnToken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "endless"
}
`)},
		resource.TestStep{
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "endless"
  ttl  = "1h"
}
`),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
		},
	)
}

// The plan that sets a rotate_before replaces the token if the window has already begun.
func TestCase08NewWindowReached(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "aging"
  ttl  = "30d"
}
`)},
		resource.TestStep{
			PreConfig: svc.Later(20 * 24 * time.Hour),
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name          = "aging"
  ttl           = "30d"
  rotate_before = "5d"
}
`),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionUpdate)),
			Check:            svc.CheckWrites(),
		},
		resource.TestStep{
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name          = "aging"
  ttl           = "30d"
  rotate_before = "10d"
}
`),
			ConfigPlanChecks: acctest.PlanChecks(
				acctest.ExpectPrior(tokenAddress, "status", "active"),
				plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace),
			),
		},
	)
}

// A replacement with create_before_destroy and a fixed name fails before anything is deleted. The error points to
// name_prefix.
func TestCase09CreateBeforeDestroyWithFixedName(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "fixed"
  ttl  = "1h"

  lifecycle {
    create_before_destroy = true
  }
}
`)
	acctest.Run(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: svc.Later(0),
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "fixed"
  ttl  = "2h"

  lifecycle {
    create_before_destroy = true
  }
}
`),
			ExpectError: acctest.OutputMatches("name_prefix"),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan(), Check: svc.CheckWrites()},
	)
}

// When the response to the redemption is lost, the token whose value is lost is deleted, and the creation is tried once
// more.
func TestCase10RedeemAnswerLost(t *testing.T) {
	t.Parallel()
	const redeem, remove, register = emulator.OpRedeemRegisterToken, emulator.OpDeleteAccessToken, emulator.OpCreateRegisterToken
	for name, test := range acctest.Sample(1, map[string]struct {
		fault  emulator.Fault
		writes []string
	}{
		"dropped after acting":  {emulator.Fault{Kind: emulator.Drop, After: true}, []string{register, redeem, redeem, remove, register, redeem}},
		"dropped before acting": {emulator.Fault{Kind: emulator.Drop}, []string{register, redeem, redeem}},
		"truncated":             {emulator.Fault{Kind: emulator.Truncate}, []string{register, redeem, redeem, remove, register, redeem}},
		"502 after acting":      {emulator.Fault{Kind: emulator.Respond, Status: 502, Body: "<html>", After: true}, []string{register, redeem, redeem, remove, register, redeem}},
		"wrong json":            {emulator.Fault{Kind: emulator.BadJSON, After: true}, []string{register, redeem, redeem, remove, register, redeem}},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "lost"
}
`)
			test.fault.Operation = redeem
			acctest.Run(t,
				resource.TestStep{
					PreConfig: func() { svc.Emulator.Inject(test.fault) },
					Config:    config,
					Check:     svc.CheckWrites(test.writes...),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan(), Check: svc.CheckLiveTokens(t, "lost")},
			)
		})
	}
}

// When the response is lost each time, nothing proves that a token was created. Nothing is deleted, and the error names
// the token.
func TestCase10RedeemAnswerLostTwice(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t, resource.TestStep{
		PreConfig: func() {
			svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true, Times: -1})
		},
		Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "lost"
}
`),
		ExpectError: acctest.OutputMatches(`an access token named "lost" may exist, but its value was lost`),
	})
	svc.ExpectLiveTokens(t, "lost")
}

// When the requests for the description fail after the value has arrived, the token is kept, untainted. The next refresh
// completes it.
func TestCase11FailureAfterTheValue(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "kept"
}
`)
	acctest.Run(t,
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpWhoAmI, Kind: emulator.Respond, Status: 500, Times: 2})
				svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Skip: 1, Kind: emulator.Respond, Status: 500, Times: 2})
			},
			Config: config,
		},
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.ClearFaults()
				svc.Emulator.ResetJournal()
			},
			Config: config,
			ConfigPlanChecks: acctest.PlanChecks(
				plancheck.ExpectEmptyPlan(),
				acctest.ExpectPriorValue(tokenAddress, svc.LastValue),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("id", knownvalue.NotNull()),
				attribute("status", knownvalue.StringExact("active")),
			},
			Check: svc.CheckWrites(),
		},
	)
}

// The provider does not delete its own token. With another token in the provider block, it does.
func TestCase13OwnTokenIsNotDeleted(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	other := svc.SeedValue(t, emulator.SeedToken{Name: "other admin", Role: "ADMIN"})
	const ownToken = `
resource "mlplatform_access_token" "test" {
  name = "emulator-admin"
  role = "ADMIN"
}
`
	acctest.Needs(t, acctest.Since("1.5.0"))
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(ownToken + `
import {
  to = mlplatform_access_token.test
  id = "emulator-admin"
}
`)},
		resource.TestStep{
			PreConfig:   svc.Later(0),
			Config:      svc.Config(""),
			ExpectError: acctest.OutputMatches("Refusing to delete the provider's own token"),
		},
		resource.TestStep{Config: svc.ConfigAs(other, ownToken), Check: svc.CheckWrites()},
		resource.TestStep{Config: svc.ConfigAs(other, ""), Check: svc.CheckWrites(emulator.OpDeleteAccessToken)},
	)
}

// The service's clock decides whether a token is expired, whatever this machine's clock shows.
func TestCase14ClockOfThisMachineOff(t *testing.T) {
	t.Parallel()
	for name, skew := range acctest.Sample(1, map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day behind": -24 * time.Hour}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			svc.Clock.Set(time.Now().Add(skew).UTC().Truncate(time.Second))
			config := svc.Config(`
resource "mlplatform_access_token" "test" {
  name          = "skewed"
  ttl           = "12h"
  rotate_before = "6h"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "x"
  ttl               = "12h"
}
`)
			acctest.Run(t,
				resource.TestStep{Config: config},
				resource.TestStep{PreConfig: svc.Later(5 * time.Hour), Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{
					PreConfig: svc.Later(2 * time.Hour),
					Config:    config,
					ConfigPlanChecks: acctest.PlanChecks(
						acctest.ExpectPrior(tokenAddress, "status", "rotation_due"),
						plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace),
					),
				},
				resource.TestStep{
					PreConfig: svc.Later(12 * time.Hour),
					Config:    config,
					ConfigPlanChecks: acctest.PlanChecks(
						acctest.ExpectPrior(tokenAddress, "status", "expired"),
						plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace),
					),
				},
			)
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"fmt"
	"slices"
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

// The tests of this file and its sisters are the numbered cases that the provider promises to handle; the guide
// "What happens when" tells them in the user's words.

// follower is a resource that is replaced together with the token.
const follower = `
resource "terraform_data" "follower" {
  lifecycle {
    replace_triggered_by = [mlplatform_access_token.test]
  }
}
`

// Expired and still listed: the state is kept and says so, the token is replaced, and the old row is cleared first.
func TestCase01ExpiredStillListed(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(accessToken(`name = "short"`+"\n"+`ttl = "1h"`) + follower)
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
			Check:             svc.CheckWrites(append([]string{"deleteAccessToken"}, acctest.MintWrites...)...),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("active"))},
		},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

// Expired or revoked and no longer listed: the state is kept, so dependants follow, and nothing is deleted.
func TestCase02NoLongerListed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		gone   func(*acctest.Service)
		status string
	}{
		"expired": {func(svc *acctest.Service) { svc.Later(2 * time.Hour)() }, "expired"},
		"revoked": {func(svc *acctest.Service) { svc.Later(0)(); svc.Emulator.Revoke("short") }, "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t, func(o *emulator.Options) { o.HideExpired = true })
			config := svc.Config(accessToken(`name = "short"`+"\n"+`ttl = "1h"`) + follower)
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t,
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig: func() { test.gone(svc) },
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

// A failed refresh is an error and leaves the state as it is: the next plan, with the service well again, is empty.
func TestCase03FailedRefreshLeavesState(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(3, map[string]emulator.Fault{
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
			config := svc.Config(accessToken(`name = "steady"`))
			fault.Operation, fault.Times = "listAccessTokens", -1
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

// Same name, other id: nothing is planned, and the foreign token survives the destruction.
func TestCase04ForeignTokenOfTheName(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(accessToken(`name = "contested"`))
	var foreign string
	acctest.Run(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.Revoke("contested")
				row, _, err := svc.Emulator.Seed(emulator.SeedToken{Name: "contested"})
				if err != nil {
					t.Fatal(err)
				}
				foreign = row.ID
				svc.Emulator.ResetJournal()
			},
			Config:            config,
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("conflict"))},
			Check:             svc.CheckWrites(),
		},
		resource.TestStep{Config: svc.Config(""), Check: func(*terraform.State) error {
			for _, token := range svc.Emulator.LiveTokens() {
				if token.ID == foreign {
					return svc.CheckWrites()(nil)
				}
			}
			return errors.New("the foreign token is gone")
		}},
	)
}

// A ttl added to a token that this provider made without one asks for another token.
func TestCase07TTLAddedToOwnToken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(accessToken(`name = "eternal"`))},
		resource.TestStep{
			Config:           svc.Config(accessToken(`name = "eternal"` + "\n" + `ttl = "1h"`)),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
		},
	)
}

// A new rotate_before that is reached already replaces the token in that same plan.
func TestCase08NewWindowReached(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t,
		resource.TestStep{Config: svc.Config(accessToken(`name = "aging"` + "\n" + `ttl = "30d"`))},
		resource.TestStep{
			PreConfig:        svc.Later(20 * 24 * time.Hour),
			Config:           svc.Config(accessToken(`name = "aging"` + "\n" + `ttl = "30d"` + "\n" + `rotate_before = "5d"`)),
			ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionUpdate)),
			Check:            svc.CheckWrites(),
		},
		resource.TestStep{
			Config:           svc.Config(accessToken(`name = "aging"` + "\n" + `ttl = "30d"` + "\n" + `rotate_before = "10d"`)),
			ConfigPlanChecks: acctest.PlanChecks(acctest.ExpectPrior(tokenAddress, "status", "active"), plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
		},
	)
}

// create_before_destroy with a fixed name fails before anything is deleted and points to name_prefix.
func TestCase09CreateBeforeDestroyWithFixedName(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := func(ttl string) string {
		return svc.Config(accessToken(fmt.Sprintf("name = \"fixed\"\nttl = %q\nlifecycle {\n create_before_destroy = true\n}", ttl)))
	}
	acctest.Run(t,
		resource.TestStep{Config: config("1h")},
		resource.TestStep{PreConfig: svc.Later(0), Config: config("2h"), ExpectError: acctest.OutputMatches("name_prefix")},
		resource.TestStep{
			Config:           config("1h"),
			ConfigPlanChecks: acctest.EmptyPlan(),
			Check:            svc.CheckWrites(),
		},
	)
}

// The answer to the redeem is lost: the token whose value nobody has is deleted, and one more attempt is made.
func TestCase10RedeemAnswerLost(t *testing.T) {
	t.Parallel()
	const redeem, remove, register = emulator.OpRedeemRegisterToken, emulator.OpDeleteAccessToken, emulator.OpCreateRegisterToken
	for name, test := range acctest.Sample(2, map[string]struct {
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
			config := svc.Config(accessToken(`name = "lost"`))
			test.fault.Operation = redeem
			acctest.Run(t,
				resource.TestStep{
					PreConfig: func() { svc.Emulator.Inject(test.fault) },
					Config:    config,
					Check:     svc.CheckWrites(test.writes...),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan(), Check: func(*terraform.State) error {
					if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"lost"}) {
						return fmt.Errorf("the service holds %q", held)
					}
					return nil
				}},
			)
		})
	}
}

// Lost each time: nothing proves that a token was created, so nothing is deleted, and the error names the token.
func TestCase10RedeemAnswerLostTwice(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t, resource.TestStep{
		PreConfig: func() {
			svc.Emulator.Inject(emulator.Fault{Operation: "redeemRegisterToken", Kind: emulator.Drop, After: true, Times: -1})
		},
		Config:      svc.Config(accessToken(`name = "lost"`)),
		ExpectError: acctest.OutputMatches(`an access token named "lost" may exist, but its value was lost`),
	})
	if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"lost"}) {
		t.Errorf("the service holds %q", held)
	}
}

// The value has arrived, then the description fails: the token is kept, untainted, and the next refresh completes it.
func TestCase11FailureAfterTheValue(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := svc.Config(accessToken(`name = "kept"`))
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

// The token that the provider itself works with is not deleted; with another one in the provider block it is.
func TestCase13OwnTokenIsNotDeleted(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	_, other, err := svc.Emulator.Seed(emulator.SeedToken{Name: "other admin", Role: "ADMIN"})
	if err != nil {
		t.Fatal(err)
	}
	const block = "name = \"emulator-admin\"\nrole = \"ADMIN\""
	imported := svc.Config(accessToken(block) + `
import {
  to = mlplatform_access_token.test
  id = "emulator-admin"
}
`)
	acctest.Needs(t, acctest.Since("1.5.0"))
	acctest.Run(t,
		resource.TestStep{Config: imported},
		resource.TestStep{
			PreConfig:   svc.Later(0),
			Config:      svc.Config(""),
			ExpectError: acctest.OutputMatches("Refusing to delete the provider's own token"),
		},
		resource.TestStep{Config: svc.ConfigAs(other, accessToken(block)), Check: svc.CheckWrites()},
		resource.TestStep{Config: svc.ConfigAs(other, ""), Check: svc.CheckWrites("deleteAccessToken")},
	)
}

// Expiry is judged by the service's clock, whatever this machine believes.
func TestCase14ClockOfThisMachineOff(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day behind": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			svc.Clock.Set(time.Now().Add(skew).UTC().Truncate(time.Second))
			config := svc.Config(accessToken("name = \"skewed\"\nttl = \"12h\"\nrotate_before = \"6h\"") +
				registerToken("access_token_name = \"x\"\nttl = \"12h\""))
			acctest.Run(t,
				resource.TestStep{Config: config},
				resource.TestStep{PreConfig: svc.Later(5 * time.Hour), Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{
					PreConfig:        svc.Later(2 * time.Hour),
					Config:           config,
					ConfigPlanChecks: acctest.PlanChecks(acctest.ExpectPrior(tokenAddress, "status", "rotation_due"), plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
				},
				resource.TestStep{
					PreConfig:        svc.Later(12 * time.Hour),
					Config:           config,
					ConfigPlanChecks: acctest.PlanChecks(acctest.ExpectPrior(tokenAddress, "status", "expired"), plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
				},
			)
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// The tests of this file and its sisters are the numbered cases that the provider promises to handle; the guide
// "What happens when" tells them in the user's words.

// expectWrites checks the requests since the journal was reset, by operation, without the reads.
func (b *bench) expectWrites(want ...string) func(*terraform.State) error {
	return func(*terraform.State) error {
		if got := b.writes(); !slices.Equal(got, want) {
			return fmt.Errorf("the requests that change something were %v instead of %v", got, want)
		}
		return nil
	}
}

// mintWrites are the requests that make a token.
var mintWrites = []string{"createRegisterToken", "redeemRegisterToken"}

// later moves the service's clock and empties the journal.
func (b *bench) later(d time.Duration) func() {
	return func() {
		b.clock.Advance(d)
		b.emulator.ResetJournal()
	}
}

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
	b := emulated(t)
	config := b.config(accessToken(`name = "short"`+"\n"+`ttl = "1h"`) + follower)
	b.runFrom(t, "1.4.0",
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: b.later(2 * time.Hour),
			Config:    config,
			ConfigPlanChecks: checks(
				was("status", "expired"),
				action(plancheck.ResourceActionDestroyBeforeCreate),
				plancheck.ExpectResourceAction("terraform_data.follower", plancheck.ResourceActionReplace),
			),
			Check:             b.expectWrites(append([]string{"deleteAccessToken"}, mintWrites...)...),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("active"))},
		},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
	)
}

// Expired or revoked and no longer listed: the state is kept, so dependants follow, and nothing is deleted.
func TestCase02NoLongerListed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		gone   func(*bench)
		status string
	}{
		"expired": {func(b *bench) { b.later(2 * time.Hour)() }, "expired"},
		"revoked": {func(b *bench) { b.later(0)(); b.emulator.Revoke("short") }, "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t, func(o *emulator.Options) { o.HideExpired = true })
			config := b.config(accessToken(`name = "short"`+"\n"+`ttl = "1h"`) + follower)
			b.runFrom(t, "1.4.0",
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig: func() { test.gone(b) },
					Config:    config,
					ConfigPlanChecks: checks(
						was("status", test.status),
						action(plancheck.ResourceActionDestroyBeforeCreate),
						plancheck.ExpectResourceAction("terraform_data.follower", plancheck.ResourceActionReplace),
					),
					Check: b.expectWrites(mintWrites...),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan()},
			)
		})
	}
}

// A failed refresh is an error and leaves the state as it is: the next plan, with the service well again, is empty.
func TestCase03FailedRefreshLeavesState(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]emulator.Fault{
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			config := b.config(accessToken(`name = "steady"`))
			fault.Operation, fault.Times = "listAccessTokens", -1
			b.run(t,
				resource.TestStep{Config: config},
				resource.TestStep{
					PreConfig:   func() { b.emulator.Inject(fault) },
					Config:      config,
					ExpectError: says("Unable to read access token"),
				},
				resource.TestStep{
					PreConfig:        b.emulator.ClearFaults,
					Config:           config,
					ConfigPlanChecks: emptyPlan(),
				},
			)
		})
	}
}

// Same name, other id: nothing is planned, and the foreign token survives the destruction.
func TestCase04ForeignTokenOfTheName(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	config := b.config(accessToken(`name = "contested"`))
	var foreign string
	b.run(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				b.emulator.Revoke("contested")
				row, _, err := b.emulator.Seed(emulator.SeedToken{Name: "contested"})
				if err != nil {
					t.Fatal(err)
				}
				foreign = row.ID
				b.emulator.ResetJournal()
			},
			Config:            config,
			ConfigPlanChecks:  checks(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: []statecheck.StateCheck{attribute("status", knownvalue.StringExact("conflict"))},
			Check:             b.expectWrites(),
		},
		resource.TestStep{Config: b.config(""), Check: func(*terraform.State) error {
			for _, token := range b.emulator.LiveTokens() {
				if token.ID == foreign {
					return b.expectWrites()(nil)
				}
			}
			return errors.New("the foreign token is gone")
		}},
	)
}

// A ttl added to a token that this provider made without one asks for another token.
func TestCase07TTLAddedToOwnToken(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.run(t,
		resource.TestStep{Config: b.config(accessToken(`name = "eternal"`))},
		resource.TestStep{
			Config:           b.config(accessToken(`name = "eternal"` + "\n" + `ttl = "1h"`)),
			ConfigPlanChecks: checks(action(plancheck.ResourceActionReplace)),
		},
	)
}

// A new rotate_before that is reached already replaces the token in that same plan.
func TestCase08NewWindowReached(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.run(t,
		resource.TestStep{Config: b.config(accessToken(`name = "aging"` + "\n" + `ttl = "30d"`))},
		resource.TestStep{
			PreConfig:        b.later(20 * 24 * time.Hour),
			Config:           b.config(accessToken(`name = "aging"` + "\n" + `ttl = "30d"` + "\n" + `rotate_before = "5d"`)),
			ConfigPlanChecks: checks(action(plancheck.ResourceActionUpdate)),
			Check:            b.expectWrites(),
		},
		resource.TestStep{
			Config:           b.config(accessToken(`name = "aging"` + "\n" + `ttl = "30d"` + "\n" + `rotate_before = "10d"`)),
			ConfigPlanChecks: checks(was("status", "active"), action(plancheck.ResourceActionReplace)),
		},
	)
}

// create_before_destroy with a fixed name fails before anything is deleted and points to name_prefix.
func TestCase09CreateBeforeDestroyWithFixedName(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	config := func(ttl string) string {
		return b.config(accessToken(fmt.Sprintf("name = \"fixed\"\nttl = %q\nlifecycle {\n create_before_destroy = true\n}", ttl)))
	}
	b.run(t,
		resource.TestStep{Config: config("1h")},
		resource.TestStep{PreConfig: b.later(0), Config: config("2h"), ExpectError: says("name_prefix")},
		resource.TestStep{
			Config:           config("1h"),
			ConfigPlanChecks: emptyPlan(),
			Check:            b.expectWrites(),
		},
	)
}

// The answer to the redeem is lost: the token whose value nobody has is deleted, and one more attempt is made.
func TestCase10RedeemAnswerLost(t *testing.T) {
	t.Parallel()
	const redeem, remove, register = emulator.OpRedeemRegisterToken, emulator.OpDeleteAccessToken, emulator.OpCreateRegisterToken
	for name, test := range map[string]struct {
		fault  emulator.Fault
		writes []string
	}{
		"dropped after acting":  {emulator.Fault{Kind: emulator.Drop, After: true}, []string{register, redeem, remove, register, redeem}},
		"dropped before acting": {emulator.Fault{Kind: emulator.Drop}, []string{register, redeem, redeem}},
		"truncated":             {emulator.Fault{Kind: emulator.Truncate}, []string{register, redeem, remove, register, redeem}},
		"502 after acting":      {emulator.Fault{Kind: emulator.Respond, Status: 502, Body: "<html>", After: true}, []string{register, redeem, remove, register, redeem}},
		"wrong json":            {emulator.Fault{Kind: emulator.BadJSON, After: true}, []string{register, redeem, remove, register, redeem}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			config := b.config(accessToken(`name = "lost"`))
			test.fault.Operation = redeem
			b.run(t,
				resource.TestStep{
					PreConfig: func() { b.emulator.Inject(test.fault) },
					Config:    config,
					Check:     b.expectWrites(test.writes...),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan(), Check: func(*terraform.State) error {
					if held := b.held(t); !slices.Equal(held, []string{"lost"}) {
						return fmt.Errorf("the service holds %q", held)
					}
					return nil
				}},
			)
		})
	}
}

// Lost twice: an error, and nothing is left behind.
func TestCase10RedeemAnswerLostTwice(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.run(t, resource.TestStep{
		PreConfig: func() {
			b.emulator.Inject(emulator.Fault{Operation: "redeemRegisterToken", Kind: emulator.Drop, After: true, Times: -1})
		},
		Config:      b.config(accessToken(`name = "lost"`)),
		ExpectError: says("Unable to create access token"),
	})
	if held := b.held(t); len(held) != 0 {
		t.Errorf("the service still holds %q", held)
	}
}

// The value has arrived, then a later request fails: the object is tainted, not lost, and the next apply clears it up.
func TestCase11FailureAfterTheValue(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	config := b.config(accessToken(`name = "tainted"`))
	var value string
	b.run(t,
		resource.TestStep{
			PreConfig: func() {
				b.emulator.Inject(emulator.Fault{Operation: "whoAmI", Kind: emulator.Respond, Status: 500})
			},
			Config:      config,
			ExpectError: says("Unable to describe the new access token"),
		},
		resource.TestStep{
			PreConfig: func() {
				values := b.emulator.IssuedValues()
				value = values[len(values)-1]
			},
			Config: config,
			ConfigPlanChecks: checks(
				action(plancheck.ResourceActionDestroyBeforeCreate),
				was("name", "tainted"),
				wasValue{&value},
			),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan(), Check: func(*terraform.State) error {
			if held := b.held(t); !slices.Equal(held, []string{"tainted"}) {
				return fmt.Errorf("the service holds %q", held)
			}
			return nil
		}},
	)
}

// The token that the provider itself works with is not deleted; with another one in the provider block it is.
func TestCase13OwnTokenIsNotDeleted(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	_, other, err := b.emulator.Seed(emulator.SeedToken{Name: "other admin", Role: "ADMIN"})
	if err != nil {
		t.Fatal(err)
	}
	const block = "name = \"emulator-admin\"\nrole = \"ADMIN\""
	imported := b.config(accessToken(block) + `
import {
  to = mlplatform_access_token.test
  id = "emulator-admin"
}
`)
	b.runFrom(t, "1.5.0",
		resource.TestStep{Config: imported},
		resource.TestStep{
			PreConfig:   b.later(0),
			Config:      b.config(""),
			ExpectError: says("Refusing to delete the provider's own token"),
		},
		resource.TestStep{Config: b.configAs(other, accessToken(block)), Check: b.expectWrites()},
		resource.TestStep{Config: b.configAs(other, ""), Check: b.expectWrites("deleteAccessToken")},
	)
}

// Expiry is judged by the service's clock, whatever this machine believes.
func TestCase14ClockOfThisMachineOff(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day behind": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			b.clock.Set(time.Now().Add(skew).UTC().Truncate(time.Second))
			config := b.config(accessToken("name = \"skewed\"\nttl = \"12h\"\nrotate_before = \"6h\"") +
				registerToken("access_token_name = \"x\"\nttl = \"12h\""))
			b.run(t,
				resource.TestStep{Config: config},
				resource.TestStep{PreConfig: b.later(5 * time.Hour), Config: config, ConfigPlanChecks: emptyPlan()},
				resource.TestStep{
					PreConfig:        b.later(2 * time.Hour),
					Config:           config,
					ConfigPlanChecks: checks(was("status", "rotation_due"), action(plancheck.ResourceActionReplace)),
				},
				resource.TestStep{
					PreConfig:        b.later(12 * time.Hour),
					Config:           config,
					ConfigPlanChecks: checks(was("status", "expired"), action(plancheck.ResourceActionReplace)),
				},
			)
		})
	}
}

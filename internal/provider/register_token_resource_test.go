// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
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
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const registerAddress = "mlplatform_register_token.test"

// registered checks an attribute of the register token under test.
func registered(name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(registerAddress, tfjsonpath.New(name), want)
}

// registerPlanned checks the action that is planned for the register token under test.
func registerPlanned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return acctest.PlanChecks(plancheck.ExpectResourceAction(registerAddress, action))
}

// redeemed redeems the register token of the state as the person does who was given it, and keeps the new token's id.
func redeemed(t *testing.T, svc *acctest.Service, id *string) resource.TestCheckFunc {
	t.Helper()
	return resource.TestCheckResourceAttrWith(registerAddress, "token", func(value string) error {
		client := svc.Client(t).WithToken("")
		token, err := client.RedeemRegisterToken(context.Background(), mlplatform.Secret(value))
		if err != nil {
			return err
		}
		own, err := client.WithToken(token).WhoAmI(context.Background())
		*id = own.ID
		return err
	})
}

// isText checks for a text that is not known yet when the check is made.
func isText(text *string) knownvalue.Check {
	return knownvalue.StringFunc(func(got string) error {
		if got != *text {
			return fmt.Errorf("got %q, want %q", got, *text)
		}
		return nil
	})
}

// registerTokenLife is the life of a register token, from its minting to its redemption, with every change that mints
// another one in between. It runs against the emulator and, unchanged, against the live service. There the lifetimes
// are short, because nothing revokes a register token.
func registerTokenLife(t *testing.T, svc *acctest.Service) []resource.TestStep {
	t.Helper()
	var value, id, created string
	config := func(attributes ...string) string { return svc.Config(registerToken(lines(attributes...))) }
	const name, ttl, tokenTTL = `access_token_name = "tf-acc-notebook"`, `ttl = "2m"`, `access_token_ttl = "1h"`
	steps := []resource.TestStep{
		{
			Config: config(name, ttl, tokenTTL),
			ConfigStateChecks: []statecheck.StateCheck{
				registered("access_token_name", knownvalue.StringExact("tf-acc-notebook")),
				registered("role", knownvalue.StringExact("USER")),
				registered("access_token_ttl", knownvalue.StringExact("1h")),
				registered("ttl", knownvalue.StringExact("2m")),
				registered("recreate_if_invalid", knownvalue.StringExact("never")),
				registered("token", knownvalue.NotNull()),
				registered("created_at", knownvalue.StringFunc(func(got string) error { created = got; return nil })),
				registered("expires_at", knownvalue.StringFunc(func(got string) error {
					start, err := time.Parse(time.RFC3339, created)
					if want := start.Add(2 * time.Minute).Format(time.RFC3339); err != nil || got != want {
						return fmt.Errorf("created at %q, it expires at %q instead of %q", created, got, want)
					}
					return nil
				})),
				registered("status", knownvalue.StringExact("pending")),
				registered("access_token_id", knownvalue.Null()),
			},
		},
		{Config: config(name, ttl, tokenTTL), ConfigPlanChecks: acctest.EmptyPlan()},
		{Config: config(name, `ttl = "120s"`, `access_token_ttl = "60m"`), ConfigPlanChecks: acctest.EmptyPlan()},
		{
			Config:           config(name, ttl, tokenTTL, `recreate_if_invalid = "unused"`),
			ConfigPlanChecks: registerPlanned(plancheck.ResourceActionUpdate),
		},
	}
	other := []string{`access_token_name = "tf-acc-other notebook"`}
	for _, change := range [][]string{
		append(other, ttl, tokenTTL),
		append(other, ttl, tokenTTL, `role = "ADMIN"`),
		append(other, ttl, `access_token_ttl = "2h"`, `role = "ADMIN"`),
		append(other, ttl, `role = "ADMIN"`), // never expires
		append(other, `ttl = "3m"`, `role = "ADMIN"`),
		append(other, `ttl = "3m"`, `role = "ADMIN"`, `keepers = { round = "1" }`),
		append(other, `ttl = "3m"`, `role = "ADMIN"`, `keepers = { round = "2" }`),
		append(other, `ttl = "3m"`, `role = "ADMIN"`),
		{name, `ttl = "3m"`, tokenTTL},
	} {
		steps = append(steps, resource.TestStep{
			Config:           config(change...),
			ConfigPlanChecks: registerPlanned(plancheck.ResourceActionReplace),
			ConfigStateChecks: []statecheck.StateCheck{
				registered("status", knownvalue.StringExact("pending")),
				registered("token", knownvalue.StringFunc(func(got string) error {
					if got == value {
						return fmt.Errorf("the register token is the one that was there before")
					}
					value = got
					return nil
				})),
			},
		})
	}
	return append(steps,
		resource.TestStep{Config: config(name, `ttl = "3m"`, tokenTTL), Check: redeemed(t, svc, &id)},
		resource.TestStep{
			Config:           config(name, `ttl = "180s"`, tokenTTL),
			ConfigPlanChecks: acctest.EmptyPlan(),
			ConfigStateChecks: []statecheck.StateCheck{
				registered("status", knownvalue.StringExact("used")),
				registered("access_token_id", isText(&id)),
			},
		},
		resource.TestStep{Config: svc.Config(""), Check: func(*terraform.State) error {
			// The access token outlives the register token that it came from.
			if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"tf-acc-notebook"}) {
				return fmt.Errorf("the service holds %q", held)
			}
			return svc.Client(t).DeleteAccessToken(context.Background(), "tf-acc-notebook")
		}},
	)
}

func TestRegisterTokenLife(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Run(t, registerTokenLife(t, svc)...)
}

func TestAccRegisterTokenLife(t *testing.T) { //nolint:paralleltest // one project, one list
	svc := acctest.LiveService(t)
	acctest.Run(t, registerTokenLife(t, svc)...)
}

// Both times are the service's, to the second.
func TestRegisterTokenTimes(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Clock.Advance(999 * time.Millisecond)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(registerToken(lines(`access_token_name = "a"`, `ttl = "1d1s"`))),
		ConfigStateChecks: []statecheck.StateCheck{
			registered("created_at", knownvalue.StringExact("2031-03-01T12:00:00Z")),
			registered("expires_at", knownvalue.StringExact("2031-03-02T12:00:01Z")),
		},
		Check: func(*terraform.State) error {
			if row := svc.Emulator.RegisterTokens()[0]; !row.ExpiresAt.Equal(acctest.Start.Add(24*time.Hour + time.Second)) {
				return fmt.Errorf("by the service it expires at %s", row.ExpiresAt)
			}
			return nil
		},
	})
}

// What is asked for is what the register token is worth.
func TestRegisterTokenIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	var id string
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(registerToken(lines(
			`access_token_name = "Анна / ноутбук?"`, `role = "ADMIN"`, `access_token_ttl = "30d"`, `ttl = "90m"`,
		))),
		Check: resource.ComposeTestCheckFunc(redeemed(t, svc, &id), func(*terraform.State) error {
			for _, token := range svc.Emulator.Tokens() {
				if token.ID == id && token.Name == "Анна / ноутбук?" && token.Role == "ADMIN" &&
					token.ExpiresAt != nil && token.ExpiresAt.Equal(acctest.Start.Add(30*24*time.Hour)) {
					return nil
				}
			}
			return fmt.Errorf("the service holds %+v", svc.Emulator.Tokens())
		}),
	})
}

// What became of a register token, and what each policy makes of that.
func TestRegisterTokenPolicies(t *testing.T) {
	t.Parallel()
	const keep, mint = plancheck.ResourceActionNoop, plancheck.ResourceActionReplace
	for policy, wanted := range map[string]map[string]plancheck.ResourceActionType{
		"never":  {"pending": keep, "expired": keep, "used": keep},
		"unused": {"pending": keep, "expired": mint, "used": keep},
		"always": {"pending": keep, "expired": mint, "used": mint},
	} {
		for status, want := range wanted {
			t.Run(policy+" and "+status, func(t *testing.T) {
				t.Parallel()
				svc := acctest.NewService(t)
				config := svc.Config(registerToken(lines(
					`access_token_name = "a"`, `ttl = "1h"`, fmt.Sprintf("recreate_if_invalid = %q", policy),
				)))
				var id, becomes string
				happen := map[string]resource.TestCheckFunc{
					"pending": func(*terraform.State) error { svc.Clock.Advance(time.Hour - time.Second); return nil },
					"expired": func(*terraform.State) error { svc.Clock.Advance(time.Hour); return nil },
					"used":    redeemed(t, svc, &id),
				}
				if becomes = status; want == mint {
					becomes = "pending"
				}
				acctest.Run(t,
					resource.TestStep{Config: config, Check: happen[status], ExpectNonEmptyPlan: want == mint},
					resource.TestStep{
						// The new one must be able to be pending: it fixes the same name.
						PreConfig:         func() { svc.Emulator.ResetJournal() },
						Config:            config,
						ConfigPlanChecks:  registerPlanned(want),
						ConfigStateChecks: []statecheck.StateCheck{registered("status", knownvalue.StringExact(becomes))},
						Check: func(*terraform.State) error {
							if minted := len(svc.Writes()) == 1; minted != (want == mint) {
								return fmt.Errorf("the requests that change something were %v", svc.Writes())
							}
							return nil
						},
					},
				)
			})
		}
	}
}

// A token that had the name before the minting is not the one that came of it, and a use that was seen stays seen.
func TestRegisterTokenUse(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "a", TTL: time.Minute})
	config := svc.Config(registerToken(lines(`access_token_name = "a"`, `ttl = "1h"`)))
	var id string
	used := []statecheck.StateCheck{
		registered("status", knownvalue.StringExact("used")), registered("access_token_id", isText(&id)),
	}
	acctest.Run(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			Config: config, ConfigPlanChecks: acctest.EmptyPlan(),
			ConfigStateChecks: []statecheck.StateCheck{registered("status", knownvalue.StringExact("pending"))},
		},
		resource.TestStep{PreConfig: svc.Later(time.Minute), Config: config, Check: redeemed(t, svc, &id)},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan(), ConfigStateChecks: used},
		resource.TestStep{
			PreConfig: func() { svc.Emulator.Revoke("a"); svc.Clock.Advance(2 * time.Hour) },
			Config:    config, ConfigPlanChecks: acctest.EmptyPlan(), ConfigStateChecks: used,
		},
	)
}

// Without the list there is no telling, so the last status stays, and that is no error.
func TestRegisterTokenWithoutList(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]emulator.Fault{
		"403":        {Kind: emulator.Respond, Status: 403},
		"500":        {Kind: emulator.Respond, Status: 500},
		"dropped":    {Kind: emulator.Drop},
		"wrong JSON": {Kind: emulator.BadJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := svc.Config(registerToken(lines(`access_token_name = "a"`, `ttl = "1h"`)))
			fault.Operation, fault.Times = emulator.OpListAccessTokens, -1
			var id string
			acctest.Run(t,
				// No list, no refresh that would notice the use.
				resource.TestStep{Config: config, Check: resource.ComposeTestCheckFunc(redeemed(t, svc, &id), func(*terraform.State) error {
					svc.Emulator.Inject(fault)
					return nil
				})},
				resource.TestStep{
					Config: config, ConfigPlanChecks: acctest.EmptyPlan(),
					ConfigStateChecks: []statecheck.StateCheck{
						registered("status", knownvalue.StringExact("pending")), registered("access_token_id", knownvalue.Null()),
					},
				},
				resource.TestStep{
					PreConfig: svc.Emulator.ClearFaults,
					Config:    config, ConfigPlanChecks: acctest.EmptyPlan(),
					ConfigStateChecks: []statecheck.StateCheck{
						registered("status", knownvalue.StringExact("used")), registered("access_token_id", isText(&id)),
					},
				},
			)
		})
	}
}

// Destroying it forgets it. It warns where somebody could still redeem it, by the service's clock.
func TestRegisterTokenDestruction(t *testing.T) {
	t.Parallel()
	wait := func(d time.Duration) func(*testing.T, *acctest.Workspace) {
		return func(_ *testing.T, w *acctest.Workspace) { w.Service.Clock.Advance(d) }
	}
	for name, test := range map[string]struct {
		start  time.Time
		happen func(*testing.T, *acctest.Workspace)
		args   []string
		warns  bool
	}{
		"pending":                          {start: acctest.Start, happen: wait(0), warns: true},
		"on its last second":               {start: acctest.Start, happen: wait(time.Hour - time.Second), warns: true},
		"expired":                          {start: acctest.Start, happen: wait(time.Hour)},
		"expired, without a refresh":       {start: acctest.Start, happen: wait(time.Hour), args: []string{"-refresh=false"}},
		"pending, without a refresh":       {start: acctest.Start, happen: wait(0), args: []string{"-refresh=false"}, warns: true},
		"pending, this clock is far ahead": {start: acctest.Start.AddDate(-20, 0, 0), happen: wait(0), warns: true},
		"used": {start: acctest.Start, happen: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			value, _ := w.Resource(registerAddress).Values["token"].(string)
			if _, err := w.Service.Client(t).RedeemRegisterToken(t.Context(), mlplatform.Secret(value)); err != nil {
				t.Fatal(err)
			}
		}},
		"no token is configured": {start: acctest.Start, happen: func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") }, warns: true},
		"the service is in trouble": {start: acctest.Start, happen: func(_ *testing.T, w *acctest.Workspace) {
			w.Service.Emulator.Inject(emulator.Fault{Kind: emulator.Respond, Status: 500, Times: -1})
		}, warns: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			svc.Clock.Set(test.start)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", registerToken(lines(`access_token_name = "a \"notebook\""`, `ttl = "1h"`)))
			w.Apply()
			test.happen(t, w)
			svc.Emulator.ResetJournal()
			got := w.Destroy(test.args...)
			warning := acctest.OutputMatches(fmt.Sprintf(`Terraform forgets the register token for the access token "a \"notebook\"", but the service `+
				`cannot revoke it: whoever has its value can redeem it once until %s.`, test.start.Add(time.Hour).Format(time.RFC3339)))
			if warns := warning.MatchString(got.Output()); warns != test.warns {
				t.Errorf("it warns: %v\n%s", warns, got.Output())
			}
			if addresses := w.Addresses(); len(addresses) != 0 {
				t.Errorf("the state still holds %q", addresses)
			}
			if writes := svc.Writes(); len(writes) != 0 {
				t.Errorf("the requests %v were made", writes)
			}
		})
	}
}

// It cannot be imported, because the service keeps no list of register tokens.
func TestRegisterTokenImport(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Write("main.tf", registerToken(lines(`access_token_name = "a"`, `ttl = "1h"`)))
	got := w.Run("import", "-no-color", registerAddress, "a")
	if got.ExitCode != 1 || !acctest.OutputMatches("Resource Import Not Implemented").MatchString(got.Output()) {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"fmt"
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

// registerPlanned checks the planned action for the register token under test.
func registerPlanned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return acctest.PlanChecks(plancheck.ExpectResourceAction(registerAddress, action))
}

// redeemed redeems the register token in the state, as its recipient does, and stores the ID of the new access token.
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

// isText checks for a string that is set only after the check is created.
func isText(text *string) knownvalue.Check {
	return knownvalue.StringFunc(func(got string) error {
		if got != *text {
			return fmt.Errorf("got %q, want %q", got, *text)
		}
		return nil
	})
}

// registerTokenLife creates a register token, replaces it by every change that requires replacement, and redeems it. It
// runs against the emulator and against the live service. The lifetimes are short because a register token cannot be
// revoked.
func registerTokenLife(t *testing.T, svc *acctest.Service) []resource.TestStep {
	t.Helper()
	var value, id, created string
	first := svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-notebook"
  access_token_ttl  = "1h"
  ttl               = "2m"
}
`)
	last := svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-notebook"
  access_token_ttl  = "1h"
  ttl               = "3m"
}
`)
	steps := []resource.TestStep{
		{
			Config: first,
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
						return fmt.Errorf("a register token created at %q expires at %q instead of %q", created, got, want)
					}
					return nil
				})),
				registered("status", knownvalue.StringExact("pending")),
				registered("access_token_id", knownvalue.Null()),
			},
		},
		{Config: first, ConfigPlanChecks: acctest.EmptyPlan()},
		{
			Config: svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-notebook"
  access_token_ttl  = "60m"
  ttl               = "120s"
}
`),
			ConfigPlanChecks: acctest.EmptyPlan(),
		},
		{
			Config: svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name   = "tf-acc-notebook"
  access_token_ttl    = "1h"
  ttl                 = "2m"
  recreate_if_invalid = "unused"
}
`),
			ConfigPlanChecks: registerPlanned(plancheck.ResourceActionUpdate),
		},
	}
	for _, config := range []string{
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  access_token_ttl  = "1h"
  ttl               = "2m"
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  role              = "ADMIN"
  access_token_ttl  = "1h"
  ttl               = "2m"
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  role              = "ADMIN"
  access_token_ttl  = "2h"
  ttl               = "2m"
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  role              = "ADMIN"
  ttl               = "2m"
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  role              = "ADMIN"
  ttl               = "3m"
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  role              = "ADMIN"
  ttl               = "3m"
  keepers           = { round = "1" }
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  role              = "ADMIN"
  ttl               = "3m"
  keepers           = { round = "2" }
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-other notebook"
  role              = "ADMIN"
  ttl               = "3m"
}
`,
		`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-notebook"
  access_token_ttl  = "1h"
  ttl               = "3m"
}
`,
	} {
		steps = append(steps, resource.TestStep{
			Config:           svc.Config(config),
			ConfigPlanChecks: registerPlanned(plancheck.ResourceActionReplace),
			ConfigStateChecks: []statecheck.StateCheck{
				registered("status", knownvalue.StringExact("pending")),
				registered("token", knownvalue.StringFunc(func(got string) error {
					if got == value {
						return fmt.Errorf("the register token was not replaced")
					}
					value = got
					return nil
				})),
			},
		})
	}
	return append(steps,
		resource.TestStep{Config: last, Check: redeemed(t, svc, &id)},
		resource.TestStep{
			Config: svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "tf-acc-notebook"
  access_token_ttl  = "1h"
  ttl               = "180s"
}
`),
			ConfigPlanChecks: acctest.EmptyPlan(),
			ConfigStateChecks: []statecheck.StateCheck{
				registered("status", knownvalue.StringExact("used")),
				registered("access_token_id", isText(&id)),
			},
		},
		resource.TestStep{Config: svc.Config(""), Check: func(*terraform.State) error {
			// The access token outlives the register token.
			if err := svc.CheckLiveTokens(t, "tf-acc-notebook")(nil); err != nil {
				return err
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

// Both times are computed by the service's clock, to the second.
func TestRegisterTokenTimes(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Clock.Advance(999 * time.Millisecond)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1d1s"
}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			registered("created_at", knownvalue.StringExact("2031-03-01T12:00:00Z")),
			registered("expires_at", knownvalue.StringExact("2031-03-02T12:00:01Z")),
		},
		Check: func(*terraform.State) error {
			if row := svc.Emulator.RegisterTokens()[0]; !row.ExpiresAt.Equal(acctest.Start.Add(24*time.Hour + time.Second)) {
				return fmt.Errorf("the register token in the service expires at %s", row.ExpiresAt)
			}
			return nil
		},
	})
}

// The access token has the name, role and lifetime that the register token fixes.
func TestRegisterTokenSettings(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	var id string
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "Анна / ноутбук?"
  role              = "ADMIN"
  access_token_ttl  = "30d"
  ttl               = "90m"
}
`),
		Check: resource.ComposeTestCheckFunc(redeemed(t, svc, &id), func(*terraform.State) error {
			for _, token := range svc.Emulator.Tokens() {
				if token.ID == id && token.Name == "Анна / ноутбук?" && token.Role == "ADMIN" &&
					token.ExpiresAt != nil && token.ExpiresAt.Equal(acctest.Start.Add(30*24*time.Hour)) {
					return nil
				}
			}
			return fmt.Errorf("the service has the access tokens %+v", svc.Emulator.Tokens())
		}),
	})
}

// Each value of recreate_if_invalid with each status of the register token.
func TestRegisterTokenPolicies(t *testing.T) {
	t.Parallel()
	const keep, replace = plancheck.ResourceActionNoop, plancheck.ResourceActionReplace
	for policy, wanted := range acctest.Sample(1, map[string]map[string]plancheck.ResourceActionType{
		"never":  {"pending": keep, "expired": keep, "used": keep},
		"unused": {"pending": keep, "expired": replace, "used": keep},
		"always": {"pending": keep, "expired": replace, "used": replace},
	}) {
		for status, want := range wanted {
			t.Run(policy+" and "+status, func(t *testing.T) {
				t.Parallel()
				svc := acctest.NewService(t)
				config := svc.Config(fmt.Sprintf(`
resource "mlplatform_register_token" "test" {
  access_token_name   = "a"
  ttl                 = "1h"
  recreate_if_invalid = %q
}
`, policy))
				var id string
				prepare := map[string]resource.TestCheckFunc{
					"pending": func(*terraform.State) error { svc.Clock.Advance(time.Hour - time.Second); return nil },
					"expired": func(*terraform.State) error { svc.Clock.Advance(time.Hour); return nil },
					"used":    redeemed(t, svc, &id),
				}
				after := status
				if want == replace {
					after = "pending"
				}
				acctest.Run(t,
					resource.TestStep{Config: config, Check: prepare[status], ExpectNonEmptyPlan: want == replace},
					resource.TestStep{
						// The new register token is pending although it fixes the same name.
						PreConfig:         svc.Emulator.ResetJournal,
						Config:            config,
						ConfigPlanChecks:  registerPlanned(want),
						ConfigStateChecks: []statecheck.StateCheck{registered("status", knownvalue.StringExact(after))},
						Check: func(*terraform.State) error {
							if created := len(svc.Writes()) == 1; created != (want == replace) {
								return fmt.Errorf("the requests that change something were %v, with the policy %q", svc.Writes(), policy)
							}
							return nil
						},
					},
				)
			})
		}
	}
}

// An older access token with the same name does not count as a use, and a detected use stays in the state.
func TestRegisterTokenUse(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "a", TTL: time.Minute})
	config := svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1h"
}
`)
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

// While the access tokens cannot be listed, the status stays as it is, without an error.
func TestRegisterTokenWithoutList(t *testing.T) {
	t.Parallel()
	for name, fault := range acctest.Sample(1, map[string]emulator.Fault{
		"403":        {Kind: emulator.Respond, Status: 403},
		"500":        {Kind: emulator.Respond, Status: 500},
		"dropped":    {Kind: emulator.Drop},
		"wrong JSON": {Kind: emulator.BadJSON},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := svc.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1h"
}
`)
			fault.Operation, fault.Times = emulator.OpListAccessTokens, -1
			var id string
			acctest.Run(t,
				// The list fails before the refresh that would detect the use.
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

// Destroying a register token removes it from the state only. The provider warns if it can still be redeemed, by the
// service's clock.
func TestRegisterTokenDestruction(t *testing.T) {
	t.Parallel()
	wait := func(d time.Duration) func(*testing.T, *acctest.Workspace) {
		return func(_ *testing.T, w *acctest.Workspace) { w.Service.Clock.Advance(d) }
	}
	for name, test := range acctest.Sample(2, map[string]struct {
		start   time.Time
		prepare func(*testing.T, *acctest.Workspace)
		args    []string
		warns   bool
	}{
		"pending":                               {start: acctest.Start, prepare: wait(0), warns: true},
		"in its last second":                    {start: acctest.Start, prepare: wait(time.Hour - time.Second), warns: true},
		"expired":                               {start: acctest.Start, prepare: wait(time.Hour)},
		"expired, without a refresh":            {start: acctest.Start, prepare: wait(time.Hour), args: []string{"-refresh=false"}},
		"pending, without a refresh":            {start: acctest.Start, prepare: wait(0), args: []string{"-refresh=false"}, warns: true},
		"pending, the local clock is far ahead": {start: acctest.Start.AddDate(-20, 0, 0), prepare: wait(0), warns: true},
		"used": {start: acctest.Start, prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			value, _ := w.Resource(registerAddress).Values["token"].(string)
			if _, err := w.Service.Client(t).RedeemRegisterToken(t.Context(), mlplatform.Secret(value)); err != nil {
				t.Fatal(err)
			}
		}},
		"no token is configured": {start: acctest.Start, prepare: func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") }, warns: true},
		"the service fails": {start: acctest.Start, prepare: func(_ *testing.T, w *acctest.Workspace) {
			w.Service.Emulator.Inject(emulator.Fault{Kind: emulator.Respond, Status: 500, Times: -1})
		}, warns: true},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			svc.Clock.Set(test.start)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", `
resource "mlplatform_register_token" "test" {
  access_token_name = "a \"notebook\""
  ttl               = "1h"
}
`)
			w.Apply()
			test.prepare(t, w)
			svc.Emulator.ResetJournal()
			got := w.Destroy(test.args...)
			warning := acctest.OutputMatches(fmt.Sprintf(`Terraform forgets the register token for the access token "a \"notebook\"", but the service `+
				`cannot revoke it: anybody who has its value can redeem it once until %s.`, test.start.Add(time.Hour).Format(time.RFC3339)))
			if warns := warning.MatchString(got.Output()); warns != test.warns {
				t.Errorf("the provider warns: %t, want %t\n%s", warns, test.warns, got.Output())
			}
			if addresses := w.Addresses(); len(addresses) != 0 {
				t.Errorf("the state still has %q", addresses)
			}
			svc.ExpectWrites(t, "destroy")
		})
	}
}

// A register token cannot be imported, because the service does not list register tokens.
func TestRegisterTokenImport(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Write("main.tf", `
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1h"
}
`)
	got := w.Run("import", "-no-color", registerAddress, "a")
	if got.ExitCode != 1 || !got.Matches("Resource Import Not Implemented") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
}

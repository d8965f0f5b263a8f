// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// hasIdentity checks that the identity of the access token under test is this name, and that the state has it too.
func hasIdentity(name string) []statecheck.StateCheck {
	return []statecheck.StateCheck{
		statecheck.ExpectIdentity(tokenAddress, map[string]knownvalue.Check{"name": knownvalue.StringExact(name)}),
		statecheck.ExpectIdentityValueMatchesState(tokenAddress, tfjsonpath.New("name")),
	}
}

// storedIdentity returns the identity of the access token in the state file; empty if it has none.
func storedIdentity(w *acctest.Workspace) string {
	w.T.Helper()
	var resources []struct {
		Type      string
		Instances []struct{ Identity struct{ Name string } }
	}
	if err := json.Unmarshal([]byte(w.StateResources()), &resources); err != nil {
		w.T.Fatal(err)
	}
	for _, found := range resources {
		if found.Type == "mlplatform_access_token" {
			return found.Instances[0].Identity.Name
		}
	}
	w.T.Fatal("the state has no access token")
	return ""
}

// The identity follows the token's name when the token is created, read, updated in place and replaced.
func TestIdentity(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Identities)
	svc := acctest.NewService(t)
	first := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "a \"first\" name"
  ttl  = "1h"
}
`)
	second := svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "second"
  ttl  = "1h"
}
`)
	acctest.Run(t,
		resource.TestStep{Config: first, ConfigStateChecks: hasIdentity(`a "first" name`)},
		resource.TestStep{Config: first, ConfigPlanChecks: acctest.EmptyPlan(), ConfigStateChecks: hasIdentity(`a "first" name`)},
		resource.TestStep{
			Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name              = "a \"first\" name"
  ttl               = "1h"
  delete_on_destroy = false
}
`),
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionUpdate)),
			ConfigStateChecks: hasIdentity(`a "first" name`),
		},
		resource.TestStep{RefreshState: true},
		resource.TestStep{
			Config:            second,
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
			ConfigStateChecks: hasIdentity("second"),
		},
		// With the status conflict or missing, the identity is kept, because the state is kept too.
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.Revoke("second")
				svc.Seed(t, emulator.SeedToken{Name: "second"})
			},
			Config:            second,
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: append(hasIdentity("second"), attribute("status", knownvalue.StringExact("conflict"))),
		},
		resource.TestStep{
			PreConfig:         func() { svc.Emulator.Revoke("second") },
			Config:            second,
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionDestroyBeforeCreate)),
			ConfigStateChecks: hasIdentity("second"),
		},
	)
}

// A name that the provider generates, or that a register token has, is the identity as well.
func TestIdentityOfNamesFromElsewhere(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Identities)
	svc := acctest.NewService(t)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name_prefix = "generated-"
}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectIdentityValueMatchesState(tokenAddress, tfjsonpath.New("name")),
		},
	})
	redeemed := acctest.NewService(t)
	acctest.Run(t, resource.TestStep{
		Config: redeemed.Config(`
resource "mlplatform_register_token" "test" {
  access_token_name = "given"
  ttl               = "1h"
}

resource "mlplatform_access_token" "test" {
  register_token_wo = mlplatform_register_token.test.token
}
`),
		ConfigStateChecks: hasIdentity("given"),
	})
}

// An import by identity sets everything but the value, like an import by name, and the next plan is empty.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	for name, tokenName := range acctest.Sample(1, map[string]string{"plain": "hand-made", "any text": `a "hand made" ${token}/ключ`}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			row := svc.Seed(t, emulator.SeedToken{Name: tokenName, Role: "ADMIN", TTL: time.Hour})
			config := svc.Config(fmt.Sprintf(`
resource "mlplatform_access_token" "test" {
  name = %s
}
`, acctest.Quote(tokenName)))
			acctest.Needs(t, acctest.Identities)
			acctest.Run(t,
				resource.TestStep{
					Config: config + fmt.Sprintf(`
import {
  to       = mlplatform_access_token.test
  identity = { name = %s }
}
`, acctest.Quote(tokenName)),
					ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionNoop)),
					ConfigStateChecks: append(hasIdentity(tokenName),
						attribute("id", knownvalue.StringExact(row.ID)),
						attribute("role", knownvalue.StringExact("ADMIN")),
						attribute("expires_at", knownvalue.StringExact(acctest.Start.Add(time.Hour).Format(time.RFC3339))),
						attribute("token", knownvalue.Null()),
						attribute("status", knownvalue.StringExact("active")),
					),
					Check: svc.CheckWrites(),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan(), Check: svc.CheckWrites()},
			)
		})
	}
}

// An import by name sets the identity, too.
func TestIdentityOfAnImportByName(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand-made"})
	acctest.Needs(t, acctest.Identities)
	acctest.Run(t, resource.TestStep{
		Config: svc.Config(`
resource "mlplatform_access_token" "test" {
  name = "hand-made"
}

import {
  to = mlplatform_access_token.test
  id = "hand-made"
}
`),
		ConfigStateChecks: hasIdentity("hand-made"),
	})
}

// Terraform generates the configuration of a token that is imported by identity, and the next plan is empty.
func TestConfigurationGeneratedByIdentity(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Identities)
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand-made", TTL: time.Hour})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
import {
  to       = mlplatform_access_token.test
  identity = { name = "hand-made" }
}
`)
	w.Plan("-generate-config-out=generated.tf")
	w.Apply()
	w.ExpectEmptyPlan()
	if got := storedIdentity(w); got != "hand-made" {
		t.Errorf("the identity is %q", got)
	}
	svc.ExpectWrites(t, "the import")
}

// An import by an identity that no token has is an error; it names the closest tokens.
func TestImportByIdentityErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct{ identity, want string }{
		"near name": {`{ name = "hand made" }`, `The project has no access token named "hand made". The closest names are: "hand-made"`},
		"empty":     {`{ name = "" }`, `The name is empty`},
		"another":   {`{ id = "hand-made" }`, "name"},
		"nothing":   {`{}`, "name"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.Identities)
			svc := acctest.NewService(t)
			svc.Seed(t, emulator.SeedToken{Name: "hand-made"})
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", fmt.Sprintf(`
resource "mlplatform_access_token" "test" {
  name = "hand-made"
}

import {
  to       = mlplatform_access_token.test
  identity = %s
}
`, test.identity))
			if got := w.Run("plan", "-no-color"); got.ExitCode != 1 || !got.Matches(test.want) {
				t.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, test.want, got.Output())
			}
		})
	}
}

// A resource whose state has no identity, because an older version of the provider wrote it, can be read, updated and
// destroyed. Every command that writes the state adds the identity.
func TestStateWithoutIdentity(t *testing.T) {
	t.Parallel()
	const created = `
resource "mlplatform_access_token" "test" {
  name = "older"
}
`
	const updated = `
resource "mlplatform_access_token" "test" {
  name                = "older"
  recreate_if_invalid = "never"
}
`
	for name, test := range acctest.Sample(1, map[string]struct {
		config   string
		run      func(*acctest.Workspace)
		identity string
	}{
		"plan":                   {created, func(w *acctest.Workspace) { w.ExpectEmptyPlan() }, ""},
		"refresh":                {created, func(w *acctest.Workspace) { w.Apply("-refresh-only") }, "older"},
		"update":                 {updated, func(w *acctest.Workspace) { w.Apply() }, "older"},
		"update without refresh": {updated, func(w *acctest.Workspace) { w.Apply("-refresh=false") }, "older"},
		"replacement":            {created, func(w *acctest.Workspace) { w.Apply("-replace=" + tokenAddress) }, "older"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", created)
			w.Apply()
			var state map[string]any
			if err := json.Unmarshal([]byte(w.Read("terraform.tfstate")), &state); err != nil {
				t.Fatal(err)
			}
			removeIdentities(state)
			older, err := json.Marshal(state)
			if err != nil {
				t.Fatal(err)
			}
			w.Write("terraform.tfstate", string(older))
			if got := storedIdentity(w); got != "" {
				t.Fatalf("the identity is still %q", got)
			}
			w.Write("main.tf", test.config)
			test.run(w)
			want := test.identity
			if !acctest.Identities.Has(acctest.CLIVersion(t)) {
				want = ""
			}
			if got := storedIdentity(w); got != want {
				t.Errorf("the identity is %q instead of %q", got, want)
			}
			w.ExpectEmptyPlan()
			w.Destroy()
			svc.ExpectLiveTokens(t)
		})
	}
}

// removeIdentities removes all identities from a state.
func removeIdentities(node any) {
	switch node := node.(type) {
	case map[string]any:
		delete(node, "identity")
		delete(node, "identity_schema_version")
		for _, child := range node {
			removeIdentities(child)
		}
	case []any:
		for _, child := range node {
			removeIdentities(child)
		}
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
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

// identified checks that the token under test has the identity of its name.
func identified(name string) []statecheck.StateCheck {
	return []statecheck.StateCheck{
		statecheck.ExpectIdentity(tokenAddress, map[string]knownvalue.Check{"name": knownvalue.StringExact(name)}),
		statecheck.ExpectIdentityValueMatchesState(tokenAddress, tfjsonpath.New("name")),
	}
}

// identityImport imports the token of a name into the resource under test.
func identityImport(name string) string {
	return fmt.Sprintf("import {\n  to       = mlplatform_access_token.test\n  identity = { name = %s }\n}\n", acctest.Quote(name))
}

// storedIdentity is the identity of the token under test in the state file; empty if it has none.
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

// It identifies the token when it is made, read, changed in place and replaced.
func TestIdentity(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	config := func(lines ...string) string { return svc.Config(accessToken(strings.Join(lines, "\n"))) }
	const first, second, ttl = `name = "a \"first\" name"`, `name = "second"`, `ttl = "1h"`
	acctest.Needs(t, acctest.Identities)
	acctest.Run(t,
		resource.TestStep{Config: config(first, ttl), ConfigStateChecks: identified(`a "first" name`)},
		resource.TestStep{Config: config(first, ttl), ConfigPlanChecks: acctest.EmptyPlan(), ConfigStateChecks: identified(`a "first" name`)},
		resource.TestStep{
			Config:            config(first, ttl, `delete_on_destroy = false`),
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionUpdate)),
			ConfigStateChecks: identified(`a "first" name`),
		},
		resource.TestStep{RefreshState: true},
		resource.TestStep{
			Config:            config(second, ttl),
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionReplace)),
			ConfigStateChecks: identified("second"),
		},
		// A token that is missing or somebody else's keeps its identity: the state is kept, too.
		resource.TestStep{
			PreConfig: func() {
				svc.Emulator.Revoke("second")
				svc.Seed(t, emulator.SeedToken{Name: "second"})
			},
			Config:            config(second, ttl),
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: append(identified("second"), attribute("status", knownvalue.StringExact("conflict"))),
		},
		resource.TestStep{
			PreConfig:         func() { svc.Emulator.Revoke("second") },
			Config:            config(second, ttl),
			ConfigPlanChecks:  acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionDestroyBeforeCreate)),
			ConfigStateChecks: identified("second"),
		},
	)
}

// A token of a generated or a foreign name is identified by the name that it got.
func TestIdentityOfNamesFromElsewhere(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.Needs(t, acctest.Identities)
	acctest.Run(t, resource.TestStep{
		Config:            svc.Config(accessToken(`name_prefix = "generated-"`)),
		ConfigStateChecks: identified("")[1:],
	})
	redeemed := acctest.NewService(t)
	acctest.Needs(t, acctest.Identities)
	acctest.Run(t, resource.TestStep{
		Config: redeemed.Config(registerToken(lines(`access_token_name = "given"`, `ttl = "1h"`)) +
			accessToken(`register_token_wo = mlplatform_register_token.test.token`)),
		ConfigStateChecks: identified("given"),
	})
}

// An import by identity does what one by name does: everything but the value is there, and the next plan is empty.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	for name, tokenName := range map[string]string{"plain": "hand-made", "any text": `a "hand made" ${token}/ключ`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			row := svc.Seed(t, emulator.SeedToken{Name: tokenName, Role: "ADMIN", TTL: time.Hour})
			config := svc.Config(accessToken("name = " + acctest.Quote(tokenName)))
			acctest.Needs(t, acctest.Identities)
			acctest.Run(t,
				resource.TestStep{
					Config:           config + identityImport(tokenName),
					ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionNoop)),
					ConfigStateChecks: append(identified(tokenName),
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

// An import by name identifies the token, too.
func TestIdentityOfAnImportByName(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand-made"})
	acctest.Needs(t, acctest.Identities)
	acctest.Run(t, resource.TestStep{
		Config:            svc.Config(accessToken(`name = "hand-made"`)) + importBlock("hand-made"),
		ConfigStateChecks: identified("hand-made"),
	})
}

// Terraform writes the configuration of a token that is imported by identity, and the plan of it is empty.
func TestConfigurationGeneratedByIdentity(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Identities)
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "hand-made", TTL: time.Hour})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", identityImport("hand-made"))
	w.Plan("-generate-config-out=generated.tf")
	w.Apply()
	w.ExpectEmptyPlan()
	if got := storedIdentity(w); got != "hand-made" {
		t.Errorf("the identity is %q", got)
	}
	if writes := svc.Writes(); len(writes) != 0 {
		t.Errorf("the requests %v were made", writes)
	}
}

// A name that is not there, or none at all, is an error that helps.
func TestImportByIdentityErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(2, map[string]struct{ identity, says string }{
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
			w.Write("main.tf", accessToken(`name = "hand-made"`)+
				"import {\n  to       = mlplatform_access_token.test\n  identity = "+test.identity+"\n}\n")
			if got := w.Run("plan", "-no-color"); got.ExitCode != 1 || !acctest.OutputMatches(test.says).MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
		})
	}
}

// A state that was written before there were identities is read, changed and destroyed as ever, and gets one.
func TestStateWithoutIdentity(t *testing.T) {
	t.Parallel()
	const before, after = `name = "older"`, "name = \"older\"\nrecreate_if_invalid = \"never\""
	for name, test := range acctest.Sample(2, map[string]struct {
		next func(*acctest.Workspace)
		gets string
	}{
		"plan":                   {func(w *acctest.Workspace) { w.ExpectEmptyPlan() }, ""},
		"refresh":                {func(w *acctest.Workspace) { w.Apply("-refresh-only") }, "older"},
		"update":                 {func(w *acctest.Workspace) { w.Write("main.tf", accessToken(after)); w.Apply() }, "older"},
		"update without refresh": {func(w *acctest.Workspace) { w.Write("main.tf", accessToken(after)); w.Apply("-refresh=false") }, "older"},
		"replacement":            {func(w *acctest.Workspace) { w.Apply("-replace=" + tokenAddress) }, "older"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", accessToken(before))
			w.Apply()
			var state map[string]any
			if err := json.Unmarshal([]byte(w.Read("terraform.tfstate")), &state); err != nil {
				t.Fatal(err)
			}
			forget(state)
			older, err := json.Marshal(state)
			if err != nil {
				t.Fatal(err)
			}
			w.Write("terraform.tfstate", string(older))
			if got := storedIdentity(w); got != "" {
				t.Fatalf("the identity is still %q", got)
			}
			test.next(w)
			want := test.gets
			if !acctest.Identities.Has(acctest.CLIVersion(t)) {
				want = ""
			}
			if got := storedIdentity(w); got != want {
				t.Errorf("the identity is %q instead of %q", got, want)
			}
			w.ExpectEmptyPlan()
			w.Destroy()
			if held := svc.LiveTokenNames(t); len(held) != 0 {
				t.Errorf("the service holds %q", held)
			}
		})
	}
}

// forget drops all identities from a state.
func forget(node any) {
	switch node := node.(type) {
	case map[string]any:
		delete(node, "identity")
		delete(node, "identity_schema_version")
		for _, child := range node {
			forget(child)
		}
	case []any:
		for _, child := range node {
			forget(child)
		}
	}
}

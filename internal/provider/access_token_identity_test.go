// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

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
	return fmt.Sprintf("import {\n  to       = mlplatform_access_token.test\n  identity = { name = %s }\n}\n", hcl(name))
}

// storedIdentity is the identity of the token under test in the state file; empty if it has none.
func (w *workspace) storedIdentity() string {
	w.t.Helper()
	var resources []struct {
		Type      string
		Instances []struct{ Identity struct{ Name string } }
	}
	if err := json.Unmarshal([]byte(w.stored()), &resources); err != nil {
		w.t.Fatal(err)
	}
	for _, found := range resources {
		if found.Type == "mlplatform_access_token" {
			return found.Instances[0].Identity.Name
		}
	}
	w.t.Fatal("the state has no access token")
	return ""
}

// It identifies the token when it is made, read, changed in place and replaced.
func TestIdentity(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	config := func(lines ...string) string { return b.config(accessToken(strings.Join(lines, "\n"))) }
	const first, second, ttl = `name = "a \"first\" name"`, `name = "second"`, `ttl = "1h"`
	b.runWith(t, identities,
		resource.TestStep{Config: config(first, ttl), ConfigStateChecks: identified(`a "first" name`)},
		resource.TestStep{Config: config(first, ttl), ConfigPlanChecks: emptyPlan(), ConfigStateChecks: identified(`a "first" name`)},
		resource.TestStep{
			Config:            config(first, ttl, `delete_on_destroy = false`),
			ConfigPlanChecks:  checks(action(plancheck.ResourceActionUpdate)),
			ConfigStateChecks: identified(`a "first" name`),
		},
		resource.TestStep{RefreshState: true},
		resource.TestStep{
			Config:            config(second, ttl),
			ConfigPlanChecks:  checks(action(plancheck.ResourceActionReplace)),
			ConfigStateChecks: identified("second"),
		},
		// A token that is missing or somebody else's keeps its identity: the state is kept, too.
		resource.TestStep{
			PreConfig: func() {
				b.emulator.Revoke("second")
				b.seed(t, seedToken("second"))
			},
			Config:            config(second, ttl),
			ConfigPlanChecks:  checks(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: append(identified("second"), attribute("status", knownvalue.StringExact("conflict"))),
		},
		resource.TestStep{
			PreConfig:         func() { b.emulator.Revoke("second") },
			Config:            config(second, ttl),
			ConfigPlanChecks:  checks(action(plancheck.ResourceActionDestroyBeforeCreate)),
			ConfigStateChecks: identified("second"),
		},
	)
}

// A token of a generated or a foreign name is identified by the name that it got.
func TestIdentityOfNamesFromElsewhere(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.runWith(t, identities, resource.TestStep{
		Config:            b.config(accessToken(`name_prefix = "generated-"`)),
		ConfigStateChecks: identified("")[1:],
	})
	redeemed := emulated(t)
	redeemed.runWith(t, identities, resource.TestStep{
		Config: redeemed.config(registerToken(lines(`access_token_name = "given"`, `ttl = "1h"`)) +
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
			b := emulated(t)
			row := b.seed(t, emulator.SeedToken{Name: tokenName, Role: "ADMIN", TTL: time.Hour})
			config := b.config(accessToken("name = " + hcl(tokenName)))
			b.runWith(t, identities,
				resource.TestStep{
					Config:           config + identityImport(tokenName),
					ConfigPlanChecks: checks(action(plancheck.ResourceActionNoop)),
					ConfigStateChecks: append(identified(tokenName),
						attribute("id", knownvalue.StringExact(row.ID)),
						attribute("role", knownvalue.StringExact("ADMIN")),
						attribute("expires_at", knownvalue.StringExact(epoch.Add(time.Hour).Format(time.RFC3339))),
						attribute("token", knownvalue.Null()),
						attribute("status", knownvalue.StringExact("active")),
					),
					Check: b.expectWrites(),
				},
				resource.TestStep{Config: config, ConfigPlanChecks: emptyPlan(), Check: b.expectWrites()},
			)
		})
	}
}

// An import by name identifies the token, too.
func TestIdentityOfAnImportByName(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	b.seed(t, seedToken("hand-made"))
	b.runWith(t, identities, resource.TestStep{
		Config:            b.config(accessToken(`name = "hand-made"`)) + importBlock("hand-made"),
		ConfigStateChecks: identified("hand-made"),
	})
}

// Terraform writes the configuration of a token that is imported by identity, and the plan of it is empty.
func TestConfigurationGeneratedByIdentity(t *testing.T) {
	t.Parallel()
	needs(t, identities)
	b := emulated(t)
	b.seed(t, emulator.SeedToken{Name: "hand-made", TTL: time.Hour})
	w := newWorkspace(t, b)
	w.write("main.tf", identityImport("hand-made"))
	w.plan("-generate-config-out=generated.tf")
	w.apply()
	w.planIsEmpty()
	if got := w.storedIdentity(); got != "hand-made" {
		t.Errorf("the identity is %q", got)
	}
	if writes := b.writes(); len(writes) != 0 {
		t.Errorf("the requests %v were made", writes)
	}
}

// A name that is not there, or none at all, is an error that helps.
func TestImportByIdentityErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ identity, says string }{
		"near name": {`{ name = "hand made" }`, `The project has no access token named "hand made". The closest names are: "hand-made"`},
		"empty":     {`{ name = "" }`, `The project has no access token named ""`},
		"another":   {`{ id = "hand-made" }`, "name"},
		"nothing":   {`{}`, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, identities)
			b := emulated(t)
			b.seed(t, seedToken("hand-made"))
			w := newWorkspace(t, b)
			w.write("main.tf", accessToken(`name = "hand-made"`)+
				"import {\n  to       = mlplatform_access_token.test\n  identity = "+test.identity+"\n}\n")
			if got := w.run("plan", "-no-color"); got.exitCode != 1 || !says(test.says).MatchString(got.shown()) {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
		})
	}
}

// A state that was written before there were identities is read, changed and destroyed as ever, and gets one.
func TestStateWithoutIdentity(t *testing.T) {
	t.Parallel()
	const before, after = `name = "older"`, "name = \"older\"\nrecreate_if_invalid = \"never\""
	for name, test := range map[string]struct {
		next func(*workspace)
		gets string
	}{
		"plan":                   {func(w *workspace) { w.planIsEmpty() }, ""},
		"refresh":                {func(w *workspace) { w.apply("-refresh-only") }, "older"},
		"update":                 {func(w *workspace) { w.write("main.tf", accessToken(after)); w.apply() }, "older"},
		"update without refresh": {func(w *workspace) { w.write("main.tf", accessToken(after)); w.apply("-refresh=false") }, "older"},
		"replacement":            {func(w *workspace) { w.apply("-replace=" + tokenAddress) }, "older"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := emulated(t)
			w := newWorkspace(t, b)
			w.write("main.tf", accessToken(before))
			w.apply()
			var state map[string]any
			if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
				t.Fatal(err)
			}
			forget(state)
			older, err := json.Marshal(state)
			if err != nil {
				t.Fatal(err)
			}
			w.write("terraform.tfstate", string(older))
			if got := w.storedIdentity(); got != "" {
				t.Fatalf("the identity is still %q", got)
			}
			test.next(w)
			want := test.gets
			if !cliUnderTest(t).has(identities) {
				want = ""
			}
			if got := w.storedIdentity(); got != want {
				t.Errorf("the identity is %q instead of %q", got, want)
			}
			w.planIsEmpty()
			w.destroy()
			if held := b.held(t); len(held) != 0 {
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

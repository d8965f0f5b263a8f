// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// exampleTest says how to test an example. Most are applied and destroyed with an ADMIN token, and nothing else.
type exampleTest struct {
	// needs are the features of the CLI that the example uses, as its README says.
	needs []acctest.Feature
	// prepare sets variables and creates the tokens that exist before a user applies the example.
	prepare func(t *testing.T, w *acctest.Workspace)
	// added is added to the configuration, so that there is something to apply.
	added string
	// afterApply checks the example between its apply and its destroy.
	afterApply func(t *testing.T, w *acctest.Workspace)
	// writesAlways is set if each apply creates a token, because Terraform opens ephemeral resources in every apply.
	writesAlways bool
	// left are the tokens that exist after the destroy.
	left []string
}

// exampleTests are the tests of the examples, by folder. An example that is not here is applied and destroyed.
var exampleTests = map[string]exampleTest{
	"provider": {added: `data "mlplatform_current_token" "test" {}`},
	"actions/mlplatform_revoke_access_token": {
		needs: []acctest.Feature{acctest.Actions}, added: `data "mlplatform_current_token" "test" {}`,
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.Service.Seed(t, emulator.SeedToken{Name: "leaked"})
			w.Env["TF_VAR_leaked_token"] = "leaked"
		},
		afterApply: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.MustRun("apply", "-no-color", "-auto-approve", "-invoke=action.mlplatform_revoke_access_token.leaked")
		},
	},
	"ephemeral-resources/mlplatform_access_token": {needs: []acctest.Feature{acctest.EphemeralResources}, writesAlways: true},
	decryptedTokenExample: {
		needs: []acctest.Feature{acctest.EphemeralResources}, added: `data "mlplatform_current_token" "test" {}`,
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			encryptedVariables(t, w, "value")
		},
	},
	"ephemeral-resources/mlplatform_register_token": {needs: []acctest.Feature{acctest.EphemeralResources}, writesAlways: true},
	"functions/spark_connect_url":                   {needs: []acctest.Feature{acctest.ProviderFunctions}},
	"handover":                                      {needs: []acctest.Feature{acctest.EphemeralResources, acctest.WriteOnlyArguments}, writesAlways: true, afterApply: expectHandOver},
	"encrypted-token": {afterApply: expectRotationForAPerson, prepare: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		w.Write("anna.pub", acctest.Recipient()+"\n")
		w.Env["TF_VAR_public_key_file"] = "anna.pub"
	}},
	"kubernetes-secret": {needs: []acctest.Feature{acctest.WriteOnlyArguments}, prepare: withStandIns, afterApply: expectServedAfterAFailure},
	"vault-secret":      {needs: []acctest.Feature{acctest.WriteOnlyArguments}, prepare: withStandIns, afterApply: expectServedAfterAFailure},
	"state-encryption": {needs: []acctest.Feature{acctest.StateEncryption}, prepare: func(_ *testing.T, w *acctest.Workspace) {
		w.Env["TF_VAR_passphrase"] = "a text of many characters"
	}, afterApply: func(_ *testing.T, w *acctest.Workspace) { w.ExpectNoLeakInFiles() }},
	"keep-on-destroy": {needs: []acctest.Feature{acctest.DestroyFalse}, afterApply: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		w.Run("destroy", "-no-color", "-auto-approve") // OpenTofu exits with 1, as the README says
		if names := w.Service.LiveTokenNames(t); len(names) != 1 || len(w.Addresses()) != 0 {
			t.Errorf("after the destroy, the service has %q and the state %q", names, w.Addresses())
		} else {
			w.Service.Emulator.Revoke(names[0])
		}
	}},
	"revoke-with-resource": {
		needs: []acctest.Feature{acctest.ActionsAfterDestroy}, added: `data "mlplatform_current_token" "test" {}`,
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.Service.Seed(t, emulator.SeedToken{Name: "notebook"})
			w.Env["TF_VAR_notebook_token"] = "notebook"
		},
	},
	"adoption": {
		needs: []acctest.Feature{acctest.Since("1.7.0")},
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.Env["TF_VAR_names"] = `["nightly-etl", "notebook of Anna"]`
			w.Service.Seed(t, emulator.SeedToken{Name: "nightly-etl"})
			w.Service.Seed(t, emulator.SeedToken{Name: "notebook of Anna", TTL: 30 * 24 * time.Hour})
		},
	},
	"ci-pipeline": {needs: []acctest.Feature{acctest.Since("1.4.0")}, afterApply: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		if got := w.Apply("-var", "generation=2"); !got.Matches("1 added, 1 changed, 1 destroyed") {
			t.Errorf("another generation does not replace the token:\n%s", got.Output())
		}
	}},
	"data-sources/mlplatform_access_token": {prepare: func(_ *testing.T, w *acctest.Workspace) {
		w.Env["TF_VAR_token_name"] = "emulator-admin"
	}},
	"modules/rotating-token": {prepare: func(_ *testing.T, w *acctest.Workspace) { w.Env["TF_VAR_name_prefix"] = "module-" }},
	"redemption": {
		needs: []acctest.Feature{acctest.WriteOnlyArguments},
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			token, err := w.Service.Client(t).CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
				AccessTokenName: "mine", Role: mlplatform.RoleUser, AccessTokenLifetime: 24 * time.Hour, Lifetime: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			w.Env["TF_VAR_register_token"] = token.Value.Reveal()
			delete(w.Env, "MLPLATFORM_TOKEN")
		},
		afterApply: func(_ *testing.T, w *acctest.Workspace) {
			w.Env["TF_VAR_register_token"] = "any text will do"
			w.ExpectEmptyPlan()
		},
		left: []string{"mine"},
	},
	"rotation": {needs: []acctest.Feature{acctest.Since("1.4.0")}, afterApply: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		before := w.Service.LiveTokenNames(t)
		w.Service.Clock.Advance(76*24*time.Hour - time.Second)
		w.ExpectEmptyPlan()
		w.Service.Clock.Advance(time.Second)
		if got := w.Apply(); !got.Matches("1 added, 1 changed, 1 destroyed") {
			t.Errorf("the token is not replaced two weeks before its expiry:\n%s", got.Output())
		}
		w.ExpectEmptyPlan()
		if after := w.Service.LiveTokenNames(t); len(after) != 1 || slices.Equal(after, before) {
			t.Errorf("the service has the tokens %q instead of a successor of %q", after, before)
		}
	}},
	"spark-job": {
		needs:   []acctest.Feature{acctest.ProviderFunctions},
		prepare: func(_ *testing.T, w *acctest.Workspace) { w.Env["TF_VAR_cluster_domain_name"] = "spark.example.com" },
		afterApply: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			url := w.MustRun("output", "-raw", "spark_connect_url").Stdout
			if !strings.HasPrefix(url, "sc://spark.example.com:15002/;spark-token=emulated-access") {
				t.Error("the output is not the URL of Spark Connect")
			}
		},
	},
	"team-onboarding": {needs: []acctest.Feature{acctest.Since("1.4.0")}, afterApply: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		value := w.Resource(`mlplatform_register_token.person["anna"]`).Values["token"]
		if _, err := w.Service.Client(t).RedeemRegisterToken(t.Context(), mlplatform.Secret(fmt.Sprint(value))); err != nil {
			t.Fatal(err)
		}
		if got := w.Apply(); !got.Matches(`"anna" = "used" "boris" = "pending"`) {
			t.Errorf("the output does not show that Anna has redeemed her token:\n%s", got.Output())
		}
	}, left: []string{"jupyter-anna"}},
}

// notApplied are the examples that are not applied, and why. `make lint` checks their format.
var notApplied = map[string]string{
	"list-resources/mlplatform_access_token": "it has only a query, which TestExamplesOfQueries runs",
	"pipelines/github":                       "TestPipelines runs it",
	"pipelines/gitlab":                       "TestPipelines runs it",
	"with-vkcs":                              "the provider vk-cs/vkcs requires an account in VK Cloud",
}

// importNeeds are the features of the CLI that the import files use.
var importNeeds = map[string]acctest.Feature{"import-by-string-id.tf": acctest.Since("1.5.0"), "import-by-identity.tf": acctest.Identities}

// exampleFolders returns the folders under examples whose configurations can be applied.
func exampleFolders(t *testing.T) []string {
	t.Helper()
	var folders []string
	err := fs.WalkDir(os.DirFS(acctest.ExamplesFolder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && len(filesOf(t, name, "*.tf")) > 0 && notApplied[name] == "" {
			folders = append(folders, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// filesOf returns the files of an example that match a pattern.
func filesOf(t *testing.T, folder, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(acctest.ExamplesFolder, folder, pattern))
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range found {
		found[i] = filepath.Base(file)
	}
	return found
}

// newExample returns a workspace with an example that can be applied. Of the import files, it has only the named one.
func newExample(t *testing.T, folder, importFile string) *acctest.Workspace {
	t.Helper()
	test := exampleTests[folder]
	acctest.Needs(t, test.needs...)
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.CopyFrom(filepath.Join(acctest.ExamplesFolder, folder))
	for _, file := range filesOf(t, folder, "import*.tf") {
		if file != importFile {
			w.Remove(file)
		}
	}
	if test.added != "" {
		w.Write("added.tf", test.added)
	}
	if test.prepare != nil {
		test.prepare(t, w)
	}
	return w
}

// destroyExample destroys an example, after which only the given tokens may exist.
func destroyExample(w *acctest.Workspace, left ...string) {
	w.T.Helper()
	w.Destroy()
	if addresses := w.Addresses(); len(addresses) != 0 {
		w.T.Errorf("the state still has %q", addresses)
	}
	w.Service.ExpectLiveTokens(w.T, left...)
}

// Every example can be applied, its next plan is empty, and it can be destroyed.
func TestExamples(t *testing.T) {
	t.Parallel()
	folders := exampleFolders(t)
	for folder := range exampleTests {
		if !slices.Contains(folders, folder) {
			t.Errorf("there is no example %q", folder)
		}
	}
	for folder, why := range notApplied {
		t.Logf("%s is not applied: %s", folder, why)
		if len(filesOf(t, folder, "*.tf")) == 0 {
			t.Errorf("there is no example %q", folder)
		}
	}
	for i, folder := range folders {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			if i%5 != 0 {
				acctest.Long(t)
			}
			w := newExample(t, folder, "")
			w.Service.Emulator.ResetJournal()
			w.Apply()
			if len(w.Service.Emulator.Journal()) == 0 {
				t.Error("the example makes no request, so this test shows nothing")
			}
			w.Service.Emulator.ResetJournal()
			w.ExpectEmptyPlan()
			w.Apply()
			test := exampleTests[folder]
			if !test.writesAlways {
				w.Service.ExpectWrites(t, "an apply without changes")
			}
			if test.afterApply != nil {
				test.afterApply(t, w)
			}
			destroyExample(w, test.left...)
		})
	}
}

// Every import file of an example works with the configuration beside it, and the next plan is empty.
func TestExamplesOfImports(t *testing.T) {
	t.Parallel()
	// An import block and a command both have the address of the resource and the name of the token.
	pattern := regexp.MustCompile(`(?s)(?:to *= *|terraform import )(mlplatform_[a-z_.]+).*?"([^"]+)"`)
	imports := 0
	for _, folder := range exampleFolders(t) {
		for _, file := range filesOf(t, folder, "import*") {
			imports++
			t.Run(folder+"/"+file, func(t *testing.T) {
				t.Parallel()
				block := strings.HasSuffix(file, ".tf")
				if block {
					need, ok := importNeeds[file]
					if !ok {
						t.Fatalf("importNeeds does not have %s", file)
					}
					acctest.Needs(t, need)
				}
				w := newExample(t, folder, file)
				found := pattern.FindStringSubmatch(w.Read(file))
				if found == nil {
					t.Fatalf("the file does not name a resource and a token:\n%s", w.Read(file))
				}
				address, name := found[1], found[2]
				token := w.Service.Seed(t, emulator.SeedToken{Name: name, TTL: 30 * 24 * time.Hour})
				if !block {
					shell(w, file)
				}
				w.Apply()
				if id := w.Resource(address).Values["id"]; id != token.ID {
					t.Errorf("%s has the ID %v instead of %s", address, id, token.ID)
				}
				w.ExpectEmptyPlan()
				destroyExample(w)
			})
		}
	}
	if imports == 0 {
		t.Error("there is no example of an import")
	}
}

// shell runs a script of the workspace, in which terraform is the CLI.
func shell(w *acctest.Workspace, name string) {
	w.T.Helper()
	bin := w.T.TempDir()
	if err := os.Symlink(w.CLI.Path, filepath.Join(bin, "terraform")); err != nil {
		w.T.Fatal(err)
	}
	cmd := exec.CommandContext(w.T.Context(), "sh", "-e", name)
	cmd.Dir = w.Dir
	for name, value := range w.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, "PATH="+bin+string(os.PathListSeparator)+w.Env["PATH"])
	if output, err := cmd.CombinedOutput(); err != nil {
		w.T.Fatalf("%s: %v\n%s", name, err, output)
	}
}

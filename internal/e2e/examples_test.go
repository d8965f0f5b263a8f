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

// exampleNeed is what an example presupposes. Most need nothing but an administrator's token.
type exampleNeed struct {
	// cli is what it needs of the CLI, as its README says.
	cli []acctest.Feature
	// prepare gives the workspace what is there already when a user applies the example: variables, tokens.
	prepare func(t *testing.T, w *acctest.Workspace)
	// more is what is added to the configuration, so that there is something to apply.
	more string
	// also is tried out between the apply and the destruction.
	also func(t *testing.T, w *acctest.Workspace)
	// mints says that each apply mints something, because Terraform opens ephemeral resources even with nothing to do.
	mints bool
	// leaves are the tokens that outlive the destruction.
	leaves []string
}

// exampleNeeds says what the examples need, by folder. One that is not here is applied as it is.
var exampleNeeds = map[string]exampleNeed{
	"provider": {more: dataSource("current_token", "")},
	"actions/mlplatform_revoke_access_token": {
		cli: []acctest.Feature{acctest.Actions}, more: dataSource("current_token", ""),
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.Service.Seed(t, emulator.SeedToken{Name: "leaked"})
			w.Env["TF_VAR_leaked_token"] = "leaked"
		},
		also: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.MustRun("apply", "-no-color", "-auto-approve", "-invoke=action.mlplatform_revoke_access_token.leaked")
		},
	},
	"ephemeral-resources/mlplatform_access_token": {cli: []acctest.Feature{acctest.EphemeralResources}, mints: true},
	decryptedTokenExample: {
		cli: []acctest.Feature{acctest.EphemeralResources}, more: dataSource("current_token", ""),
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			encryptedVariables(t, w, "value")
		},
	},
	"ephemeral-resources/mlplatform_register_token": {cli: []acctest.Feature{acctest.EphemeralResources}, mints: true},
	"functions/spark_connect_url":                   {cli: []acctest.Feature{acctest.ProviderFunctions}},
	"handover":                                      {cli: []acctest.Feature{acctest.EphemeralResources, acctest.WriteOnlyArguments}, mints: true, also: handedOver},
	"adoption": {
		cli: []acctest.Feature{acctest.Since("1.7.0")},
		prepare: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			w.Env["TF_VAR_names"] = `["nightly-etl", "notebook of Anna"]`
			w.Service.Seed(t, emulator.SeedToken{Name: "nightly-etl"})
			w.Service.Seed(t, emulator.SeedToken{Name: "notebook of Anna", TTL: 30 * 24 * time.Hour})
		},
	},
	"ci-pipeline": {cli: []acctest.Feature{acctest.Since("1.4.0")}, also: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		if got := w.Apply("-var", "generation=2"); !acctest.OutputMatches("1 added, 1 changed, 1 destroyed").MatchString(got.Stdout) {
			t.Errorf("with a raised generation:\n%s", got.Output())
		}
	}},
	"data-sources/mlplatform_access_token": {prepare: func(_ *testing.T, w *acctest.Workspace) {
		w.Env["TF_VAR_token_name"] = "emulator-admin"
	}},
	"modules/rotating-token": {prepare: func(_ *testing.T, w *acctest.Workspace) { w.Env["TF_VAR_name_prefix"] = "module-" }},
	"redemption": {
		cli: []acctest.Feature{acctest.WriteOnlyArguments},
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
		also: func(_ *testing.T, w *acctest.Workspace) {
			w.Env["TF_VAR_register_token"] = "any text will do"
			w.ExpectEmptyPlan()
		},
		leaves: []string{"mine"},
	},
	"rotation": {cli: []acctest.Feature{acctest.Since("1.4.0")}, also: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		before := w.Service.LiveTokenNames(t)
		w.Service.Clock.Advance(76*24*time.Hour - time.Second)
		w.ExpectEmptyPlan()
		w.Service.Clock.Advance(time.Second)
		if got := w.Apply(); !acctest.OutputMatches("1 added, 1 changed, 1 destroyed").MatchString(got.Stdout) {
			t.Errorf("two weeks before the expiry:\n%s", got.Output())
		}
		w.ExpectEmptyPlan()
		if after := w.Service.LiveTokenNames(t); len(after) != 1 || slices.Equal(after, before) {
			t.Errorf("in place of %q the service holds %q", before, after)
		}
	}},
	"spark-job": {
		cli:     []acctest.Feature{acctest.ProviderFunctions},
		prepare: func(_ *testing.T, w *acctest.Workspace) { w.Env["TF_VAR_cluster_domain_name"] = "spark.example.com" },
		also: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			url := w.MustRun("output", "-raw", "spark_connect_url").Stdout
			if !strings.HasPrefix(url, "sc://spark.example.com:15002/;spark-token=emulated-access") {
				t.Error("the output is not the URL of Spark Connect")
			}
		},
	},
	"team-onboarding": {cli: []acctest.Feature{acctest.Since("1.4.0")}, also: func(t *testing.T, w *acctest.Workspace) {
		t.Helper()
		value := w.Resource(`mlplatform_register_token.person["anna"]`).Values["token"]
		if _, err := w.Service.Client(t).RedeemRegisterToken(t.Context(), mlplatform.Secret(fmt.Sprint(value))); err != nil {
			t.Fatal(err)
		}
		if got := w.Apply(); !acctest.OutputMatches(`"anna" = "used" "boris" = "pending"`).MatchString(got.Stdout) {
			t.Errorf("after Anna has redeemed her token:\n%s", got.Output())
		}
	}, leaves: []string{"jupyter-anna"}},
}

// notApplied says why an example is not applied. `make lint` checks its format all the same.
var notApplied = map[string]string{
	"list-resources/mlplatform_access_token": "it has nothing to apply, but a query of its own",
	"pipelines/github":                       "its pipeline is run by a test of its own",
	"pipelines/gitlab":                       "its pipeline is run by a test of its own",
	"with-vkcs":                              "the provider vk-cs/vkcs needs an account of VK Cloud",
}

// importNeeds is what each kind of import file needs of the CLI.
var importNeeds = map[string]acctest.Feature{"import-by-string-id.tf": acctest.Since("1.5.0"), "import-by-identity.tf": acctest.Identities}

// exampleFolders finds the folders under examples that hold a configuration to apply.
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

// filesOf lists the files of an example that match a pattern.
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

// exampleWorkspace copies an example, without files of imports but the one that is named, and gives it what it needs.
func exampleWorkspace(t *testing.T, folder, importFile string) *acctest.Workspace {
	t.Helper()
	need := exampleNeeds[folder]
	acctest.Needs(t, need.cli...)
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.CopyFrom(filepath.Join(acctest.ExamplesFolder, folder))
	for _, file := range filesOf(t, folder, "import*.tf") {
		if file != importFile {
			w.Remove(file)
		}
	}
	if need.more != "" {
		w.Write("more.tf", need.more)
	}
	if need.prepare != nil {
		need.prepare(t, w)
	}
	return w
}

// isOver destroys what an example made and checks that nothing is left but what must be.
func isOver(w *acctest.Workspace, leaves []string) {
	w.T.Helper()
	w.Destroy()
	if addresses := w.Addresses(); len(addresses) != 0 {
		w.T.Errorf("the state still holds %q", addresses)
	}
	if held := w.Service.LiveTokenNames(w.T); !slices.Equal(held, append([]string{}, leaves...)) {
		w.T.Errorf("the service holds %q instead of %q", held, leaves)
	}
}

// Every example can be applied, has then nothing more to do, and can be destroyed.
func TestExamples(t *testing.T) {
	t.Parallel()
	folders := exampleFolders(t)
	for folder := range exampleNeeds {
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
			if i%3 != 0 {
				acctest.Long(t)
			}
			w := exampleWorkspace(t, folder, "")
			w.Service.Emulator.ResetJournal()
			w.Apply()
			if len(w.Service.Emulator.Journal()) == 0 {
				t.Error("nothing was asked of the service, so the example shows nothing")
			}
			w.Service.Emulator.ResetJournal()
			w.ExpectEmptyPlan()
			w.Apply()
			need := exampleNeeds[folder]
			if writes := w.Service.Writes(); len(writes) != 0 && !need.mints {
				t.Errorf("with nothing to do, the requests %v were made", writes)
			}
			if need.also != nil {
				need.also(t, w)
			}
			isOver(w, need.leaves)
		})
	}
}

// Every import that an example shows works with the configuration beside it, and the next plan is empty.
func TestExamplesOfImports(t *testing.T) {
	t.Parallel()
	// Both forms name the resource and the token.
	shape := regexp.MustCompile(`(?s)(?:to *= *|terraform import )(mlplatform_[a-z_.]+).*?"([^"]+)"`)
	imports := 0
	for _, folder := range exampleFolders(t) {
		for _, file := range filesOf(t, folder, "import*") {
			imports++
			t.Run(folder+"/"+file, func(t *testing.T) {
				t.Parallel()
				block := strings.HasSuffix(file, ".tf")
				if block {
					need, known := importNeeds[file]
					if !known {
						t.Fatal("it is not said what this needs of the CLI")
					}
					acctest.Needs(t, need)
				}
				w := exampleWorkspace(t, folder, file)
				found := shape.FindStringSubmatch(w.Read(file))
				if found == nil {
					t.Fatalf("it does not name a resource and a token:\n%s", w.Read(file))
				}
				address, name := found[1], found[2]
				there := w.Service.Seed(t, emulator.SeedToken{Name: name, TTL: 30 * 24 * time.Hour})
				if !block {
					shell(w, file)
				}
				w.Apply()
				if id := w.Resource(address).Values["id"]; id != there.ID {
					t.Errorf("%s has the id %v instead of %s", address, id, there.ID)
				}
				w.ExpectEmptyPlan()
				isOver(w, nil)
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

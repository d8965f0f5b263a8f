// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// documentation is a document whose shell blocks run in turn, in one shell.
type documentation struct {
	needs []acctest.Feature
	// folder is copied from the repository; without it, the first terraform block of the document is main.tf.
	folder string
	// before has what runs in the same shell before each of the blocks that run.
	before []string
	// replace are pairs of texts: a folder of the document, and one that the test may write to.
	replace []string
	// prepare returns what the shell reads from its input, and may create tokens.
	prepare func(t *testing.T, svc *acctest.Service) string
}

// documentations are the documents whose commands run, by path in the repository.
var documentations = map[string]documentation{
	"README.md":                                     {},
	"README.ru.md":                                  {},
	"templates/guides/emulator.md.tmpl":             {folder: "."},
	"templates/guides/emulator.ru.md.tmpl":          {folder: "."},
	"examples/quickstart/README.md":                 {folder: "examples/quickstart"},
	"examples/rotation/README.md":                   {folder: "examples/rotation", needs: []acctest.Feature{acctest.Since("1.4.0")}},
	"examples/team-onboarding/README.md":            {folder: "examples/team-onboarding", needs: []acctest.Feature{acctest.Since("1.4.0")}},
	"examples/ci-pipeline/README.md":                {folder: "examples/ci-pipeline", needs: []acctest.Feature{acctest.Since("1.4.0")}},
	"examples/spark-job/README.md":                  {folder: "examples/spark-job", needs: []acctest.Feature{acctest.ProviderFunctions}},
	"templates/guides/what-happens-when.md.tmpl":    {folder: "examples/quickstart", before: []string{initAndApply}},
	"templates/guides/what-happens-when.ru.md.tmpl": {folder: "examples/quickstart", before: []string{initAndApply}},
	"templates/guides/adoption.md.tmpl":             importGuide,
	"templates/guides/adoption.ru.md.tmpl":          importGuide,
	"templates/guides/installation.md.tmpl":         installationGuide,
	"templates/guides/installation.ru.md.tmpl":      installationGuide,
	"templates/guides/pipelines.md.tmpl":            pipelineGuide,
	"templates/guides/pipelines.ru.md.tmpl":         pipelineGuide,
	"templates/guides/troubleshooting.md.tmpl":      troubleshootingGuide,
	"templates/guides/troubleshooting.ru.md.tmpl":   troubleshootingGuide,
	"examples/modules/rotating-token/README.md": {
		folder: "examples/modules/rotating-token", needs: []acctest.Feature{acctest.Since("1.6.0")}, before: []string{"terraform init\n"},
	},
	"examples/encrypted-token/README.md": {
		folder: "examples/encrypted-token",
		before: []string{"echo '" + acctest.Recipient() + "' > anna.pub\nexport TF_VAR_public_key_file=anna.pub\n"},
	},
	"examples/keep-on-destroy/README.md": {folder: "examples/keep-on-destroy", needs: []acctest.Feature{acctest.DestroyFalse}},
	"examples/state-encryption/README.md": {
		folder: "examples/state-encryption", needs: []acctest.Feature{acctest.StateEncryption},
		before: []string{"export TF_VAR_passphrase='a text of many characters'\n"},
	},
	"examples/revoke-with-resource/README.md": {
		folder: "examples/revoke-with-resource", needs: []acctest.Feature{acctest.ActionsAfterDestroy},
		before: []string{"export TF_VAR_notebook_token=notebook\n"},
		prepare: func(t *testing.T, svc *acctest.Service) string {
			t.Helper()
			svc.Seed(t, emulator.SeedToken{Name: "notebook"})
			return ""
		},
	},
	"examples/handover/README.md": {
		folder: "examples/handover", needs: []acctest.Feature{acctest.EphemeralResources, acctest.WriteOnlyArguments},
	},
	"examples/adoption/README.md": {
		folder: "examples/adoption", needs: []acctest.Feature{acctest.Since("1.7.0")},
		prepare: func(t *testing.T, svc *acctest.Service) string {
			t.Helper()
			svc.Seed(t, emulator.SeedToken{Name: "nightly-etl"})
			svc.Seed(t, emulator.SeedToken{Name: "notebook of Anna"})
			return ""
		},
	},
	"examples/redemption/README.md": {
		folder: "examples/redemption", needs: []acctest.Feature{acctest.WriteOnlyArguments},
		prepare: func(t *testing.T, svc *acctest.Service) string {
			t.Helper()
			token, err := svc.Client(t).CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
				AccessTokenName: "mine", Role: mlplatform.RoleUser, AccessTokenLifetime: 24 * time.Hour, Lifetime: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			return token.Value.Reveal() + "\n"
		},
	},
}

const (
	initAndApply  = "terraform init\nterraform apply\n"
	writeVersions = "cat > versions.tf <<'END'\n" + requiredProviders + "END\n"
)

// The guides exist in two languages with the same commands.
var (
	importGuide = documentation{
		needs: []acctest.Feature{acctest.Since("1.6.0")},
		before: []string{writeVersions + "terraform init\n", `
terraform state rm mlplatform_access_token.nightly_etl
cat > main.tf <<'END'
import {
  provider = mlplatform
  to       = mlplatform_access_token.nightly_etl
  id       = "nightly-etl"
}
END
`},
		prepare: func(t *testing.T, svc *acctest.Service) string {
			t.Helper()
			svc.Seed(t, emulator.SeedToken{Name: "nightly-etl"})
			return ""
		},
	}
	installationGuide = documentation{
		folder:  "examples/quickstart",
		replace: []string{"/srv/terraform", "$HOME/.terraform.d/plugins"},
		// The mirror has the provider for one platform; any file will do for the others.
		before: []string{`
for versions in "$HOME"/.terraform.d/plugins/*/mlplatform/mlplatform/0.1.0; do
  installed=$(ls "$versions")
  for platform in linux_amd64 darwin_arm64; do
    test -e "$versions/$platform" || cp -R "$versions/$installed" "$versions/$platform"
  done
done
`},
	}
	pipelineGuide = documentation{
		folder: "examples/checks", needs: []acctest.Feature{acctest.Since("1.5.0")}, before: []string{initAndApply},
		prepare: func(t *testing.T, _ *acctest.Service) string {
			t.Helper()
			if _, err := exec.LookPath("jq"); err != nil {
				t.Skip("no jq")
			}
			return ""
		},
	}
	troubleshootingGuide = documentation{
		needs: []acctest.Feature{acctest.WriteOnlyArguments},
		before: []string{writeVersions + `
cat > main.tf <<'END'
resource "mlplatform_access_token" "nightly_etl" {
  name = "nightly-etl"
}
END
` + initAndApply, `
cat >> main.tf <<'END'
resource "mlplatform_access_token" "anna" {
  name = "notebook of Anna"
}
END
`, `
cat >> main.tf <<'END'
variable "register_token" {
  type      = string
  ephemeral = true
}
resource "mlplatform_access_token" "redeemed" {
  register_token_wo = var.register_token
}
END
`},
		prepare: func(t *testing.T, svc *acctest.Service) string {
			t.Helper()
			svc.Seed(t, emulator.SeedToken{Name: "notebook of Anna"})
			value, err := svc.Emulator.SeedRegisterToken(emulator.SeedToken{Name: "mine", TTL: dayLong})
			if err != nil {
				t.Fatal(err)
			}
			return value + "\n"
		},
	}
)

// documentsNotRun are the documents of which no command runs, and why.
var documentsNotRun = map[string]string{
	"CONTRIBUTING.md":                      "its commands build and test the provider",
	"examples/kubernetes-secret/README.md": "it needs a cluster; TestExamples applies it with a stand-in",
	"examples/vault-secret/README.md":      "it needs a Vault server; TestExamples applies it with a stand-in",
	"examples/README.md":                   "its commands build the provider and start an emulator",
	"examples/with-vkcs/README.md":         "the provider vk-cs/vkcs needs an account of VK Cloud",
}

// notRun matches blocks of these documents that do not run here, and says why. The test counts them.
var notRun = map[*regexp.Regexp]string{
	regexp.MustCompile(`(?m)^make (install|demo|test|observe|testacc)\b`): "builds the provider, runs tests or reaches a live service",
	regexp.MustCompile(`^go run ./internal/cmd/emulator`):                 "the test starts an emulator",
	regexp.MustCompile(`^terraform providers mirror\b`):                   "asks the registry",
	regexp.MustCompile(`^age -d `):                                        "needs age; TestExamples decrypts the token",
	regexp.MustCompile(`vault_`):                                          "needs a Vault server",
	regexp.MustCompile(`(?m)^terraform query\b`):                          "is run by other tests, with the CLIs that know it",
}

var (
	shellBlock     = regexp.MustCompile("(?ms)^```shell\n(.*?)^```$")
	terraformBlock = regexp.MustCompile("(?ms)^```terraform\n(.*?)^```$")
)

// failFast ends the shell at the first command that fails, but for the exit code 2 of a plan with changes.
const failFast = `trap 'code=$?; case $BASH_COMMAND in *-detailed-exitcode*) [ $code -eq 2 ] || exit $code ;; *) exit $code ;; esac' ERR
set -uo pipefail
`

// The commands of the documents work as they are written, with an empty home folder in which the provider is installed
// as by `make install`.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	acctest.Long(t)
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for path, doc := range documentations {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, doc.needs...)
			text := readFile(t, filepath.Join("..", "..", path))
			var script strings.Builder
			run, left := 0, 0
			for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
				if reason := whyNotRun(block[1]); reason != "" {
					t.Logf("not run, because it %s:\n%s", reason, block[1])
					left++
					continue
				}
				if run < len(doc.before) {
					script.WriteString(doc.before[run])
				}
				script.WriteString(strings.NewReplacer(doc.replace...).Replace(block[1]))
				run++
			}
			if run == 0 {
				t.Fatal("no block runs")
			}
			t.Logf("%d blocks run, %d do not", run, left)

			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			switch doc.folder {
			case "":
				w.Write("main.tf", terraformBlock.FindStringSubmatch(text)[1])
			case ".":
				copyExamples(t, w.Dir)
			default:
				w.CopyFrom(filepath.Join("..", "..", doc.folder))
			}
			input := ""
			if doc.prepare != nil {
				input = doc.prepare(t, svc)
			}
			command := exec.CommandContext(t.Context(), bash, "-c", failFast+script.String())
			command.Dir, command.Stdin, command.Env = w.Dir, strings.NewReader(input), newcomer(t, svc)
			output, err := command.CombinedOutput()
			if err != nil {
				shown, _ := leakcheck.New(svc.Emulator.IssuedValues()...).Redact(string(output), "(a token's value)")
				t.Errorf("%v\n%s\n%s", err, script.String(), shown)
			}
		})
	}
}

// Every document that the table names exists, and each one with shell blocks is in it or has a reason not to be.
func TestDocumentsWithCommands(t *testing.T) {
	t.Parallel()
	root := os.DirFS(filepath.Join("..", ".."))
	for path := range documentations {
		if _, err := fs.Stat(root, path); err != nil {
			t.Error(err)
		}
	}
	for _, pattern := range []string{"*.md", "templates/guides/*.md.tmpl", "examples/*.md", "examples/*/README.md", "examples/*/*/README.md"} {
		paths, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			blocks := shellBlock.FindAllString(readFile(t, filepath.Join("..", "..", path)), -1)
			_, run := documentations[path]
			if _, known := documentsNotRun[path]; !run && !known && len(blocks) > 0 {
				t.Errorf("%s: nothing runs its %d blocks", path, len(blocks))
			}
		}
	}
}

func whyNotRun(block string) string {
	for pattern, reason := range notRun {
		if pattern.MatchString(block) {
			return reason
		}
	}
	return ""
}

func copyExamples(t *testing.T, folder string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(folder, "examples"), os.DirFS(acctest.ExamplesFolder)); err != nil {
		t.Fatal(err)
	}
}

// newcomer returns the environment of a user who has just installed the provider.
func newcomer(t *testing.T, svc *acctest.Service) []string {
	t.Helper()
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if err := os.Symlink(acctest.CLIPath(t), filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	// Of the example of a Spark job.
	if err := os.WriteFile(filepath.Join(bin, "python"), []byte("#!/bin/sh\ntest -n \"$SPARK_CONNECT_URL\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := tfcli.FillMirror(filepath.Join(home, ".terraform.d", "plugins"), acctest.Program(t), "0.1.0"); err != nil {
		t.Fatal(err)
	}
	return []string{
		"HOME=" + home, "TMPDIR=" + home, "PATH=" + bin + ":" + os.Getenv("PATH"), "CHECKPOINT_DISABLE=1",
		// Users answer the question of both with yes.
		"TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve",
		"MLPLATFORM_ENDPOINT=" + svc.Endpoint, "MLPLATFORM_TOKEN=" + svc.Token,
	}
}

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
	// before runs in the same shell before the document's blocks.
	before string
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
	"templates/guides/what-happens-when.md.tmpl":    {folder: "examples/quickstart", before: "terraform init\nterraform apply\n"},
	"templates/guides/what-happens-when.ru.md.tmpl": {folder: "examples/quickstart", before: "terraform init\nterraform apply\n"},
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

// notRun matches blocks of these documents that do not run here, and says why. The test counts them.
var notRun = map[*regexp.Regexp]string{
	regexp.MustCompile(`(?m)^make (install|demo|test|observe|testacc)\b`): "builds the provider, runs tests or reaches a live service",
	regexp.MustCompile(`^go run ./internal/cmd/emulator`):                 "the test starts an emulator",
	regexp.MustCompile(`(?m)^terraform query\b`):                          "other tests run queries, with the CLIs that know them",
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
				script.WriteString(block[1])
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
			command := exec.CommandContext(t.Context(), bash, "-c", failFast+doc.before+script.String())
			command.Dir, command.Stdin, command.Env = w.Dir, strings.NewReader(input), newcomer(t, svc)
			output, err := command.CombinedOutput()
			if err != nil {
				shown, _ := leakcheck.New(svc.Emulator.IssuedValues()...).Redact(string(output), "(a token's value)")
				t.Errorf("%v\n%s\n%s", err, script.String(), shown)
			}
		})
	}
}

// Every document that the table names exists, and the others with shell blocks are counted.
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
			if _, run := documentations[path]; !run && len(blocks) > 0 {
				t.Logf("%s: %d blocks do not run here", path, len(blocks))
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
	if err := os.Symlink(acctest.CLIPath(t), filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
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

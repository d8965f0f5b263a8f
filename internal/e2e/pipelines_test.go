// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// The pipelines of the examples do what the guide "In a pipeline" says: each job's script runs in a checkout of its own,
// with the artifacts of the jobs before it, and no value is in an artifact or in a log.
func TestPipelines(t *testing.T) {
	t.Parallel()
	acctest.Long(t)
	acctest.Needs(t, acctest.Since("1.5.0")) // check blocks
	for name, load := range map[string]func(*testing.T, *ciProject) map[string]ciJob{
		"gitlab": loadGitLab, "github": loadGitHub,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newCIProject(t, filepath.Join(acctest.ExamplesFolder, "pipelines", name))
			p.jobs = load(t, p)

			p.run(0, "validate", "plan")
			p.expectTokens(0)
			p.expectArtifact("plan.txt", "2 to add, 0 to change, 0 to destroy")

			p.run(0, "plan", "apply")
			first := p.expectTokens(1)
			p.run(0, "rotate")
			p.expectOutput("No rotation is due.")

			p.service.Clock.Advance(24 * 24 * time.Hour)
			p.run(0, "rotate")
			if second := p.expectTokens(1); slices.Equal(first, second) {
				t.Errorf("the token %q was not rotated", first)
			}
			p.run(0, "rotate")
			p.expectOutput("No rotation is due.")
			p.run(0, "validate", "plan")
			p.expectArtifact("plan.txt", "No changes.")

			// A token with the status conflict plans no change, but a check fails.
			name := p.expectTokens(1)[0]
			p.service.Emulator.Revoke(name)
			p.service.Seed(t, emulator.SeedToken{Name: name})
			p.run(1, "rotate")
			p.expectOutput("check.tokens_active")
			p.service.Emulator.Revoke(name)

			// Changes that are left after an apply.
			p.write("drift.tf", `
resource "terraform_data" "drift" {
  input = timestamp()
}
`)
			p.run(2, "rotate")

			// Without a token.
			delete(p.secrets, "MLPLATFORM_TOKEN")
			p.run(1, "plan")
			p.expectOutput("MLPLATFORM_TOKEN is not available")
			p.run(1, "rotate")
		})
	}
}

// A plan without a token fails because the configuration reads the provider's token.
func TestPipelinePlanWithoutToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.5.0"))
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Write("main.tf", readFile(t, filepath.Join(acctest.ExamplesFolder, "pipelines", "gitlab", "main.tf")))
	delete(w.Env, "MLPLATFORM_TOKEN")
	if got := w.Run("plan", "-no-color"); got.ExitCode != 1 || !got.Matches("Unable to describe the provider's token") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	// With nothing but a token to create, a plan needs no request.
	w.Write("main.tf", `
resource "mlplatform_access_token" "this" {
  name = "green"
}
`)
	if got := w.Plan(); !got.Matches("1 to add") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
}

// Both pipelines manage the same configuration.
func TestPipelinesShareTheirConfiguration(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(acctest.ExamplesFolder, "pipelines")
	if readFile(t, filepath.Join(folder, "gitlab", "main.tf")) != readFile(t, filepath.Join(folder, "github", "main.tf")) {
		t.Error("gitlab/main.tf and github/main.tf differ")
	}
}

// ciJob is a job of a pipeline. Each script runs in a shell of its own.
type ciJob struct {
	scripts   []string
	artifacts []string
	env       map[string]string
}

// ciProject is a repository with a pipeline, and what its CI system keeps.
type ciProject struct {
	t       *testing.T
	service *acctest.Service
	cli     *tfcli.CLI
	// source is the repository; artifacts are those of the last pipeline.
	source, artifacts, home string
	jobs                    map[string]ciJob
	secrets                 map[string]string
	output                  string
}

func newCIProject(t *testing.T, example string) *ciProject {
	t.Helper()
	home := t.TempDir()
	p := &ciProject{
		t: t, service: acctest.NewService(t), home: home,
		source: filepath.Join(home, "source"), artifacts: filepath.Join(home, "artifacts"),
	}
	p.secrets = map[string]string{
		"MLPLATFORM_TOKEN": p.service.Token, "PLAN_PASSPHRASE": "correct horse", "MLPLATFORM_ENDPOINT": p.service.Endpoint,
	}
	mirror := filepath.Join(home, "mirror")
	if err := tfcli.FillMirror(mirror, acctest.Program(t), "0.1.0"); err != nil {
		t.Fatal(err)
	}
	cli, err := tfcli.New(acctest.CLIPath(t), home, tfcli.Mirror(mirror))
	if err != nil {
		t.Fatal(err)
	}
	p.cli = cli
	// The scripts call terraform, whatever CLI is under test.
	bin := filepath.Join(home, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(cli.Path, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	cli.Env["PATH"] = bin + string(os.PathListSeparator) + cli.Env["PATH"]
	if err := os.CopyFS(p.source, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	// The lock file is part of the repository.
	if got, err := cli.Run(t.Context(), p.source, "init", "-backend=false"); err != nil || got.ExitCode != 0 {
		t.Fatalf("init: %v\n%s", err, got.Output())
	}
	if err := os.RemoveAll(filepath.Join(p.source, ".terraform")); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *ciProject) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.source, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// run runs the jobs of a pipeline in order. All but the last must succeed, and the last must have the exit status.
func (p *ciProject) run(status int, jobs ...string) {
	p.t.Helper()
	p.output = ""
	if err := os.RemoveAll(p.artifacts); err != nil {
		p.t.Fatal(err)
	}
	for i, name := range jobs {
		job, ok := p.jobs[name]
		if !ok {
			p.t.Fatalf("there is no job %q", name)
		}
		want := 0
		if i == len(jobs)-1 {
			want = status
		}
		if got := p.runJob(job); got != want {
			p.t.Fatalf("the job %q has the exit status %d instead of %d:\n%s", name, got, want, p.output)
		}
	}
	p.service.ExpectNoLeak(p.t, fmt.Sprintf("the log of %q", jobs), p.output)
	if _, err := os.Stat(p.artifacts); err != nil {
		return
	}
	leaks, err := p.service.LeakFinder().FindInFolder(p.artifacts)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, leak := range leaks {
		p.t.Errorf("an artifact of %q: %s", jobs, leak)
	}
}

func (p *ciProject) runJob(job ciJob) int {
	p.t.Helper()
	checkout, err := os.MkdirTemp(p.home, "job")
	if err != nil {
		p.t.Fatal(err)
	}
	defer os.RemoveAll(checkout)
	for _, from := range []string{p.source, p.artifacts} {
		if _, err := os.Stat(from); err != nil {
			continue
		}
		if err := os.CopyFS(checkout, os.DirFS(from)); err != nil {
			p.t.Fatal(err)
		}
	}
	env := maps.Clone(p.cli.Env)
	maps.Copy(env, p.secrets)
	maps.Copy(env, job.env)
	for _, script := range job.scripts {
		cmd := exec.CommandContext(p.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
		cmd.Dir = checkout
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		output, err := cmd.CombinedOutput()
		p.output += string(output)
		if cmd.ProcessState == nil {
			p.t.Fatal(err)
		}
		if status := cmd.ProcessState.ExitCode(); status != 0 {
			return status
		}
	}
	for _, name := range job.artifacts {
		content := readFile(p.t, filepath.Join(checkout, name))
		if err := os.MkdirAll(p.artifacts, 0o700); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(p.artifacts, name), []byte(content), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	return 0
}

// expectTokens checks how many live tokens the service has besides the provider's own, and returns their names.
func (p *ciProject) expectTokens(want int) []string {
	p.t.Helper()
	var names []string
	for _, token := range p.service.Emulator.LiveTokens() {
		if token.Name != acctest.AdminName {
			names = append(names, token.Name)
		}
	}
	if len(names) != want {
		p.t.Fatalf("the service has the tokens %q instead of %d:\n%s", names, want, p.output)
	}
	return names
}

func (p *ciProject) expectOutput(text string) {
	p.t.Helper()
	if !strings.Contains(p.output, text) {
		p.t.Errorf("the output does not contain %q:\n%s", text, p.output)
	}
}

func (p *ciProject) expectArtifact(name, text string) {
	p.t.Helper()
	if content := readFile(p.t, filepath.Join(p.artifacts, name)); !strings.Contains(content, text) {
		p.t.Errorf("the artifact %s does not contain %q:\n%s", name, text, content)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// readYAML goes through JSON, whose raw messages let a caller decode a part later.
func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	var document any
	if err := yaml.Unmarshal([]byte(readFile(t, name)), &document); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// The guide's way to rotate the provider's own token: it creates its successor, which the next run uses, and expires.
func TestPipelineRotatesProviderToken(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Write("main.tf", `
resource "mlplatform_access_token" "provider" {
  name_prefix       = "terraform-"
  role              = "ADMIN"
  ttl               = "90d"
  rotate_before     = "30d"
  delete_on_destroy = false

  lifecycle {
    create_before_destroy = true
  }
}

output "token" {
  value     = mlplatform_access_token.provider.token
  sensitive = true
}
`)
	w.Apply()
	w.Env["MLPLATFORM_TOKEN"] = w.MustRun("output", "-raw", "token").Stdout
	w.ExpectEmptyPlan()
	w.Service.Clock.Advance(61 * 24 * time.Hour)
	w.Apply()
	if names := w.Service.LiveTokenNames(t); len(names) != 2 {
		t.Errorf("the service has the tokens %q instead of the provider's and its successor", names)
	}
	w.Env["MLPLATFORM_TOKEN"] = w.MustRun("output", "-raw", "token").Stdout
	w.Service.Clock.Advance(30 * 24 * time.Hour)
	w.ExpectEmptyPlan()
	if names := w.Service.LiveTokenNames(t); len(names) != 1 {
		t.Errorf("the service has the tokens %q instead of the successor", names)
	}
}

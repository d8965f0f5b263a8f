// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// gitLabJob is what the test knows of a job in .gitlab-ci.yml.
type gitLabJob struct {
	Stage        string              `json:"stage"`
	Rules        []map[string]string `json:"rules"`
	Needs        []string            `json:"needs"`
	BeforeScript []string            `json:"before_script"`
	Script       []string            `json:"script"`
	Artifacts    struct {
		Paths  []string `json:"paths"`
		Access string   `json:"access"`
	} `json:"artifacts"`
}

// loadGitLab reads .gitlab-ci.yml and starts a server for the project's Terraform state.
func loadGitLab(t *testing.T, p *ciProject) map[string]ciJob {
	t.Helper()
	file := filepath.Join(p.source, ".gitlab-ci.yml")
	var header struct {
		Stages    []string          `json:"stages"`
		Default   gitLabJob         `json:"default"`
		Variables map[string]string `json:"variables"`
	}
	readYAML(t, file, &header)
	var all map[string]json.RawMessage
	readYAML(t, file, &all)

	state := newStateServer(t)
	predefined := map[string]string{
		"CI_API_V4_URL": state.URL, "CI_PROJECT_ID": "42", "CI_JOB_TOKEN": "job-token", "CI_DEFAULT_BRANCH": "main",
	}
	env := map[string]string{}
	for name, value := range header.Variables {
		env[name] = os.Expand(value, func(variable string) string {
			value, ok := predefined[variable]
			if !ok {
				t.Errorf("the variable %s uses %q, which the test does not know", name, variable)
			}
			return value
		})
	}
	jobs := map[string]ciJob{}
	for name, raw := range all {
		if slices.Contains([]string{"stages", "workflow", "default", "variables"}, name) {
			continue
		}
		var job gitLabJob
		if err := json.Unmarshal(raw, &job); err != nil {
			t.Fatalf("the job %q: %v", name, err)
		}
		if !slices.Contains(header.Stages, job.Stage) {
			t.Errorf("the job %q has the unknown stage %q", name, job.Stage)
		}
		if len(job.Rules) == 0 || len(job.Script) == 0 {
			t.Errorf("the job %q lacks rules or a script", name)
		}
		if len(job.Artifacts.Paths) > 0 && job.Artifacts.Access != "developer" {
			t.Errorf("everybody can download the artifacts of the job %q", name)
		}
		for _, needed := range job.Needs {
			if _, ok := all[needed]; !ok {
				t.Errorf("the job %q needs the unknown job %q", name, needed)
			}
		}
		// GitLab runs all lines in one shell.
		script := strings.Join(slices.Concat(header.Default.BeforeScript, job.Script), "\n")
		jobs[name] = ciJob{scripts: []string{script}, artifacts: job.Artifacts.Paths, env: env}
	}
	return jobs
}

// loadGitHub reads the workflow. The state is in a file, because there is no object storage here.
func loadGitHub(t *testing.T, p *ciProject) map[string]ciJob {
	t.Helper()
	p.write("backend_override.tf", fmt.Sprintf(`
terraform {
  backend "local" {
    path = %q
  }
}
`, filepath.ToSlash(filepath.Join(p.home, "tokens.tfstate"))))
	var workflow struct {
		Env  map[string]string `json:"env"`
		Jobs map[string]struct {
			Env   map[string]string `json:"env"`
			Steps []struct {
				Uses string         `json:"uses"`
				Run  string         `json:"run"`
				With map[string]any `json:"with"`
			} `json:"steps"`
		} `json:"jobs"`
	}
	readYAML(t, filepath.Join(p.source, ".github", "workflows", "tokens.yml"), &workflow)
	jobs := map[string]ciJob{}
	for name, job := range workflow.Jobs {
		out := ciJob{env: workflow.Env}
		for _, step := range job.Steps {
			if step.Run != "" {
				out.scripts = append(out.scripts, step.Run)
			}
			if strings.HasPrefix(step.Uses, "actions/upload-artifact@") {
				out.artifacts = strings.Fields(fmt.Sprint(step.With["path"]))
			}
		}
		// The secrets have the names of the variables.
		for variable, value := range job.Env {
			if value != "${{ secrets."+variable+" }}" {
				t.Errorf("the job %q sets %s to %q, which the test does not know", name, variable, value)
			}
		}
		jobs[name] = out
	}
	return jobs
}

// stateServer keeps a Terraform state like GitLab: a write is accepted only from the holder of the lock.
type stateServer struct {
	*httptest.Server
	mu          sync.Mutex
	state, lock []byte
}

func newStateServer(t *testing.T) *stateServer {
	t.Helper()
	s := &stateServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.Close()
		if s.lock != nil {
			t.Error("the state is still locked")
		}
		if s.state == nil {
			t.Error("no state was written")
		}
	})
	return s
}

func (s *stateServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	user, password, _ := r.BasicAuth()
	if err != nil || user != "gitlab-ci-token" || password != "job-token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	const path = "/projects/42/terraform/state/tokens"
	switch r.Method + " " + r.URL.Path {
	case "GET " + path:
		if s.state == nil {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(s.state)
	case "POST " + path:
		var lock struct{ ID string }
		if json.Unmarshal(s.lock, &lock) != nil || lock.ID != r.URL.Query().Get("ID") {
			w.WriteHeader(http.StatusConflict)
			return
		}
		s.state = body
	case "POST " + path + "/lock":
		if s.lock != nil {
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write(s.lock)
			return
		}
		s.lock = body
	case "DELETE " + path + "/lock":
		s.lock = nil
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

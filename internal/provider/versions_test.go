// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
)

// feature is something that not every CLI has, and the first version of each CLI that has it; empty for none.
type feature struct{ name, terraform, openTofu string }

var (
	functions          = feature{"functions of providers", "1.8.0", "1.7.0"}
	ephemeralResources = feature{"ephemeral resources", "1.10.0", "1.11.0"}
	writeOnlyArguments = feature{"write-only arguments", "1.11.0", "1.11.0"}
	identities         = feature{"resource identity", "1.12.0", "1.12.0"}
	queries            = feature{"terraform query", "1.14.0", ""}
	actions            = feature{"actions", "1.14.0", ""}
)

// since is a feature that both CLIs have from the same version on, or that OpenTofu has always had.
func since(minimum string) feature {
	return feature{"what came with version " + minimum, minimum, minimum}
}

// cliVersion is a version of Terraform or of OpenTofu, which count differently.
type cliVersion struct {
	number   string
	openTofu bool
}

func (v cliVersion) String() string {
	if v.openTofu {
		return "OpenTofu " + v.number
	}
	return "Terraform " + v.number
}

// has tells whether the CLI has a feature. A prerelease has what its release will have.
func (v cliVersion) has(f feature) bool {
	minimum := f.terraform
	if v.openTofu {
		minimum = f.openTofu
	}
	return minimum != "" && version.Must(version.NewVersion(v.number)).Core().GreaterThanOrEqual(version.Must(version.NewVersion(minimum)))
}

// needs skips a test that the CLI has not the features for. Nothing but this and spares skips for the CLI.
func needs(t *testing.T, features ...feature) {
	t.Helper()
	cli := cliUnderTest(t)
	for _, f := range features {
		if !cli.has(f) {
			t.Skipf("%s lacks %s", cli, f.name)
		}
	}
}

// What Terraform 1.16.0 does wrong with any provider.
const (
	terraformWithFaults = "Terraform 1.16.0"
	// otherOrder: github.com/hashicorp/terraform/issues/39076.
	otherOrder = "replaces in another order than it has planned, and may leave the deletion to the next run"
	lostState  = "crashes, with the state not saved, when creations fail side by side after they have set a state"
)

// spares skips a test for a fault of this very version of a CLI, so that other versions are tested.
func spares(t *testing.T, cli, fault string) {
	t.Helper()
	if cliUnderTest(t).String() == cli {
		t.Skipf("%s %s", cli, fault)
	}
}

// cliUnderTest asks the CLI for its version, once.
func cliUnderTest(t *testing.T) cliVersion {
	t.Helper()
	path := cliPath(t)
	answered.Do(func() { answer, answerErr = askVersion(path) })
	if answerErr != nil {
		t.Fatal(answerErr)
	}
	return answer
}

var (
	answered  sync.Once
	answer    cliVersion
	answerErr error
)

func askVersion(path string) (cliVersion, error) {
	cmd := exec.Command(path, "version")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	output, err := cmd.Output()
	if err != nil {
		return cliVersion{}, fmt.Errorf("asking %s for its version: %w", path, err)
	}
	return parseVersion(string(output))
}

// parseVersion reads the first line of `terraform version`, such as "OpenTofu v1.12.6-dev".
func parseVersion(output string) (cliVersion, error) {
	words := strings.Fields(output)
	if len(words) < 2 || words[0] != "Terraform" && words[0] != "OpenTofu" {
		return cliVersion{}, fmt.Errorf("not the version of a Terraform CLI: %q", output)
	}
	number := strings.TrimPrefix(words[1], "v")
	if _, err := version.NewVersion(number); err != nil {
		return cliVersion{}, err
	}
	return cliVersion{number: number, openTofu: words[0] == "OpenTofu"}, nil
}

// A test must be skipped where a feature lacks and nowhere else, whatever number OpenTofu has come to.
func TestFeaturesOfCLIs(t *testing.T) {
	t.Parallel()
	for output, want := range map[string][]feature{
		"Terraform v1.0.0":               {},
		"Terraform v1.8.0":               {functions},
		"Terraform v1.11.4\non linux":    {functions, ephemeralResources, writeOnlyArguments},
		"Terraform v1.12.0-rc1":          {functions, ephemeralResources, writeOnlyArguments, identities},
		"Terraform v1.14.0":              {functions, ephemeralResources, writeOnlyArguments, identities, queries, actions},
		"Terraform v1.17.0-dev\non x":    {functions, ephemeralResources, writeOnlyArguments, identities, queries, actions},
		"OpenTofu v1.6.0":                {},
		"OpenTofu v1.10.9\n":             {functions},
		"OpenTofu v1.12.6-dev\non linux": {functions, ephemeralResources, writeOnlyArguments, identities},
		"OpenTofu v1.99.0":               {functions, ephemeralResources, writeOnlyArguments, identities},
	} {
		cli, err := parseVersion(output)
		if err != nil {
			t.Errorf("%q: %v", output, err)
			continue
		}
		has := map[string]bool{}
		for _, f := range want {
			has[f.name] = true
		}
		for _, f := range []feature{functions, ephemeralResources, writeOnlyArguments, identities, queries, actions} {
			if cli.has(f) != has[f.name] {
				t.Errorf("%s has %s: %v", cli, f.name, !has[f.name])
			}
		}
	}
	for _, output := range []string{"", "Terraform", "Pulumi v3.0.0", "Terraform vX"} {
		if cli, err := parseVersion(output); err == nil {
			t.Errorf("%q is the version %s", output, cli)
		}
	}
}

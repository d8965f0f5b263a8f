// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"sync"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// Feature is a feature that not every CLI has, with the first version of each CLI that has it; empty for none.
type Feature struct{ Name, Terraform, OpenTofu string }

// The features that tests need.
var (
	ProviderFunctions  = Feature{"provider functions", "1.8.0", "1.7.0"}
	EphemeralResources = Feature{"ephemeral resources", "1.10.0", "1.11.0"}
	WriteOnlyArguments = Feature{"write-only arguments", "1.11.0", "1.11.0"}
	Identities         = Feature{"resource identity", "1.12.0", "1.12.0"}
	Queries            = Feature{"terraform query", "1.14.0", ""}
	Actions            = Feature{"actions", "1.14.0", ""}

	StateEncryption     = Feature{"state encryption", "", "1.7.0"}
	DestroyFalse        = Feature{"lifecycle.destroy", "1.16.0", "1.12.0"}
	ActionsAfterDestroy = Feature{"actions after a destruction", "1.16.0", ""}
)

// Since is a feature that both CLIs have from the same version on, or that OpenTofu has always had.
func Since(version string) Feature {
	return Feature{"a feature of version " + version, version, version}
}

// Has reports whether a CLI has a feature. A prerelease has the features of its release.
func (f Feature) Has(cli tfcli.Version) bool {
	minimum := f.since(cli)
	return minimum != "" && cli.AtLeast(minimum)
}

// since returns the first version of the same CLI that has the feature; empty if none has.
func (f Feature) since(cli tfcli.Version) string {
	if cli.OpenTofu {
		return f.OpenTofu
	}
	return f.Terraform
}

// Needs skips the test if the CLI lacks one of the features. Nothing but this and SkipBug skips a test because of the
// CLI.
func Needs(t *testing.T, features ...Feature) {
	t.Helper()
	cli := CLIVersion(t)
	for _, f := range features {
		switch {
		case f.since(cli) == "":
			t.Skipf("no version of this CLI has %s", f.Name)
		case !f.Has(cli):
			t.Skipf("%s lacks %s", cli, f.Name)
		}
	}
}

// Bug is a bug of one version of a CLI, whatever the provider.
type Bug struct{ CLI, Description string }

// The bugs that tests run into.
var (
	// BugReplaceOrder is https://github.com/hashicorp/terraform/issues/39076.
	BugReplaceOrder = Bug{"Terraform 1.16.0", "replaces in another order than planned, and may leave the deletion to the next run"}
	BugLostState    = Bug{"Terraform 1.16.0", "crashes without saving the state when several creations fail after they have set a state"}
)

// SkipBug skips the test with the version of a CLI that has the bug, and with no other.
func SkipBug(t *testing.T, bug Bug) {
	t.Helper()
	if cli := CLIVersion(t); cli.String() == bug.CLI {
		t.Skipf("%s %s", cli, bug.Description)
	}
}

// CLIPath returns the path of the CLI under test.
func CLIPath(t *testing.T) string {
	t.Helper()
	path, err := tfcli.Find()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// CLIVersion returns the version of the CLI under test.
func CLIVersion(t *testing.T) tfcli.Version {
	t.Helper()
	version, err := versionOf()
	if err != nil {
		t.Fatal(err)
	}
	return version
}

var versionOf = sync.OnceValues(func() (tfcli.Version, error) {
	path, err := tfcli.Find()
	if err != nil {
		return tfcli.Version{}, err
	}
	return tfcli.VersionOf(context.Background(), path)
})

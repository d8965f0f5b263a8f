// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/hashicorp/go-version"
)

// Version is the version of a CLI. Terraform and OpenTofu number their features differently.
type Version struct {
	Number   string // such as "1.12.6-dev"
	OpenTofu bool
}

func (v Version) String() string {
	if v.OpenTofu {
		return "OpenTofu " + v.Number
	}
	return "Terraform " + v.Number
}

// AtLeast reports whether the number is a minimum, such as "1.11.0", or later. A prerelease counts as its release.
func (v Version) AtLeast(minimum string) bool {
	return version.Must(version.NewVersion(v.Number)).Core().GreaterThanOrEqual(version.Must(version.NewVersion(minimum)))
}

// VersionOf runs `version`.
func VersionOf(ctx context.Context, path string) (Version, error) {
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	output, err := cmd.Output()
	if err != nil {
		return Version{}, fmt.Errorf("reading the version of %s: %w", path, err)
	}
	return ParseVersion(string(output))
}

// ParseVersion parses the output of `version`, such as "OpenTofu v1.12.6-dev".
func ParseVersion(output string) (Version, error) {
	words := strings.Fields(output)
	if len(words) < 2 || words[0] != "Terraform" && words[0] != "OpenTofu" {
		return Version{}, fmt.Errorf("not the version of a Terraform CLI: %q", output)
	}
	number := strings.TrimPrefix(words[1], "v")
	if _, err := version.NewVersion(number); err != nil {
		return Version{}, err
	}
	return Version{Number: number, OpenTofu: words[0] == "OpenTofu"}, nil
}

// SPDX-License-Identifier: MPL-2.0

package tfcli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// source is the provider's address without a host.
const source = "mlplatform/mlplatform"

// DevOverrides returns a CLI configuration that takes providers from a folder without `init`. Sources other than this
// provider's are addresses such as "hashicorp/time".
func DevOverrides(folder string, sources ...string) string {
	var lines strings.Builder
	// Without required_providers a CLI looks for a provider in the namespace hashicorp.
	for _, source := range append([]string{source, "hashicorp/mlplatform"}, sources...) {
		fmt.Fprintf(&lines, "    %q = %q\n", source, filepath.ToSlash(folder))
	}
	return "provider_installation {\n  dev_overrides {\n" + lines.String() + "  }\n}\n"
}

// Mirror returns a CLI configuration with which `init` installs from a filesystem mirror and nowhere else.
func Mirror(folder string) string {
	return fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(folder))
}

// FillMirror copies a built provider into a filesystem mirror, for both CLIs: each looks for an address without a host
// on its own registry.
func FillMirror(folder, program, version string) error {
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		target := filepath.Join(folder, host, filepath.FromSlash(source), version, runtime.GOOS+"_"+runtime.GOARCH,
			"terraform-provider-mlplatform_v"+version+filepath.Ext(program))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		if err := copyProgram(program, target); err != nil {
			return err
		}
	}
	return nil
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700) //nolint:gosec // a program is executable
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

const (
	cliConfig = "cli.tfrc"
	mirror    = "mirror"
	scratch   = "t" // short, because the path of a socket is

	// mirrorVersion is what the CLI takes the provider's version to be. 0.0.0 would mean none at all to it.
	mirrorVersion = "0.0.1"
)

// newFolder makes the temporary folder: the provider as an installation mirror, so that the CLI installs it as it
// would from a registry, and the configuration. What it made is removed if it fails.
func newFolder(parent, binary, example string) (folder string, err error) {
	if folder, err = os.MkdirTemp(parent, "mlp-demo-"); err != nil {
		return "", err
	}

	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
			folder = ""
		}
	}()

	if err := os.Mkdir(filepath.Join(folder, scratch), 0o700); err != nil {
		return folder, err
	}

	if err := makeMirror(filepath.Join(folder, mirror), binary); err != nil {
		return folder, err
	}

	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		filepath.ToSlash(filepath.Join(folder, mirror)))
	if err := os.WriteFile(filepath.Join(folder, cliConfig), []byte(config), 0o600); err != nil {
		return folder, err
	}

	return folder, copyConfiguration(example, filepath.Join(folder, quickstart))
}

// makeMirror lays the provider out for both CLIs: each takes an address without a host to be on a registry of its own.
func makeMirror(folder, binary string) error {
	name := "terraform-provider-mlplatform_v" + mirrorVersion + filepath.Ext(binary)
	first := ""

	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		platform := filepath.Join(folder, host, filepath.FromSlash(source()), mirrorVersion, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(platform, 0o700); err != nil {
			return err
		}

		file := filepath.Join(platform, name)

		if first != "" {
			if err := os.Link(first, file); err != nil {
				return err
			}

			continue
		}

		// A copy, because the user may build anew in the meantime.
		if err := copyFile(binary, file, 0o700); err != nil {
			return err
		}

		first = file
	}

	return nil
}

// source is the provider's address as a configuration gives it, without a host.
func source() string {
	_, source, _ := strings.Cut(provider.Address, "/")

	return source
}

// copyConfiguration copies the configuration alone, and no state that the user may have beside it.
func copyConfiguration(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.tf"))
	if err != nil {
		return err
	}

	if len(files) == 0 {
		return fmt.Errorf("%s holds no configuration", from)
	}

	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}

	for _, file := range files {
		if err := copyFile(file, filepath.Join(to, filepath.Base(file)), 0o600); err != nil {
			return err
		}
	}

	return nil
}

func copyFile(from, to string, mode os.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()

	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}

	_, err = io.Copy(out, in)

	return errors.Join(err, out.Close())
}

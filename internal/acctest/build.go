// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// BuiltVersion is the version of the provider that Program builds.
const BuiltVersion = "9.8.7-test"

// programName is the file name of the provider's program.
const programName = "terraform-provider-mlplatform"

// Main runs the tests of a package and removes the program that they built. It also implements the flag -sweep.
func Main(m *testing.M) { resource.TestMain(withCleanup{m}) }

// withCleanup exists because the test framework ends the process as soon as Run returns.
type withCleanup struct{ *testing.M }

func (m withCleanup) Run() int {
	defer func() {
		if builtFolder != "" {
			_ = os.RemoveAll(builtFolder)
		}
	}()
	return m.M.Run()
}

// builtFolder is empty until build has run.
var builtFolder string

// build builds the provider once for all tests of a package, if one of them needs it.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "terraform-provider-mlplatform-")
	if err != nil {
		return "", err
	}
	builtFolder = folder
	cmd := exec.Command("go", "build", "-ldflags", "-X main.version="+BuiltVersion, "-o", filepath.Join(folder, programName), ".")
	cmd.Dir = RepositoryRoot
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	return folder, nil
})

// Program returns the path of the provider's program, built from this source.
func Program(t *testing.T) string {
	t.Helper()
	folder, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, programName)
}

// RepositoryRoot is the folder of the repository, seen from the packages that use this one.
const RepositoryRoot = "../.."

// ExamplesFolder is the folder of the examples, seen from the same packages.
const ExamplesFolder = RepositoryRoot + "/examples"

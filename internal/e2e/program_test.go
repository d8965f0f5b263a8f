// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

func TestVersionFlag(t *testing.T) {
	t.Parallel()
	output, err := exec.Command(acctest.Program(t), "-version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "terraform-provider-mlplatform " + acctest.BuiltVersion + "\n"; string(output) != want {
		t.Errorf("-version printed %q instead of %q", output, want)
	}
}

// A registry offers the provider to those CLIs that speak the protocol of the manifest, so it has to be the protocol
// that the program speaks.
func TestManifestNamesTheProtocol(t *testing.T) {
	t.Parallel()
	var manifest struct {
		Version  int
		Metadata struct {
			Protocols []string `json:"protocol_versions"`
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "terraform-registry-manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Version != 1 {
		t.Errorf("the manifest is of version %d", manifest.Version)
	}
	spoken := []string{}
	for _, protocol := range []string{"4", "5", "6", "7"} {
		if handshake(t, protocol) == protocol {
			spoken = append(spoken, protocol+".0")
		}
	}
	if !slices.Equal(manifest.Metadata.Protocols, spoken) {
		t.Errorf("the manifest names %q, the program speaks %q", manifest.Metadata.Protocols, spoken)
	}
}

// handshake starts the provider as a CLI that speaks one protocol does, and returns the protocol it answers with.
func handshake(t *testing.T, protocol string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), acctest.Program(t))
	cmd.Env = []string{
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		"PLUGIN_PROTOCOL_VERSIONS=" + protocol, "TMPDIR=" + t.TempDir(),
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	// It would wait for the CLI to connect. Why it ended does not matter.
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err != nil {
		t.Fatalf("the provider ended after %q: %v", line, err)
	}
	// "CORE-PROTOCOL | PROTOCOL | network | address | grpc | certificate"
	fields := strings.Split(line, "|")
	if len(fields) < 5 || fields[0] != "1" || strings.TrimSpace(fields[4]) != "grpc" {
		t.Fatalf("not the handshake of a plugin: %q", line)
	}
	return fields[1]
}

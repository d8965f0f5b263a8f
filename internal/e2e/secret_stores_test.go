// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// withStandIns installs stand-ins for the providers of secret stores beside the provider, and sets the variables of the examples
// that use them. See the command standin.
func withStandIns(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	folder := t.TempDir()
	var sources []string
	for _, name := range []string{"kubernetes", "vault"} {
		program := filepath.Join(folder, "terraform-provider-"+name)
		if output, err := exec.Command("go", "build", "-o", program, "./standin").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		sources = append(sources, "hashicorp/"+name)
	}
	program := acctest.Program(t)
	if err := os.Symlink(program, filepath.Join(folder, filepath.Base(program))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.Env["TF_CLI_CONFIG_FILE"], []byte(tfcli.DevOverrides(folder, sources...)), 0o600); err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(identity, []byte(acctest.Identity().String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Env["TF_VAR_recipient"], w.Env["TF_VAR_identity_file"] = acctest.Recipient(), identity
}

// expectServedAfterAFailure rotates the token while the secret store fails. The old token stays, and the next apply writes the new value,
// which is in no file.
func expectServedAfterAFailure(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	svc := w.Service
	first := svc.LastValue()
	if !w.JobUsed(first) {
		t.Error("the secret store did not get the value")
	}
	svc.Clock.Advance(80 * 24 * time.Hour)
	w.Env["STANDIN_FAILS"] = "1"
	if got := w.Run("apply", "-no-color", "-auto-approve"); got.ExitCode != 1 || !got.Matches("the secret store is not available") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	if names := svc.LiveTokenNames(t); len(names) != 2 || !w.JobUsed(first) {
		t.Errorf("after the failure, the service has the tokens %q", names)
	}
	second := svc.LastValue()
	delete(w.Env, "STANDIN_FAILS")
	w.Apply()
	if names := svc.LiveTokenNames(t); len(names) != 1 || !w.JobUsed(second) || svc.LastValue() != second {
		t.Errorf("the next apply did not write the value; the service has the tokens %q", names)
	}
	w.ExpectEmptyPlan()
	w.ExpectNoLeakInFiles()
}

// expectRotationForAPerson rotates a token that stays valid until it expires.
func expectRotationForAPerson(t *testing.T, w *acctest.Workspace) {
	t.Helper()
	svc := w.Service
	if value := acctest.Decrypt(t, w.MustRun("output", "-raw", "encrypted_token").Stdout); value != svc.LastValue() {
		t.Error("the output is another value")
	}
	svc.Clock.Advance(80 * 24 * time.Hour)
	w.Apply()
	if value := acctest.Decrypt(t, w.MustRun("output", "-raw", "encrypted_token").Stdout); value != svc.LastValue() {
		t.Error("after the rotation, the output is another value")
	}
	if names := svc.LiveTokenNames(t); len(names) != 2 {
		t.Errorf("the service has the tokens %q", names)
	}
	w.ExpectNoLeakInFiles()
	svc.Clock.Advance(10 * 24 * time.Hour) // the first one has expired
	w.Destroy()
	for _, name := range svc.LiveTokenNames(t) {
		svc.Emulator.Revoke(name)
	}
}

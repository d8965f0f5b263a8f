// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

const decryptedTokenExample = "ephemeral-resources/mlplatform_decrypted_token"

// encryptedVariables sets the variables of the example of mlplatform_decrypted_token to a value and to a new identity.
func encryptedVariables(t *testing.T, w *acctest.Workspace, value string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var encrypted bytes.Buffer
	armored := armor.NewWriter(&encrypted)
	plain, err := age.Encrypt(armored, identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(plain, value); err != nil {
		t.Fatal(err)
	}
	for _, closer := range []io.Closer{plain, armored} {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(file, []byte(identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Env["TF_VAR_encrypted_token"], w.Env["TF_VAR_identity_file"] = encrypted.String(), file
}

// The value reaches its consumer and nothing else: no output, no log, no file. Neither a provider token nor a request is
// necessary.
func TestDecryptedTokenReachesItsConsumer(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	value := svc.Client(t).Now().Format("emulated-value-20060102150405-canary")
	w := acctest.NewWorkspace(t, svc).Traced()
	w.CopyFrom(filepath.Join(acctest.ExamplesFolder, decryptedTokenExample))
	config := w.Read("ephemeral-resource.tf")
	used := filepath.Join(t.TempDir(), "used")
	w.Write("ephemeral-resource.tf", strings.Replace(config, `test -n \"$ACCESS_TOKEN\"`, `printf %s \"$ACCESS_TOKEN\" > '`+used+`'`, 1))
	encryptedVariables(t, w, value)
	delete(w.Env, "MLPLATFORM_TOKEN")
	svc.Emulator.ResetJournal()
	got := w.Apply()
	if content, err := os.ReadFile(used); err != nil || string(content) != value {
		t.Errorf("the consumer did not get the value: %v", err)
	}
	if strings.Contains(got.Output(), value) || strings.Contains(got.Log, value) || strings.Contains(w.Read("terraform.tfstate"), value) {
		t.Error("the value is in the output, the log or the state")
	}
	if requests := svc.Emulator.Journal(); len(requests) != 0 {
		t.Errorf("%d requests were made", len(requests))
	}

	encryptedVariables(t, w, "another value")
	w.Env["TF_VAR_encrypted_token"] = value // the plain value, by mistake
	got = w.Run("plan", "-no-color")
	if got.ExitCode != 1 || !got.Matches("Unable to decrypt the token") || strings.Contains(got.Output()+got.Log, value) {
		t.Errorf("exit code %d, or the error shows the value", got.ExitCode)
	}
}

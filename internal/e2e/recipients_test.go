// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// withRecipient replaces RECIPIENT in a configuration by the public key of the tests.
func withRecipient(config string) string {
	return strings.ReplaceAll(config, "RECIPIENT", acctest.Recipient())
}

// expectEncrypted fails the test unless a resource holds a valid access token, encrypted only. It returns the value.
func expectEncrypted(t *testing.T, w *acctest.Workspace, address string) string {
	t.Helper()
	found := w.Resource(address)
	encrypted, _ := found.Values["encrypted_token"].(string)
	if found.Values["token"] != nil || encrypted == "" || found.Tainted {
		t.Fatalf("%s does not hold its value encrypted only", address)
	}
	value := acctest.Decrypt(t, encrypted)
	if _, err := w.Service.Client(t).WithToken(mlplatform.Secret(value)).WhoAmI(t.Context()); err != nil {
		t.Errorf("%s holds a value that is not valid: %v", address, err)
	}
	return value
}

// From the creation to the end, through a rotation, a replacement, a redemption and a failure, the values are in no file, no log
// and no output.
func TestCase28EncryptedValueIsInNoFile(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc).Traced()
	w.Write("main.tf", withRecipient(`
resource "mlplatform_access_token" "test" {
  name_prefix   = "etl-"
  ttl           = "30d"
  rotate_before = "10d"
  recipients    = ["RECIPIENT"]

  lifecycle {
    create_before_destroy = true
  }
}

resource "mlplatform_register_token" "test" {
  access_token_name = "anna"
  ttl               = "1d"
  recipients        = ["RECIPIENT"]
}

variable "register_token" {
  type      = string
  ephemeral = true
}

resource "mlplatform_access_token" "redeemed" {
  register_token_wo = var.register_token
  recipients        = ["RECIPIENT"]
}

output "for_anna" {
  value = mlplatform_register_token.test.encrypted_token
}

output "version" {
  value = mlplatform_access_token.test.token_version
}
`))
	register, err := svc.Client(t).CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
		AccessTokenName: "redeemed", Role: mlplatform.RoleUser, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Env["TF_VAR_register_token"] = register.Value.Reveal()
	values := map[string]bool{}
	check := func(got acctest.Result) {
		t.Helper()
		w.ExpectNoLeak(got)
		w.ExpectNoLeakInFiles()
		values[expectEncrypted(t, w, tokenAddress)] = true
	}
	check(w.Apply())
	expectEncrypted(t, w, "mlplatform_access_token.redeemed")
	check(w.Plan("-out=saved"))
	check(w.MustRun("show", "-no-color", "saved"))
	check(w.MustRun("show", "-no-color", "-json"))
	check(w.MustRun("output", "-no-color", "-json"))
	check(w.Apply("-refresh-only"))
	version := func() float64 {
		number, _ := w.Resource(tokenAddress).Values["token_version"].(float64)
		return number
	}
	before := version()
	svc.Clock.Advance(21 * 24 * time.Hour)
	check(w.Apply())
	if after := version(); after <= before || before == 0 {
		t.Errorf("the version of the rotated token is %v, after %v", after, before)
	}
	check(w.Apply("-replace=" + tokenAddress))
	svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Drop, After: true, Times: -1})
	check(w.Run("apply", "-no-color", "-auto-approve", "-replace="+tokenAddress))
	svc.Emulator.ClearFaults()
	if len(values) != 3 {
		t.Errorf("the token had %d values instead of 3", len(values))
	}
	w.ExpectNoLeak(w.Destroy())
	w.ExpectNoLeakInFiles()
}

// Adding recipients encrypts the value of the state in place, without a request that changes anything. Changing or removing them
// replaces the token.
func TestRecipientsOfAnExistingToken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "etl"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "anna"
  ttl               = "1d"
}
`)
	w.Apply()
	value, register := w.Attribute(tokenAddress, "token"), w.Attribute("mlplatform_register_token.test", "token")
	svc.Emulator.ResetJournal()

	encrypted := withRecipient(`
resource "mlplatform_access_token" "test" {
  name       = "etl"
  recipients = ["RECIPIENT"]
}

resource "mlplatform_register_token" "test" {
  access_token_name = "anna"
  ttl               = "1d"
  recipients        = ["RECIPIENT"]
}
`)
	w.Write("main.tf", encrypted)
	w.Apply()
	svc.ExpectWrites(t, "adding recipients")
	if expectEncrypted(t, w, tokenAddress) != value || acctest.Decrypt(t, w.Attribute("mlplatform_register_token.test", "encrypted_token")) != register {
		t.Error("another value was encrypted")
	}
	svc.ExpectNoLeak(t, "the state", w.Read("terraform.tfstate"))
	w.ExpectEmptyPlan()

	w.Write("main.tf", strings.ReplaceAll(encrypted, acctest.Recipient(), acctest.Recipient()+`\n", "`+acctest.Recipient()))
	w.Apply()
	svc.ExpectWrites(t, "another spelling of the same keys")

	other := strings.ReplaceAll(encrypted, `"`+acctest.Recipient()+`"`,
		`"`+acctest.Recipient()+`", "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"`)
	w.Write("main.tf", other)
	w.Apply()
	if writes := svc.Writes(); len(writes) != 4 || expectEncrypted(t, w, tokenAddress) == value {
		t.Errorf("with one more recipient, both tokens were not replaced: %v", writes)
	}

	w.Write("main.tf", strings.NewReplacer("recipients        =", "#", "recipients =", "#").Replace(encrypted))
	w.Apply()
	if w.Resource(tokenAddress).Values["encrypted_token"] != nil || w.Attribute(tokenAddress, "token") != svc.LastValue() {
		t.Error("without recipients, the value of a new token is not in `token`")
	}
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "etl")
}

// The value of an imported token is not known, so there is nothing to encrypt until it is replaced.
func TestRecipientsOfAnImportedToken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	svc.Seed(t, emulator.SeedToken{Name: "etl"})
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", withRecipient(`
resource "mlplatform_access_token" "test" {
  name       = "etl"
  recipients = ["RECIPIENT"]
}
`))
	w.MustRun("import", "-no-color", tokenAddress, "etl")
	w.Apply()
	w.ExpectEmptyPlan()
	values := w.Resource(tokenAddress).Values
	if values["token"] != nil || values["encrypted_token"] != nil || values["token_version"] != 0.0 {
		t.Errorf("the imported token has the value %v of version %v", values["encrypted_token"] != nil, values["token_version"])
	}
	svc.ExpectWrites(t, "recipients of an imported token")
	w.Apply("-replace=" + tokenAddress)
	expectEncrypted(t, w, tokenAddress)
	w.ExpectEmptyPlan()
}

// Without a provider token, nothing can ask for a token whose value is encrypted: its status is that of its expiry.
func TestRecipientsOfARedeemedToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.WriteOnlyArguments)
	svc := acctest.NewService(t)
	register, err := svc.Client(t).CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
		AccessTokenName: "anna", Role: mlplatform.RoleUser, Lifetime: time.Hour, AccessTokenLifetime: 30 * 24 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	w := acctest.NewWorkspace(t, svc)
	delete(w.Env, "MLPLATFORM_TOKEN")
	w.Write("main.tf", withRecipient(`
resource "mlplatform_access_token" "test" {
  register_token_wo = "`)+register.Value.Reveal()+withRecipient(`"
  recipients        = ["RECIPIENT"]
}
`))
	w.Apply()
	expectEncrypted(t, w, tokenAddress)
	svc.Emulator.Revoke("anna")
	svc.Emulator.ResetJournal()
	w.ExpectEmptyPlan()
	if requests := svc.Emulator.Journal(); len(requests) != 0 || w.Attribute(tokenAddress, "status") != "active" {
		t.Errorf("a token that cannot be read has the status %q after %d requests", w.Attribute(tokenAddress, "status"), len(requests))
	}
	w.Env["MLPLATFORM_TOKEN"] = svc.Token // an administrator sees that it is gone
	w.Apply("-refresh-only")
	if got := w.Attribute(tokenAddress, "status"); got != "missing" {
		t.Errorf("an administrator sees the status %q", got)
	}
	w.Destroy()
}

// A token that could not be described when it was created is completed by its name, and can be deleted.
func TestRecipientsOfAnUndescribedToken(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", acctest.NoRetries+withRecipient(`
resource "mlplatform_access_token" "test" {
  name       = "etl"
  ttl        = "1d"
  recipients = ["RECIPIENT"]
}
`))
	undescribed := func() {
		t.Helper()
		svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpWhoAmI, Kind: emulator.Drop, Times: -1})
		svc.Emulator.Inject(emulator.Fault{Operation: emulator.OpListAccessTokens, Kind: emulator.Drop, Skip: 1, Times: -1})
		got := w.Apply()
		svc.Emulator.ClearFaults()
		if !got.Matches("The new access token is not described yet") || w.Resource(tokenAddress).Values["id"] != nil {
			t.Fatalf("the token was described:\n%s", got.Output())
		}
		expectEncrypted(t, w, tokenAddress)
	}
	undescribed()
	w.Apply()
	w.ExpectEmptyPlan()
	if w.Resource(tokenAddress).Values["id"] == nil {
		t.Error("the next run does not complete the token")
	}
	w.Destroy()
	undescribed()
	w.Destroy("-refresh=false")
	svc.ExpectLiveTokens(t)
	undescribed()
	svc.Emulator.Revoke("etl")
	svc.Seed(t, emulator.SeedToken{Name: "etl"}) // never expires, so it is another token
	if got := w.Plan(); got.ExitCode != 0 || !got.Matches("The access token is still not described") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
	}
	if got := w.Destroy(); !got.Matches("Another token has the name") {
		t.Errorf("no warning:\n%s", got.Output())
	}
	svc.ExpectLiveTokens(t, "etl")
}

// An invalid recipient is an error of the plan, and nothing of a private key is shown.
func TestInvalidRecipients(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	secret := acctest.Identity().String()
	for recipients, want := range map[string]string{
		`["` + secret + `"]`:                "it looks like a private key",
		`["ecdsa-sha2-nistp256 AAAAE2VjZ"]`: "ECDSA keys of SSH cannot decrypt",
		`[]`:                                "`recipients` is an empty list",
	} {
		for _, config := range []string{`
resource "mlplatform_access_token" "test" {
  name       = "etl"
  recipients = %s
}
`, `
resource "mlplatform_register_token" "test" {
  access_token_name = "etl"
  ttl               = "1h"
  recipients        = %s
}
`} {
			w.Write("main.tf", fmt.Sprintf(config, recipients))
			got := w.Run("plan", "-no-color")
			if got.ExitCode != 1 || !got.Matches(want) || strings.Contains(got.Output(), secret[:20]) {
				t.Errorf("exit code %d with the configuration\n%s", got.ExitCode, strings.ReplaceAll(w.Read("main.tf"), secret, "SECRET"))
			}
		}
	}
	if requests := svc.Emulator.Journal(); len(requests) != 0 {
		t.Errorf("%d requests were made", len(requests))
	}
}

// Recipients that depend on another resource are unknown in the plan, and known in the apply.
func TestUnknownRecipients(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	for name, config := range map[string]string{
		"an element": `
resource "terraform_data" "key" {
  input = "RECIPIENT"
}

resource "mlplatform_access_token" "test" {
  name       = "etl"
  recipients = [terraform_data.key.output]
}
`,
		"the list": `
resource "terraform_data" "key" {
  input = "RECIPIENT"
}

resource "mlplatform_access_token" "test" {
  name       = "etl"
  recipients = tolist(split(",", terraform_data.key.output))
}
`,
	} {
		for _, created := range []bool{false, true} {
			if created {
				w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "etl"
}
`)
				w.Apply()
			}
			w.Write("main.tf", withRecipient(config))
			w.Apply()
			expectEncrypted(t, w, tokenAddress)
			w.ExpectEmptyPlan()
			if t.Failed() {
				t.Fatalf("unknown is %s, the token was created before: %t", name, created)
			}
			w.Destroy()
		}
	}
}

// A recipient decrypts the output with the age program or with Terraform.
func TestRecipientDecrypts(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", withRecipient(`
resource "mlplatform_access_token" "test" {
  name       = "etl"
  recipients = ["RECIPIENT"]
}

variable "identity" {
  type      = string
  ephemeral = true
  sensitive = true
}

ephemeral "mlplatform_decrypted_token" "test" {
  encrypted_token = mlplatform_access_token.test.encrypted_token
  identity        = var.identity
}

resource "terraform_data" "job" {
  triggers_replace = mlplatform_access_token.test.token_version
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_decrypted_token.test.token }
  }
}
`))
	w.Env["TF_VAR_identity"] = acctest.Identity().String()
	w.Apply()
	if !w.JobUsed(svc.LastValue()) {
		t.Error("the job did not get the value")
	}
	svc.Clock.Advance(time.Minute)
	w.Apply("-replace=" + tokenAddress)
	if !w.JobUsed(svc.LastValue()) {
		t.Error("the job did not get the new value")
	}
	w.ExpectNoLeakInFiles()
	if found, _ := filepath.Glob(filepath.Join(w.Dir, "*.backup")); len(found) != 1 {
		t.Errorf("there are %d backups of the state instead of 1", len(found))
	}
}

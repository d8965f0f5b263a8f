// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// echoes checks an attribute of the ephemeral object that the resource "echo" shows.
func echoes(name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey(name), want)
}

// The service creates the register token with the configured settings, and the value is the one that it issued.
func TestEphemeralRegisterToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attributes string
		role       string
		lifetime   time.Duration
	}{
		"defaults": {"", "USER", 0},
		"all settings": {`
  role             = "ADMIN"
  access_token_ttl = "30d"
  enabled          = true
`, "ADMIN", 30 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			acctest.RunWithEcho(t, resource.TestStep{
				Config: svc.Config(strings.ReplaceAll(`
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "anna"
  ttl               = "90m"
  ATTRIBUTES
}
provider "echo" {
  data = ephemeral.mlplatform_register_token.test
}
resource "echo" "test" {}
`, "ATTRIBUTES", test.attributes)),
				ConfigStateChecks: []statecheck.StateCheck{
					echoes("role", knownvalue.StringExact(test.role)),
					echoes("expires_at", knownvalue.StringExact(acctest.Start.Add(90*time.Minute).Format(time.RFC3339))),
					echoes("token", knownvalue.StringFunc(func(value string) error {
						if !slices.Contains(svc.Emulator.IssuedValues(), value) {
							return fmt.Errorf("the service did not issue this value")
						}
						access, err := svc.Client(t).RedeemRegisterToken(t.Context(), mlplatform.Secret(value))
						if err != nil {
							return err
						}
						own, err := svc.Client(t).WithToken(access).WhoAmI(t.Context())
						if err != nil {
							return err
						}
						expiresAt := time.Time{}
						if test.lifetime != 0 {
							expiresAt = acctest.Start.Add(test.lifetime)
						}
						if own.Name != "anna" || string(own.Role) != test.role || !own.ExpiresAt.Equal(expiresAt) {
							return fmt.Errorf("the access token has the name %q, the role %s and the expiry %s", own.Name, own.Role, own.ExpiresAt)
						}
						return nil
					})),
				},
			})
		})
	}
}

// With `enabled = false`, the provider makes no request and there is no value.
func TestEphemeralRegisterTokenNotEnabled(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.RunWithEcho(t, resource.TestStep{
		Config: svc.Config(`
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "anna"
  ttl               = "1h"
  enabled           = false
}
provider "echo" {
  data = ephemeral.mlplatform_register_token.test
}
resource "echo" "test" {}
`),
		ConfigStateChecks: []statecheck.StateCheck{
			echoes("token", knownvalue.Null()), echoes("expires_at", knownvalue.Null()), echoes("role", knownvalue.StringExact("USER")),
		},
		Check: func(*terraform.State) error {
			if requests := len(svc.Emulator.Journal()); requests != 0 {
				return fmt.Errorf("the provider made %d requests", requests)
			}
			return nil
		},
	})
}

// With `enabled = terraform.applying`, or with a value that is unknown in the plan, only the apply creates a register
// token. No value is printed, logged or written to a file.
func TestEphemeralRegisterTokenPhases(t *testing.T) {
	t.Parallel()
	const create = emulator.OpCreateRegisterToken
	for name, test := range acctest.Sample(2, map[string]struct {
		attributes string
		planned    []string
	}{
		"always": {`
  access_token_name = "anna"
  ttl               = "1h"
`, []string{create}},
		"only while applying": {`
  access_token_name = "anna"
  ttl               = "1h"
  enabled           = terraform.applying
`, nil},
		"unknown name": {`
  access_token_name = terraform_data.later.output
  ttl               = "1h"
`, nil},
		"unknown lifetimes": {`
  access_token_name = "anna"
  ttl               = "${length(terraform_data.later.output)}h"
  access_token_ttl  = "${length(terraform_data.later.output)}d"
`, nil},
		"unknown role": {`
  access_token_name = "anna"
  ttl               = "1h"
  role              = terraform_data.later.output == "anna" ? "USER" : "ADMIN"
`, nil},
		"unknown enabled": {`
  access_token_name = "anna"
  ttl               = "1h"
  enabled           = terraform_data.later.output == "anna"
`, nil},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", strings.ReplaceAll(`
resource "terraform_data" "later" {
  input = "anna"
}
ephemeral "mlplatform_register_token" "test" {
  ATTRIBUTES
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_register_token.test.token }
  }
}
`, "ATTRIBUTES", test.attributes))
			w.ExpectNoLeak(w.Plan("-out=saved"))
			svc.ExpectWrites(t, "plan", test.planned...)
			w.ExpectNoLeak(w.MustRun("apply", "-no-color", "saved"))
			svc.ExpectWrites(t, "apply", create)
			if !w.JobUsed(svc.LastValue()) {
				t.Error("the job did not get the value that the service issued")
			}
			w.ExpectNoLeakInFiles()
		})
	}
}

// A provider token that is unknown in the plan is not an error: the apply creates the token.
func TestEphemeralsUnknownProviderToken(t *testing.T) {
	t.Parallel()
	for kind, attributes := range map[string]string{
		"register_token": `
  access_token_name = "anna"
  ttl               = "1h"
`,
		"access_token": `
  ttl = "1h"
`,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Env["TF_VAR_token"] = svc.Token
			delete(w.Env, "MLPLATFORM_TOKEN")
			w.Write("main.tf", strings.NewReplacer("KIND", kind, "ATTRIBUTES", attributes).Replace(`
variable "token" {
  ephemeral = true
}
resource "terraform_data" "later" {
  input = "ready"
}
provider "mlplatform" {
  token = terraform_data.later.output == "ready" ? var.token : "none"
}
ephemeral "mlplatform_KIND" "test" {
  ATTRIBUTES
}
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = ephemeral.mlplatform_KIND.test.token }
  }
}
`))
			w.Plan("-out=saved")
			if requests := len(svc.Emulator.Journal()); requests != 0 {
				t.Errorf("the plan made %d requests", requests)
			}
			w.MustRun("apply", "-no-color", "saved")
			if !w.JobUsed(svc.LastValue()) {
				t.Error("the job did not get the value that the service issued")
			}
			svc.ExpectLiveTokens(t)
			w.ExpectNoLeakInFiles()
		})
	}
}

// Invalid input is rejected before any request, with an error that says what is allowed.
func TestEphemeralsInvalidInput(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(3, map[string]struct{ config, want string }{
		"register token: no name": {`
ephemeral "mlplatform_register_token" "test" {
  ttl = "1h"
}
`, `The argument "access_token_name" is required`},
		"register token: no lifetime": {`
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "a"
}
`, `The argument "ttl" is required`},
		"register token: empty name": {`
ephemeral "mlplatform_register_token" "test" {
  access_token_name = ""
  ttl               = "1h"
}
`, "`access_token_name` is \"\", but it must not be empty"},
		"register token: invalid role": {`
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1h"
  role              = "user"
}
`, "For example: `role = \"USER\"`"},
		"register token: invalid lifetime": {`
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1w"
}
`, "Invalid lifetime"},
		"register token: invalid lifetime of the access token": {`
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "a"
  access_token_ttl  = "0s"
  ttl               = "1h"
}
`, "Invalid lifetime"},
		"access token: no lifetime": {`
ephemeral "mlplatform_access_token" "test" {
}
`, `The argument "ttl" is required`},
		"access token: empty prefix": {`
ephemeral "mlplatform_access_token" "test" {
  name_prefix = ""
  ttl         = "1h"
}
`, "`name_prefix` is \"\", but it must not be empty"},
		"access token: invalid role": {`
ephemeral "mlplatform_access_token" "test" {
  role = "root"
  ttl  = "1h"
}
`, "it must be one of `USER`, `ADMIN`"},
		"access token: invalid lifetime": {`
ephemeral "mlplatform_access_token" "test" {
  ttl = "an hour"
}
`, "Invalid lifetime"},
		"access token: a name": {`
ephemeral "mlplatform_access_token" "test" {
  name = "fixed"
  ttl  = "1h"
}
`, "name"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", test.config)
			if got := w.Run("validate", "-no-color"); got.ExitCode != 1 || !got.Matches(test.want) {
				t.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, test.want, got.Output())
			}
			if requests := len(w.Service.Emulator.Journal()); requests != 0 {
				t.Errorf("the provider made %d requests", requests)
			}
		})
	}
}

// An error of the service names the access token and the next step.
func TestEphemeralRegisterTokenErrors(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(1, map[string]struct {
		prepare func(*testing.T, *acctest.Workspace)
		want    string
	}{
		"no token": {
			func(_ *testing.T, w *acctest.Workspace) { delete(w.Env, "MLPLATFORM_TOKEN") },
			"This operation requires an access token with the ADMIN role.",
		},
		"weak role": {
			func(t *testing.T, w *acctest.Workspace) {
				t.Helper()
				w.Env["MLPLATFORM_TOKEN"] = w.Service.SeedValue(t, emulator.SeedToken{Name: "weak", Role: "USER"})
			},
			"has the USER role; ADMIN is required.",
		},
		"server error": {
			func(_ *testing.T, w *acctest.Workspace) {
				w.Service.Emulator.Inject(emulator.Fault{Operation: emulator.OpCreateRegisterToken, Kind: emulator.Respond, Status: 500, Times: -1})
			},
			"The service, or a proxy in front of it, is failing.",
		},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", `
ephemeral "mlplatform_register_token" "test" {
  access_token_name = "anna"
  ttl               = "1h"
}
`)
			test.prepare(t, w)
			got := w.Run("plan", "-no-color")
			if got.ExitCode != 1 || !got.Matches(`Register token for "anna":`) || !got.Matches(test.want) {
				t.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, test.want, got.Output())
			}
		})
	}
}

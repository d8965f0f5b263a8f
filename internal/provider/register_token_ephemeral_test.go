// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"regexp"
	"slices"
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

// ephemeralBlock writes an ephemeral block of a kind such as "register_token".
func ephemeralBlock(kind, attributes string) string {
	return fmt.Sprintf("ephemeral \"mlplatform_%s\" \"test\" {\n%s\n}\n", kind, attributes)
}

// echoed is a resource whose attribute data is an ephemeral object, so that its values can be checked.
func echoed(kind string) string {
	return fmt.Sprintf("provider \"echo\" {\n  data = ephemeral.mlplatform_%s.test\n}\nresource \"echo\" \"test\" {}\n", kind)
}

// echoes checks a value of what is echoed.
func echoes(name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey(name), want)
}

// resourceStep is one step with checks of what is echoed.
func resourceStep(config string, check resource.TestCheckFunc, values ...statecheck.StateCheck) resource.TestStep {
	return resource.TestStep{Config: config, Check: check, ConfigStateChecks: values}
}

// job is a resource that needs a value while it is made, as the submission of a Spark job does. It leaves a digest of
// the value in the file "used".
func job(value string) string {
	return fmt.Sprintf(`
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %%s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = %s }
  }
}
`, value)
}

// What is minted is what was asked for, and the value is the one that was minted.
func TestEphemeralRegisterToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attributes string
		role       string
		lifetime   time.Duration
	}{
		"defaults":     {"", "USER", 0},
		"all settings": {lines(`role = "ADMIN"`, `access_token_ttl = "30d"`, `enabled = true`), "ADMIN", 30 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			acctest.RunWithEcho(t, resource.TestStep{
				Config: svc.Config(ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "90m"`, test.attributes)) +
					echoed("register_token")),
				ConfigStateChecks: []statecheck.StateCheck{
					echoes("role", knownvalue.StringExact(test.role)),
					echoes("expires_at", knownvalue.StringExact(acctest.Start.Add(90*time.Minute).Format(time.RFC3339))),
					echoes("token", knownvalue.StringFunc(func(value string) error {
						if !slices.Contains(svc.Emulator.IssuedValues(), value) {
							return fmt.Errorf("the value was not issued")
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
							return fmt.Errorf("the token that came of it is %q, %s, until %s", own.Name, own.Role, own.ExpiresAt)
						}
						return nil
					})),
				},
			})
		})
	}
}

// Not enabled, it asks nothing of the service and has no value.
func TestEphemeralRegisterTokenNotEnabled(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	acctest.RunWithEcho(t, resource.TestStep{
		Config: svc.Config(ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "1h"`, `enabled = false`)) +
			echoed("register_token")),
		ConfigStateChecks: []statecheck.StateCheck{
			echoes("token", knownvalue.Null()), echoes("expires_at", knownvalue.Null()), echoes("role", knownvalue.StringExact("USER")),
		},
		Check: func(*terraform.State) error {
			if made := len(svc.Emulator.Journal()); made != 0 {
				return fmt.Errorf("%d requests were made", made)
			}
			return nil
		},
	})
}

// Whether and when it mints: with `enabled = terraform.applying`, and with anything that a plan does not know, in the
// phase of the apply alone. No value is shown, logged or in any file.
func TestEphemeralRegisterTokenPhases(t *testing.T) {
	t.Parallel()
	const mint = emulator.OpCreateRegisterToken
	const later = `resource "terraform_data" "later" {
  input = "anna"
}
`
	for name, test := range map[string]struct {
		config  string
		planned []string
	}{
		"as it is":          {lines(`access_token_name = "anna"`, `ttl = "1h"`), []string{mint}},
		"while applying":    {lines(`access_token_name = "anna"`, `ttl = "1h"`, `enabled = terraform.applying`), nil},
		"unknown name":      {lines(`access_token_name = terraform_data.later.output`, `ttl = "1h"`), nil},
		"unknown lifetimes": {lines(`access_token_name = "anna"`, `ttl = "${length(terraform_data.later.output)}h"`, `access_token_ttl = "${length(terraform_data.later.output)}d"`), nil},
		"unknown role":      {lines(`access_token_name = "anna"`, `ttl = "1h"`, `role = terraform_data.later.output == "anna" ? "USER" : "ADMIN"`), nil},
		"unknown enabled":   {lines(`access_token_name = "anna"`, `ttl = "1h"`, `enabled = terraform_data.later.output == "anna"`), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc).Traced()
			w.Write("main.tf", later+ephemeralBlock("register_token", test.config)+job("ephemeral.mlplatform_register_token.test.token"))
			w.ExpectNoLeak(w.Plan("-out=saved"))
			svc.ExpectWrites(t, "plan", test.planned...)
			w.ExpectNoLeak(w.MustRun("apply", "-no-color", "saved"))
			svc.ExpectWrites(t, "apply", mint)
			if !w.JobUsed(svc.LastValue()) {
				t.Error("the job had another value than the one that was minted")
			}
			w.ExpectNoLeakInFiles()
		})
	}
}

// laterToken configures the provider with a token that is not known before the apply. The environment has none.
func laterToken(w *acctest.Workspace) string {
	w.Env["TF_VAR_token"] = w.Service.Token
	delete(w.Env, "MLPLATFORM_TOKEN")
	return `
variable "token" {
  ephemeral = true
}
resource "terraform_data" "later" {
  input = "ready"
}
provider "mlplatform" {
  token = terraform_data.later.output == "ready" ? var.token : "none"
}
`
}

// A provider whose token is not known while planning is no error: the apply mints.
func TestEphemeralsOfAnUnknownProvider(t *testing.T) {
	t.Parallel()
	for kind, attributes := range map[string]string{
		"register_token": lines(`access_token_name = "anna"`, `ttl = "1h"`),
		"access_token":   `ttl = "1h"`,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			svc := acctest.NewService(t)
			w := acctest.NewWorkspace(t, svc)
			w.Write("main.tf", laterToken(w)+ephemeralBlock(kind, attributes)+job("ephemeral.mlplatform_"+kind+".test.token"))
			w.Plan("-out=saved")
			if made := len(svc.Emulator.Journal()); made != 0 {
				t.Errorf("the plan made %d requests", made)
			}
			w.MustRun("apply", "-no-color", "saved")
			if !w.JobUsed(svc.LastValue()) {
				t.Error("the job had another value than the one that was minted")
			}
			if held := svc.LiveTokenNames(t); len(held) != 0 {
				t.Errorf("the service holds %q", held)
			}
			w.ExpectNoLeakInFiles()
		})
	}
}

// What cannot work is refused before anything is asked of the service, with a text that says what would.
func TestEphemeralsOfBadInput(t *testing.T) {
	t.Parallel()
	register := func(attributes ...string) string { return ephemeralBlock("register_token", lines(attributes...)) }
	access := func(attributes ...string) string { return ephemeralBlock("access_token", lines(attributes...)) }
	for name, test := range map[string]struct {
		config string
		says   *regexp.Regexp
	}{
		"register token: no name":        {register(`ttl = "1h"`), acctest.OutputMatches(`The argument "access_token_name" is required`)},
		"register token: no lifetime":    {register(`access_token_name = "a"`), acctest.OutputMatches(`The argument "ttl" is required`)},
		"register token: empty name":     {register(`access_token_name = ""`, `ttl = "1h"`), acctest.OutputMatches("`access_token_name` is \"\", but it must not be empty")},
		"register token: bad role":       {register(`access_token_name = "a"`, `ttl = "1h"`, `role = "user"`), acctest.OutputMatches("For example: `role = \"USER\"`")},
		"register token: bad lifetime":   {register(`access_token_name = "a"`, `ttl = "1w"`), acctest.OutputMatches("Invalid lifetime")},
		"register token: bad lifetime 2": {register(`access_token_name = "a"`, `ttl = "1h"`, `access_token_ttl = "0s"`), acctest.OutputMatches("Invalid lifetime")},
		"access token: no lifetime":      {access(), acctest.OutputMatches(`The argument "ttl" is required`)},
		"access token: empty prefix":     {access(`ttl = "1h"`, `name_prefix = ""`), acctest.OutputMatches("`name_prefix` is \"\", but it must not be empty")},
		"access token: bad role":         {access(`ttl = "1h"`, `role = "root"`), acctest.OutputMatches("it must be one of `USER`, `ADMIN`")},
		"access token: bad lifetime":     {access(`ttl = "an hour"`), acctest.OutputMatches("Invalid lifetime")},
		"access token: a name":           {access(`ttl = "1h"`, `name = "fixed"`), acctest.OutputMatches("name")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", test.config)
			if got := w.Run("validate", "-no-color"); got.ExitCode != 1 || !test.says.MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
			if made := len(w.Service.Emulator.Journal()); made != 0 {
				t.Errorf("%d requests were made", made)
			}
		})
	}
}

// What the service refuses is told with the name of the token to come and with what to do.
func TestEphemeralRegisterTokenErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happen func(*testing.T, *acctest.Workspace)
		says   string
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
		"trouble": {
			func(_ *testing.T, w *acctest.Workspace) {
				w.Service.Emulator.Inject(emulator.Fault{Operation: emulator.OpCreateRegisterToken, Kind: emulator.Respond, Status: 500, Times: -1})
			},
			"The service, or a proxy in front of it, is failing.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, acctest.EphemeralResources)
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Write("main.tf", ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "1h"`))+
				job("ephemeral.mlplatform_register_token.test.token"))
			test.happen(t, w)
			got := w.Run("plan", "-no-color")
			if got.ExitCode != 1 || !acctest.OutputMatches(`Register token for "anna":`).MatchString(got.Output()) || !acctest.OutputMatches(test.says).MatchString(got.Output()) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output())
			}
		})
	}
}

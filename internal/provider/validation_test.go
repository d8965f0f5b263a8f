// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const (
	exampleEndpoint = "an endpoint looks like https://msk.cloud.vk.ru/infra/mlplatform"
	exampleLifetime = "A lifetime is whole numbers with the units d, h, m and s, without spaces, at least 1s in " +
		"total, such as 30d, 12h or 2h45m30s."
)

// invalidConfig is a configuration for which a plan fails before any request.
type invalidConfig struct {
	config string
	// line is the line of the configuration that the error points to.
	line string
	// summary and detail are those of the error.
	summary, detail string
}

// expectError checks that a plan fails with the error, and that no request was made.
func (c invalidConfig) expectError(t *testing.T, svc *acctest.Service) {
	t.Helper()
	acctest.Run(t, resource.TestStep{
		Config:   c.config,
		PlanOnly: true,
		ExpectError: regexp.MustCompile(strings.Join([]string{
			acctest.OutputMatches("Error: " + c.summary).String(),
			acctest.OutputMatches(c.line).String(),
			acctest.OutputMatches(c.detail).String(),
		}, `[\s\S]*`)),
	})
	for _, request := range svc.Emulator.Journal() {
		t.Errorf("the provider made the request %s", request.Operation)
	}
}

// Invalid arguments of an access token are errors that say what is valid.
func TestInvalidAccessToken(t *testing.T) {
	t.Parallel()
	const (
		fixed   = "Fixed by the register token"
		oneName = "Exactly one of `name`, `name_prefix` and `register_token_wo` must be set, but "
		block   = `resource "mlplatform_access_token" "test" {`
	)
	fixedText := func(name string) string {
		return fmt.Sprintf("`%s` cannot be set together with `register_token_wo`: name, role and lifetime come from the "+
			"register token. Remove `%s`", name, name)
	}
	for name, test := range acctest.Sample(3, map[string]invalidConfig{
		"empty name": {`
resource "mlplatform_access_token" "test" {
  name = ""
}
`, `name = ""`, "Empty value",
			"`name` is \"\", but it must not be empty. Remove it, or set it to, for example, \"nightly-etl\"."},
		"empty prefix": {`
resource "mlplatform_access_token" "test" {
  name_prefix = ""
}
`, `name_prefix = ""`, "Empty value",
			"`name_prefix` is \"\", but it must not be empty. Remove it, or set it to, for example, \"nightly-etl-\"."},
		"empty redemption": {`
resource "mlplatform_access_token" "test" {
  register_token_wo = ""
}
`, `register_token_wo = ""`, "Missing register token",
			"`register_token_wo` is \"\", but the access token does not exist yet"},
		"lower case role": {`
resource "mlplatform_access_token" "test" {
  name = "a"
  role = "admin"
}
`, `role = "admin"`, "Invalid value",
			"`role` is \"admin\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"ADMIN\"`."},
		"unknown role": {`
resource "mlplatform_access_token" "test" {
  name = "a"
  role = "Owner"
}
`, `role = "Owner"`, "Invalid value",
			"`role` is \"Owner\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"USER\"`."},
		"empty role": {`
resource "mlplatform_access_token" "test" {
  name = "a"
  role = ""
}
`, `role = ""`, "Invalid value",
			"`role` is \"\", but it must be one of `USER`, `ADMIN`"},
		"unknown policy": {`
resource "mlplatform_access_token" "test" {
  name                = "a"
  recreate_if_invalid = "unused"
}
`, `recreate_if_invalid = "unused"`, "Invalid value",
			"`recreate_if_invalid` is \"unused\", but it must be one of `always`, `never` (case-sensitive). For example: `recreate_if_invalid = \"always\"`."},
		"bad window": {`
resource "mlplatform_access_token" "test" {
  name          = "a"
  ttl           = "1h"
  rotate_before = "soon"
}
`, `rotate_before = "soon"`, "Invalid lifetime",
			`"soon" is not a lifetime: "soon" does not begin with a whole number. ` + exampleLifetime},
		"no name": {`
resource "mlplatform_access_token" "test" {
  ttl = "1h"
}
`, block, "Missing name",
			oneName + "none is set. Set one, for example `name = \"nightly-etl\"`."},
		"two names": {`
resource "mlplatform_access_token" "test" {
  name        = "a"
  name_prefix = "b"
}
`, block, "More than one name",
			oneName + "`name` and `name_prefix` are set. Keep one of them"},
		"name and redemption": {`
resource "mlplatform_access_token" "test" {
  name              = "a"
  register_token_wo = "any"
}
`, block, "More than one name",
			oneName + "`name` and `register_token_wo` are set. Keep one of them"},
		"redeemed role": {`
resource "mlplatform_access_token" "test" {
  register_token_wo = "any"
  role              = "USER"
}
`, `role = "USER"`, fixed,
			fixedText("role")},
		"redeemed ttl": {`
resource "mlplatform_access_token" "test" {
  register_token_wo = "any"
  ttl               = "1h"
}
`, `ttl = "1h"`, fixed,
			fixedText("ttl")},
		"redeemed window": {`
resource "mlplatform_access_token" "test" {
  register_token_wo = "any"
  rotate_before     = "1h"
}
`, `rotate_before = "1h"`, fixed,
			fixedText("rotate_before")},
		"window, no ttl": {`
resource "mlplatform_access_token" "test" {
  name          = "a"
  rotate_before = "1h"
}
`, `rotate_before = "1h"`, "Missing lifetime",
			"`rotate_before` is \"1h\", but `ttl` is not set, so the token never expires and is never replaced. Set `ttl` too, for example `ttl = \"90d\"`."},
		"window is ttl": {`
resource "mlplatform_access_token" "test" {
  name          = "a"
  ttl           = "2h"
  rotate_before = "120m"
}
`, `rotate_before = "120m"`, "Rotation window too large",
			"`rotate_before` is \"120m\", which is not less than `ttl` (\"2h\"), so the token would have to be replaced as soon as it is created. For example, combine `ttl = \"90d\"` with `rotate_before = \"14d\"`."},
		"window over ttl": {`
resource "mlplatform_access_token" "test" {
  name          = "a"
  ttl           = "2h"
  rotate_before = "1d"
}
`, `rotate_before = "1d"`, "Rotation window too large",
			"`rotate_before` is \"1d\", which is not less than `ttl` (\"2h\")"},
		"left, no ttl": {`
resource "mlplatform_access_token" "test" {
  name              = "a"
  delete_on_destroy = false
}
`, `delete_on_destroy = false`, "Missing lifetime",
			"`delete_on_destroy` is false, but `ttl` is not set: a token that never expires would be left behind. Set `ttl`, for example `ttl = \"90d\"`, or remove `delete_on_destroy`."},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			if strings.Contains(test.config, "register_token_wo") {
				acctest.Needs(t, acctest.WriteOnlyArguments)
			}
			test.config = svc.Config(test.config)
			test.expectError(t, svc)
		})
	}
}

// An invalid lifetime is an error that says why.
func TestInvalidLifetimes(t *testing.T) {
	t.Parallel()
	for text, why := range acctest.Sample(2, map[string]string{
		"":         `"" is not a lifetime: it is empty.`,
		"abc":      `"abc" is not a lifetime: "abc" does not begin with a whole number.`,
		"0s":       `"0s" is not a lifetime: it is shorter than a second.`,
		"-1h":      `"-1h" is not a lifetime: "-1h" does not begin with a whole number.`,
		"1.5h":     `"1.5h" is not a lifetime: unknown unit "."; use d, h, m or s.`,
		"500ms":    `"500ms" is not a lifetime: "s" does not begin with a whole number.`,
		"2h 30m":   `"2h 30m" is not a lifetime: " 30m" does not begin with a whole number.`,
		"9999999h": `"9999999h" is not a lifetime: it is longer than 292 years.`,
	}) {
		t.Run("ttl "+text, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			invalidConfig{
				svc.Config(fmt.Sprintf(`
resource "mlplatform_access_token" "test" {
  name = "a"
  ttl  = %q
}
`, text)), fmt.Sprintf("ttl = %q", text), "Invalid lifetime", why + " " + exampleLifetime,
			}.expectError(t, svc)
		})
	}
}

// Invalid arguments of a register token are errors that say what is valid.
func TestInvalidRegisterToken(t *testing.T) {
	t.Parallel()
	const block = `resource "mlplatform_register_token" "test" {`
	for name, test := range acctest.Sample(2, map[string]invalidConfig{
		"empty name": {`
resource "mlplatform_register_token" "test" {
  access_token_name = ""
  ttl               = "1h"
}
`, `access_token_name = ""`, "Empty value",
			"`access_token_name` is \"\", but it must not be empty. Remove it, or set it to, for example, \"notebook-anna\"."},
		"no name": {`
resource "mlplatform_register_token" "test" {
  ttl = "1h"
}
`, block, "Missing required argument",
			`The argument "access_token_name" is required`},
		"no ttl": {`
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
}
`, block, "Missing required argument",
			`The argument "ttl" is required`},
		"bad ttl": {`
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = "1w"
}
`, `ttl = "1w"`, "Invalid lifetime",
			`"1w" is not a lifetime: unknown unit "w"; use d, h, m or s, such as 7d for a week. ` + exampleLifetime},
		"bad token ttl": {`
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  access_token_ttl  = "0s"
  ttl               = "1h"
}
`, `access_token_ttl = "0s"`, "Invalid lifetime",
			`"0s" is not a lifetime: it is shorter than a second. ` + exampleLifetime},
		"unknown role": {`
resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  role              = "user"
  ttl               = "1h"
}
`, `role = "user"`, "Invalid value",
			"`role` is \"user\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"USER\"`."},
		"unknown policy": {`
resource "mlplatform_register_token" "test" {
  access_token_name   = "a"
  recreate_if_invalid = "once"
  ttl                 = "1h"
}
`, `recreate_if_invalid = "once"`, "Invalid value",
			"`recreate_if_invalid` is \"once\", but it must be one of `never`, `unused`, `always` (case-sensitive). For example: `recreate_if_invalid = \"never\"`."},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			test.config = svc.Config(test.config)
			test.expectError(t, svc)
		})
	}
}

// Invalid arguments of data sources are errors that say what is valid.
func TestInvalidDataSources(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(2, map[string]invalidConfig{
		"role": {`
data "mlplatform_access_tokens" "test" {
  role = "Admin"
}
`, `role = "Admin"`, "Invalid value",
			"`role` is \"Admin\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"ADMIN\"`."},
		"status": {`
data "mlplatform_access_tokens" "test" {
  status = "missing"
}
`, `status = "missing"`, "Invalid value",
			"`status` is \"missing\", but it must be one of `active`, `expired` (case-sensitive). For example: `status = \"active\"`."},
		"expires_within": {`
data "mlplatform_access_tokens" "test" {
  expires_within = "soon"
}
`, `expires_within = "soon"`, "Invalid lifetime",
			`"soon" is not a lifetime: "soon" does not begin with a whole number. ` + exampleLifetime},
		"name_regex": {`
data "mlplatform_access_tokens" "test" {
  name_regex = "ci-("
}
`, `name_regex = "ci-("`, "Invalid regular expression",
			"missing closing ): `ci-(`. The syntax is RE2, for example \"^ci-\"."},
		"name": {`
data "mlplatform_access_token" "test" {
  name = ""
}
`, `name = ""`, "Empty value",
			"`name` is \"\", but it must not be empty. Remove it, or set it to, for example, \"nightly-etl\"."},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			test.config = svc.Config(test.config)
			test.expectError(t, svc)
		})
	}
}

// Invalid settings of the provider are errors that say what is valid.
func TestInvalidProviderSettings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name, text string) string {
		at := filepath.Join(folder, name)
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return at
	}
	empty, blank, text := file("empty", ""), file("blank", " \n"), file("text", "no certificate")
	twoLines := file("two lines", "one\ntwo")
	missing := filepath.Join(folder, "missing")
	const (
		bundle    = "The CA bundle from the provider block cannot be used: "
		tokenFile = "The token file from the provider block cannot be used: "
		aFile     = "set the path of a file"
		value     = "it should contain the value of an access token and nothing else."
		aPEM      = "a PEM bundle has lines such as -----BEGIN CERTIFICATE-----."
	)
	quoted := func(setting, value string) string { return setting + " = " + acctest.Quote(value) }
	for name, test := range acctest.Sample(3, map[string]struct{ line, summary, detail string }{
		"endpoint: other scheme":   {`endpoint = "ftp://example.com"`, "Invalid endpoint", `"ftp://example.com" does not begin with https://; ` + exampleEndpoint},
		"endpoint: in the clear":   {`endpoint = "http://example.com"`, "Invalid endpoint", `"http://example.com" is not encrypted: http:// is accepted only for loopback hosts such as 127.0.0.1; ` + exampleEndpoint},
		"endpoint: no host":        {`endpoint = "https://"`, "Invalid endpoint", `"https://" has no host; ` + exampleEndpoint},
		"endpoint: empty":          {`endpoint = ""`, "Invalid endpoint", `"" does not begin with https://; ` + exampleEndpoint},
		"token: empty":             {`token = ""`, "Empty value", "`token` is \"\", but it must not be empty. Remove it, or set it to, for example, the value of an access token."},
		"token_file: empty path":   {`token_file = ""`, "Empty value", "`token_file` is \"\", but it must not be empty. Remove it, or set it to, for example, \"/run/secrets/mlplatform-token\"."},
		"token_file: missing":      {quoted("token_file", missing), "Invalid token file", tokenFile + "open " + missing + ": no such file or directory; " + "set the path of an existing, readable file."},
		"token_file: empty":        {quoted("token_file", empty), "Invalid token file", fmt.Sprintf("%s%q is empty; %s", tokenFile, empty, value)},
		"token_file: white space":  {quoted("token_file", blank), "Invalid token file", fmt.Sprintf("%s%q is empty; %s", tokenFile, blank, value)},
		"token_file: folder":       {quoted("token_file", folder), "Invalid token file", fmt.Sprintf("%s%q is a directory; %s", tokenFile, folder, aFile)},
		"token_file: two lines":    {quoted("token_file", twoLines), "Invalid token", fmt.Sprintf("The token from the file %q, set by `token_file` in the provider block contains white space, control or non-ASCII characters (it is not shown here). It should be the value exactly as the service returned it, on one line", twoLines)},
		"ca_cert_file: empty path": {`ca_cert_file = ""`, "Empty value", "`ca_cert_file` is \"\", but it must not be empty. Remove it, or set it to, for example, \"/etc/ssl/company-ca.pem\"."},
		"ca_cert_file: missing":    {quoted("ca_cert_file", missing), "Invalid CA bundle", bundle + "open " + missing + ": no such file or directory; set the path of an existing, readable file"},
		"ca_cert_file: folder":     {quoted("ca_cert_file", folder), "Invalid CA bundle", fmt.Sprintf("%s%q is a directory; %s", bundle, folder, aFile)},
		"ca_cert_file: text":       {quoted("ca_cert_file", text), "Invalid CA bundle", fmt.Sprintf("%s%q contains no certificate; %s", bundle, text, aPEM)},
		"request_timeout":          {`request_timeout = "0.5s"`, "Invalid lifetime", `"0.5s" is not a lifetime: unknown unit "."; use d, h, m or s. ` + exampleLifetime},
		"max_retries: negative":    {`max_retries = -1`, "Invalid Attribute Value", "max_retries value must be between 0 and 20, got: -1"},
		"max_retries: too many":    {`max_retries = 21`, "Invalid Attribute Value", "max_retries value must be between 0 and 20, got: 21"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			endpoint := "endpoint = " + acctest.Quote(svc.Endpoint)
			if strings.HasPrefix(test.line, "endpoint") {
				endpoint = ""
			}
			invalidConfig{fmt.Sprintf(`
provider "mlplatform" {
  %s
  %s
}

resource "mlplatform_access_token" "test" {
  name = "a"
}
`, endpoint, test.line), test.line, test.summary, test.detail}.expectError(t, svc)
		})
	}
	t.Run("token and token_file", func(t *testing.T) {
		t.Parallel()
		svc := acctest.NewService(t)
		invalidConfig{
			`
provider "mlplatform" {
  endpoint   = ` + acctest.Quote(svc.Endpoint) + `
  token      = ` + acctest.Quote(svc.Token) + `
  token_file = "/run/mine"
}

resource "mlplatform_access_token" "test" {
  name = "a"
}
`, `token_file = "/run/mine"`, "Conflicting token settings",
			"`token` and `token_file` (\"/run/mine\") are both set. Remove one of them and keep, for example, " +
				"`token_file = \"/run/secrets/mlplatform-token\"`.",
		}.expectError(t, svc)
	})
}

// The output of terraform_data.later is unknown until the resource is created. A plan accepts arguments that are unknown;
// the apply sets them.
func TestUnknownInputs(t *testing.T) {
	t.Parallel()
	const registered = "mlplatform_register_token.test"
	register := func(name string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(registered, tfjsonpath.New(name), want)
	}
	svc := acctest.NewService(t)
	config := svc.Config(`
resource "terraform_data" "later" {
  input = {
    name                = "late"
    role                = "ADMIN"
    ttl                 = "60m"
    rotate_before       = "5m"
    recreate_if_invalid = "never"
    access_token_name   = "later still"
    access_token_ttl    = "1d"
    delete_on_destroy   = "true"
    expires_within      = "2h"
    name_regex          = "^la"
    status              = "active"
  }
}

resource "mlplatform_access_token" "test" {
  name                = terraform_data.later.output.name
  role                = terraform_data.later.output.role
  ttl                 = terraform_data.later.output.ttl
  rotate_before       = terraform_data.later.output.rotate_before
  recreate_if_invalid = terraform_data.later.output.recreate_if_invalid
  delete_on_destroy   = terraform_data.later.output.delete_on_destroy
  keepers             = { a = terraform_data.later.output.ttl }
}

resource "mlplatform_register_token" "test" {
  access_token_name   = terraform_data.later.output.access_token_name
  role                = terraform_data.later.output.role
  access_token_ttl    = terraform_data.later.output.access_token_ttl
  ttl                 = terraform_data.later.output.ttl
  recreate_if_invalid = terraform_data.later.output.recreate_if_invalid
}

data "mlplatform_access_tokens" "test" {
  role           = terraform_data.later.output.role
  status         = terraform_data.later.output.status
  expires_within = terraform_data.later.output.expires_within
  name_regex     = terraform_data.later.output.name_regex
  depends_on     = [mlplatform_access_token.test]
}
`)
	acctest.Needs(t, acctest.Since("1.4.0"))
	acctest.Run(t,
		resource.TestStep{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectUnknownValue(tokenAddress, tfjsonpath.New("name")),
				plancheck.ExpectUnknownValue(tokenAddress, tfjsonpath.New("ttl")),
				plancheck.ExpectUnknownValue(registered, tfjsonpath.New("ttl")),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("name", knownvalue.StringExact("late")),
				attribute("role", knownvalue.StringExact("ADMIN")),
				attribute("ttl", knownvalue.StringExact("60m")),
				attribute("rotate_before", knownvalue.StringExact("5m")),
				attribute("recreate_if_invalid", knownvalue.StringExact("never")),
				attribute("delete_on_destroy", knownvalue.Bool(true)),
				attribute("expires_at", knownvalue.StringExact("2031-03-01T13:00:00Z")),
				register("access_token_name", knownvalue.StringExact("later still")),
				register("role", knownvalue.StringExact("ADMIN")),
				register("access_token_ttl", knownvalue.StringExact("1d")),
				register("expires_at", knownvalue.StringExact("2031-03-01T13:00:00Z")),
				statecheck.ExpectKnownValue("data.mlplatform_access_tokens.test", tfjsonpath.New("tokens"), knownvalue.ListSizeExact(1)),
			},
		},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
	)
}

// An unknown argument that turns out to be invalid is an error of the apply, before any write.
func TestUnknownInputsThatTurnOutInvalid(t *testing.T) {
	t.Parallel()
	for name, test := range acctest.Sample(2, map[string]struct{ config, want string }{
		"name": {`
resource "terraform_data" "later" {
  input = ""
}

resource "mlplatform_access_token" "test" {
  name = terraform_data.later.output
}
`, "`name` is \"\", but it must not be empty"},
		"role": {`
resource "terraform_data" "later" {
  input = "root"
}

resource "mlplatform_access_token" "test" {
  name = "a"
  role = terraform_data.later.output
}
`, "`role` is \"root\", but it must be one of"},
		"ttl": {`
resource "terraform_data" "later" {
  input = "1.5h"
}

resource "mlplatform_access_token" "test" {
  name = "a"
  ttl  = terraform_data.later.output
}
`, `"1.5h" is not a lifetime`},
		"window": {`
resource "terraform_data" "later" {
  input = {
    ttl           = "1h"
    rotate_before = "2h"
  }
}

resource "mlplatform_access_token" "test" {
  name          = "a"
  ttl           = terraform_data.later.output.ttl
  rotate_before = terraform_data.later.output.rotate_before
}
`, "`rotate_before` is \"2h\", which is not less than `ttl` (\"1h\")"},
		"register token": {`
resource "terraform_data" "later" {
  input = "0s"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "a"
  ttl               = terraform_data.later.output
}
`, `"0s" is not a lifetime`},
		"regular expression": {`
resource "terraform_data" "later" {
  input = "("
}

data "mlplatform_access_tokens" "test" {
  name_regex = terraform_data.later.output
}
`, "missing closing )"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t, resource.TestStep{
				Config:      svc.Config(test.config),
				ExpectError: regexp.MustCompile(`Error running apply[\s\S]*` + acctest.OutputMatches(test.want).String()),
			})
			svc.ExpectWrites(t, "apply")
		})
	}
}

// The settings of the provider may come from a resource that does not exist yet, or whose output will change.
func TestUnknownProviderSettings(t *testing.T) {
	t.Parallel()
	for name, block := range acctest.Sample(1, map[string]string{
		"token": `
resource "terraform_data" "later" {
  input = {
    token   = TOKEN
    another = ANOTHER
  }
}

provider "mlplatform" {
  endpoint = ENDPOINT
  token    = terraform_data.later.output.token
}
`,
		"all others": `
resource "terraform_data" "later" {
  input = {
    endpoint        = ENDPOINT
    token_file      = FILE
    request_timeout = "1m"
    max_retries     = 2
    another         = ANOTHER
  }
}

provider "mlplatform" {
  endpoint        = terraform_data.later.output.endpoint
  token_file      = terraform_data.later.output.token_file
  request_timeout = terraform_data.later.output.request_timeout
  max_retries     = terraform_data.later.output.max_retries
}
`,
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			file := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(file, []byte(svc.Token+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			config := strings.NewReplacer(
				"ENDPOINT", acctest.Quote(svc.Endpoint), "TOKEN", acctest.Quote(svc.Token), "FILE", acctest.Quote(file),
			).Replace(block + `
resource "mlplatform_access_token" "test" {
  name = "a"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "b"
  ttl               = "1h"
}
`)
			before, after := strings.Replace(config, "ANOTHER", "1", 1), strings.Replace(config, "ANOTHER", "2", 1)
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t,
				resource.TestStep{Config: before, ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionCreate))},
				resource.TestStep{Config: before, ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{
					PreConfig:        svc.Emulator.ResetJournal,
					Config:           after,
					ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionNoop)),
					Check:            svc.CheckWrites(),
				},
			)
		})
	}
}

// A provider can work with a token that another provider configuration creates in the same run, and a destroy deletes both
// in the right order. It is a workspace, because the test framework has one provider for all configurations.
func TestProviderTokenOfAnotherProvider(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "admin" {
  name = "created first"
  role = "ADMIN"
}

provider "mlplatform" {
  alias = "second"
  token = mlplatform_access_token.admin.token
}

resource "mlplatform_access_token" "test" {
  provider = mlplatform.second
  name     = "created with it"
}
`)
	w.Apply()
	w.ExpectEmptyPlan()
	svc.ExpectLiveTokens(t, "created first", "created with it")
	w.Destroy()
	svc.ExpectLiveTokens(t)
}

// A data source cannot be read without the provider's settings. The error says what to do.
func TestUnknownProviderSettingsOfDataSource(t *testing.T) {
	t.Parallel()
	for name, block := range acctest.Sample(1, map[string]string{
		"access_tokens": `
data "mlplatform_access_tokens" "test" {}
`,
		"access_token": `
data "mlplatform_access_token" "test" {
  name = "a"
}
`,
		"current_token": `
data "mlplatform_current_token" "test" {}
`,
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t, resource.TestStep{
				Config: fmt.Sprintf(`
resource "terraform_data" "later" {
  input = %s
}

provider "mlplatform" {
  token = terraform_data.later.output
}
`, acctest.Quote(svc.Token)) + block,
				ExpectError: acctest.OutputMatches("no request can be made. Create that resource first, for example with `terraform apply -target=ADDRESS`"),
			})
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const (
	exampleEndpoint = "an endpoint looks like https://msk.cloud.vk.ru/infra/mlplatform"
	exampleLifetime = "A lifetime is whole numbers with the units d, h, m and s, without spaces, at least 1s in " +
		"total, such as 30d, 12h or 2h45m30s."
)

// badInput is a configuration that is refused while planning, before any request.
type badInput struct {
	config string
	// line is the one of the configuration that the error points at.
	line string
	// error is what the error says: its summary and its detail.
	summary, detail string
	// since is the version of Terraform that the configuration needs; empty for any.
	since string
}

// run checks that the CLI refuses the input and points at the attribute.
func (bad badInput) run(t *testing.T, svc *acctest.Service) {
	t.Helper()
	where := acctest.OutputMatches(bad.line).String() + `[\s\S]*` + acctest.OutputMatches(bad.detail).String()
	if bad.since == "" {
		bad.since = "0.12.26"
	}
	acctest.Needs(t, acctest.Since(bad.since))
	acctest.Run(t, resource.TestStep{
		Config:      bad.config,
		PlanOnly:    true,
		ExpectError: regexp.MustCompile(acctest.OutputMatches("Error: "+bad.summary).String() + `[\s\S]*` + where),
	})
	for _, request := range svc.Emulator.Journal() {
		t.Errorf("the request %s was made before the input was refused", request.Operation)
	}
}

// lines writes attributes one on a line.
func lines(attributes ...string) string { return strings.Join(attributes, "\n") }

func TestBadAccessToken(t *testing.T) {
	t.Parallel()
	const (
		fixed   = "Fixed by the register token"
		oneName = "Exactly one of `name`, `name_prefix` and `register_token_wo` must be set, but "
		redeems = `register_token_wo = "any"`
		block   = `resource "mlplatform_access_token" "test" {`
	)
	fixedText := func(name string) string {
		return fmt.Sprintf("`%s` cannot be set together with `register_token_wo`: name, role and lifetime come from the "+
			"register token. Remove `%s`", name, name)
	}
	for name, test := range map[string]struct {
		attributes, line, summary, detail, since string
	}{
		"empty name":          {`name = ""`, `name = ""`, "Empty value", "`name` is \"\", but it must not be empty. Remove it, or set it to, for example, \"nightly-etl\".", ""},
		"empty prefix":        {`name_prefix = ""`, `name_prefix = ""`, "Empty value", "`name_prefix` is \"\", but it must not be empty. Remove it, or set it to, for example, \"nightly-etl-\".", ""},
		"empty redemption":    {`register_token_wo = ""`, `register_token_wo = ""`, "Missing register token", "`register_token_wo` is \"\", but the access token does not exist yet", "1.11.0"},
		"lower case role":     {lines(`name = "a"`, `role = "admin"`), `role = "admin"`, "Invalid value", "`role` is \"admin\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"ADMIN\"`.", ""},
		"unknown role":        {lines(`name = "a"`, `role = "Owner"`), `role = "Owner"`, "Invalid value", "`role` is \"Owner\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"USER\"`.", ""},
		"empty role":          {lines(`name = "a"`, `role = ""`), `role = ""`, "Invalid value", "`role` is \"\", but it must be one of `USER`, `ADMIN`", ""},
		"unknown policy":      {lines(`name = "a"`, `recreate_if_invalid = "unused"`), `recreate_if_invalid = "unused"`, "Invalid value", "`recreate_if_invalid` is \"unused\", but it must be one of `always`, `never` (case-sensitive). For example: `recreate_if_invalid = \"always\"`.", ""},
		"bad window":          {lines(`name = "a"`, `ttl = "1h"`, `rotate_before = "soon"`), `rotate_before = "soon"`, "Invalid lifetime", `"soon" is not a lifetime: "soon" does not begin with a whole number. ` + exampleLifetime, ""},
		"no name":             {`ttl = "1h"`, block, "Missing name", oneName + "none is set. Set one, for example `name = \"nightly-etl\"`.", ""},
		"two names":           {lines(`name = "a"`, `name_prefix = "b"`), block, "More than one name", oneName + "`name` and `name_prefix` are set. Keep one of them", ""},
		"name and redemption": {lines(`name = "a"`, redeems), block, "More than one name", oneName + "`name` and `register_token_wo` are set. Keep one of them", "1.11.0"},
		"redeemed role":       {lines(redeems, `role = "USER"`), `role = "USER"`, fixed, fixedText("role"), "1.11.0"},
		"redeemed ttl":        {lines(redeems, `ttl = "1h"`), `ttl = "1h"`, fixed, fixedText("ttl"), "1.11.0"},
		"redeemed window":     {lines(redeems, `rotate_before = "1h"`), `rotate_before = "1h"`, fixed, fixedText("rotate_before"), "1.11.0"},
		"window, no ttl":      {lines(`name = "a"`, `rotate_before = "1h"`), `rotate_before = "1h"`, "Missing lifetime", "`rotate_before` is \"1h\", but `ttl` is not set, so the token never expires and is never replaced. Set `ttl` too, for example `ttl = \"90d\"`.", ""},
		"window is ttl":       {lines(`name = "a"`, `ttl = "2h"`, `rotate_before = "120m"`), `rotate_before = "120m"`, "Rotation window too large", "`rotate_before` is \"120m\", which is not less than `ttl` (\"2h\"), so the token would have to be replaced as soon as it is created. For example, combine `ttl = \"90d\"` with `rotate_before = \"14d\"`.", ""},
		"window over ttl":     {lines(`name = "a"`, `ttl = "2h"`, `rotate_before = "1d"`), `rotate_before = "1d"`, "Rotation window too large", "`rotate_before` is \"1d\", which is not less than `ttl` (\"2h\")", ""},
		"left, no ttl":        {lines(`name = "a"`, `delete_on_destroy = false`), `delete_on_destroy = false`, "Missing lifetime", "`delete_on_destroy` is false, but `ttl` is not set: a token that never expires would be left behind. Set `ttl`, for example `ttl = \"90d\"`, or remove `delete_on_destroy`.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			badInput{svc.Config(accessToken(test.attributes)), test.line, test.summary, test.detail, test.since}.run(t, svc)
		})
	}
}

func TestBadLifetimes(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"":         `"" is not a lifetime: it is empty.`,
		"abc":      `"abc" is not a lifetime: "abc" does not begin with a whole number.`,
		"0s":       `"0s" is not a lifetime: it is shorter than a second.`,
		"-1h":      `"-1h" is not a lifetime: "-1h" does not begin with a whole number.`,
		"1.5h":     `"1.5h" is not a lifetime: unknown unit "."; use d, h, m or s.`,
		"500ms":    `"500ms" is not a lifetime: "s" does not begin with a whole number.`,
		"2h 30m":   `"2h 30m" is not a lifetime: " 30m" does not begin with a whole number.`,
		"9999999h": `"9999999h" is not a lifetime: it is longer than 292 years.`,
	} {
		t.Run("ttl "+text, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			line := fmt.Sprintf("ttl = %q", text)
			badInput{
				svc.Config(accessToken(lines(`name = "a"`, line))), line, "Invalid lifetime", why + " " + exampleLifetime, "",
			}.run(t, svc)
		})
	}
}

func TestBadRegisterToken(t *testing.T) {
	t.Parallel()
	const block = `resource "mlplatform_register_token" "test" {`
	for name, test := range map[string]struct{ attributes, line, summary, detail string }{
		"empty name":     {lines(`access_token_name = ""`, `ttl = "1h"`), `access_token_name = ""`, "Empty value", "`access_token_name` is \"\", but it must not be empty. Remove it, or set it to, for example, \"notebook-anna\"."},
		"no name":        {`ttl = "1h"`, block, "Missing required argument", `The argument "access_token_name" is required`},
		"no ttl":         {`access_token_name = "a"`, block, "Missing required argument", `The argument "ttl" is required`},
		"bad ttl":        {lines(`access_token_name = "a"`, `ttl = "1w"`), `ttl = "1w"`, "Invalid lifetime", `"1w" is not a lifetime: unknown unit "w"; use d, h, m or s, such as 7d for a week. ` + exampleLifetime},
		"bad token ttl":  {lines(`access_token_name = "a"`, `access_token_ttl = "0s"`, `ttl = "1h"`), `access_token_ttl = "0s"`, "Invalid lifetime", `"0s" is not a lifetime: it is shorter than a second. ` + exampleLifetime},
		"unknown role":   {lines(`access_token_name = "a"`, `role = "user"`, `ttl = "1h"`), `role = "user"`, "Invalid value", "`role` is \"user\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"USER\"`."},
		"unknown policy": {lines(`access_token_name = "a"`, `recreate_if_invalid = "once"`, `ttl = "1h"`), `recreate_if_invalid = "once"`, "Invalid value", "`recreate_if_invalid` is \"once\", but it must be one of `never`, `unused`, `always` (case-sensitive). For example: `recreate_if_invalid = \"never\"`."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			badInput{svc.Config(registerToken(test.attributes)), test.line, test.summary, test.detail, ""}.run(t, svc)
		})
	}
}

func TestBadDataSources(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ source, line, summary, detail string }{
		"role":           {"access_tokens", `role = "Admin"`, "Invalid value", "`role` is \"Admin\", but it must be one of `USER`, `ADMIN` (case-sensitive). For example: `role = \"ADMIN\"`."},
		"status":         {"access_tokens", `status = "missing"`, "Invalid value", "`status` is \"missing\", but it must be one of `active`, `expired` (case-sensitive). For example: `status = \"active\"`."},
		"expires_within": {"access_tokens", `expires_within = "soon"`, "Invalid lifetime", `"soon" is not a lifetime: "soon" does not begin with a whole number. ` + exampleLifetime},
		"name_regex":     {"access_tokens", `name_regex = "ci-("`, "Invalid regular expression", "missing closing ): `ci-(`. The syntax is RE2, for example \"^ci-\"."},
		"name":           {"access_token", `name = ""`, "Empty value", "`name` is \"\", but it must not be empty. Remove it, or set it to, for example, \"nightly-etl\"."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := svc.Config(fmt.Sprintf("data \"mlplatform_%s\" \"test\" {\n%s\n}\n", test.source, test.line))
			badInput{config, test.line, test.summary, test.detail, ""}.run(t, svc)
		})
	}
}

func TestBadProviderSettings(t *testing.T) {
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
	for name, test := range map[string]struct{ line, summary, detail string }{
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			settings := []string{test.line}
			if !strings.HasPrefix(test.line, "endpoint") {
				settings = append(settings, quoted("endpoint", svc.Endpoint))
			}
			config := fmt.Sprintf("provider \"mlplatform\" {\n%s\n}\n%s", lines(settings...), accessToken(`name = "a"`))
			badInput{config, test.line, test.summary, test.detail, ""}.run(t, svc)
		})
	}
	t.Run("token and token_file", func(t *testing.T) {
		t.Parallel()
		svc := acctest.NewService(t)
		config := strings.Replace(svc.Config(accessToken(`name = "a"`)), "max_retries = 1", `token_file = "/run/mine"`, 1)
		badInput{
			config, `token_file = "/run/mine"`, "Conflicting token settings",
			"`token` and `token_file` (\"/run/mine\") are both set. Remove one of them and keep, for example, " +
				"`token_file = \"/run/secrets/mlplatform-token\"`.", "",
		}.run(t, svc)
	})
}

// later is a resource whose output is not known while it is planned to be made.
func later(values string) string {
	return fmt.Sprintf("resource \"terraform_data\" \"later\" {\n  input = {\n%s\n  }\n}\n", values)
}

// fromLater sets attributes to the outputs of the same names.
func fromLater(names ...string) string {
	settings := make([]string, len(names))
	for i, name := range names {
		settings[i] = fmt.Sprintf("%[1]s = terraform_data.later.output.%[1]s", name)
	}
	return lines(settings...)
}

// Whatever is not known yet is given the benefit of the doubt while planning, and checked when it is known.
func TestUnknownInputs(t *testing.T) {
	t.Parallel()
	const registered = "mlplatform_register_token.test"
	register := func(name string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(registered, tfjsonpath.New(name), want)
	}
	svc := acctest.NewService(t)
	config := svc.Config(later(lines(
		`name = "late"`, `role = "ADMIN"`, `ttl = "60m"`, `rotate_before = "5m"`, `recreate_if_invalid = "never"`,
		`access_token_name = "later still"`, `access_token_ttl = "1d"`, `delete_on_destroy = "true"`, `expires_within = "2h"`,
		`name_regex = "^la"`, `status = "active"`,
	)) + accessToken(fromLater("name", "role", "ttl", "rotate_before", "recreate_if_invalid", "delete_on_destroy")+
		"\nkeepers = { a = terraform_data.later.output.ttl }") +
		registerToken(fromLater("access_token_name", "role", "access_token_ttl", "ttl", "recreate_if_invalid")) +
		"data \"mlplatform_access_tokens\" \"test\" {\n" + fromLater("role", "status", "expires_within", "name_regex") +
		"\n  depends_on = [mlplatform_access_token.test]\n}\n")
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

// An input that turns out to be bad is refused before anything is created with it.
func TestUnknownInputsThatTurnOutBad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ values, config, want string }{
		"name": {`name = ""`, accessToken(fromLater("name")), "`name` is \"\", but it must not be empty"},
		"role": {`role = "root"`, accessToken(`name = "a"` + "\n" + fromLater("role")), "`role` is \"root\", but it must be one of"},
		"ttl":  {`ttl = "1.5h"`, accessToken(`name = "a"` + "\n" + fromLater("ttl")), `"1.5h" is not a lifetime`},
		"window": {
			lines(`ttl = "1h"`, `rotate_before = "2h"`), accessToken(`name = "a"` + "\n" + fromLater("ttl", "rotate_before")),
			"`rotate_before` is \"2h\", which is not less than `ttl` (\"1h\")",
		},
		"register token": {`ttl = "0s"`, registerToken(`access_token_name = "a"` + "\n" + fromLater("ttl")), `"0s" is not a lifetime`},
		"regular expression": {
			`name_regex = "("`, "data \"mlplatform_access_tokens\" \"test\" {\n" + fromLater("name_regex") + "\n}\n", "missing closing )",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t, resource.TestStep{
				Config:      svc.Config(later(test.values) + test.config),
				ExpectError: regexp.MustCompile(`Error running apply[\s\S]*` + acctest.OutputMatches(test.want).String()),
			})
			if writes := svc.Writes(); len(writes) != 0 {
				t.Errorf("the requests %v were made", writes)
			}
		})
	}
}

// The provider's own settings may come from a resource that does not exist yet, or whose output is about to change.
func TestUnknownProviderSettings(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]func(t *testing.T, svc *acctest.Service) (values, block string){
		"token": func(_ *testing.T, svc *acctest.Service) (values, block string) {
			return "token = " + acctest.Quote(svc.Token), lines("endpoint = "+acctest.Quote(svc.Endpoint), fromLater("token"))
		},
		"all others": func(t *testing.T, svc *acctest.Service) (values, block string) {
			t.Helper()
			file := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(file, []byte(svc.Token+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			values = lines("endpoint = "+acctest.Quote(svc.Endpoint), "token_file = "+acctest.Quote(file), `request_timeout = "1m"`, "max_retries = 2")
			return values, fromLater("endpoint", "token_file", "request_timeout", "max_retries")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			values, block := settings(t, svc)
			config := func(extra string) string {
				return later(lines(values, extra)) + "provider \"mlplatform\" {\n" + block + "\n}\n" +
					accessToken(`name = "a"`) + registerToken(lines(`access_token_name = "b"`, `ttl = "1h"`))
			}
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t,
				resource.TestStep{Config: config(""), ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionCreate))},
				resource.TestStep{Config: config(""), ConfigPlanChecks: acctest.EmptyPlan()},
				resource.TestStep{
					PreConfig:        svc.Emulator.ResetJournal,
					Config:           config("another = 1"),
					ConfigPlanChecks: acctest.PlanChecks(plancheck.ExpectResourceAction(tokenAddress, plancheck.ResourceActionNoop)),
					Check: func(*terraform.State) error {
						if writes := svc.Writes(); len(writes) != 0 {
							return fmt.Errorf("the requests %v were made", writes)
						}
						return nil
					},
				},
			)
		})
	}
}

// One provider works with a token that another one makes in the same run, and both are gone in the right order. This
// takes a workspace, because the test framework has one provider for all configurations.
func TestProviderTokenOfAnotherProvider(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "admin" {
  name = "made first"
  role = "ADMIN"
}
provider "mlplatform" {
  alias = "second"
  token = mlplatform_access_token.admin.token
}
resource "mlplatform_access_token" "test" {
  provider = mlplatform.second
  name     = "made with it"
}
`)
	w.Apply()
	w.ExpectEmptyPlan()
	if held := svc.LiveTokenNames(t); !slices.Equal(held, []string{"made first", "made with it"}) {
		t.Errorf("the service holds %q", held)
	}
	w.Destroy()
	if held := svc.LiveTokenNames(t); len(held) != 0 {
		t.Errorf("the service still holds %q", held)
	}
}

// A data source cannot wait for the provider's settings, so it says what to do.
func TestUnknownProviderSettingsOfDataSource(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"access_tokens\" \"test\" {", "access_token\" \"test\" {\nname = \"a\"", "current_token\" \"test\" {"} {
		t.Run(source[:strings.Index(source, `"`)], func(t *testing.T) {
			t.Parallel()
			svc := acctest.NewService(t)
			config := later("token = "+acctest.Quote(svc.Token)) + "provider \"mlplatform\" {\n" + fromLater("token") + "\n}\n" +
				"data \"mlplatform_" + source + "\n}\n"
			acctest.Needs(t, acctest.Since("1.4.0"))
			acctest.Run(t, resource.TestStep{
				Config:      config,
				ExpectError: acctest.OutputMatches("no request can be made. Create that resource first, for example with `terraform apply -target=ADDRESS`"),
			})
		})
	}
}

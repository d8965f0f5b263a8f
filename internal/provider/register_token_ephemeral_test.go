// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
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

// runEchoed runs steps that look at ephemeral values.
func (b *bench) runEchoed(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	needs(t, ephemeralResources)
	providers := factories()
	providers["echo"] = echoprovider.NewProviderServer()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: providers, Steps: steps})
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

// used tells whether the job had a value.
func (w *workspace) used(value string) bool {
	w.t.Helper()
	return strings.HasPrefix(w.read("used"), fmt.Sprintf("%x", sha256.Sum256([]byte(value))))
}

// wantNoValueInFiles fails the test if a state, a plan or any other file of the workspace holds a value.
func (w *workspace) wantNoValueInFiles() {
	w.t.Helper()
	for _, leak := range w.valuesInFiles() {
		w.t.Error(leak)
	}
}

// valuesInFiles searches all files, and what is packed in them, for values.
func (w *workspace) valuesInFiles() []string {
	w.t.Helper()
	var found []string
	search := func(name string, content []byte) {
		for _, leak := range leaksIn(string(content), w.b.emulator.IssuedValues()) {
			found = append(found, name+" holds "+leak)
		}
	}
	files := os.DirFS(filepath.Dir(w.dir))
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		search(name, content)
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil //nolint:nilerr // not a plan file: such a file is an archive
		}
		for _, file := range archive.File {
			content, err := fs.ReadFile(archive, file.Name)
			if err != nil {
				return err
			}
			search(name+"/"+file.Name, content)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// The search finds a value in a plan file, which is packed, and in a state.
func TestSearchOfFilesFinds(t *testing.T) {
	t.Parallel()
	b := emulated(t)
	w := newWorkspace(t, b)
	w.env["TF_VAR_value"] = b.token
	w.write("main.tf", "variable \"value\" {}\n"+dataSource("current_token", "")+"output \"value\" {\n  value = var.value\n}\n")
	for file, command := range map[string][]string{
		"workspace/saved/tfplan":      {"plan", "-out=saved"},
		"workspace/terraform.tfstate": {"apply", "-auto-approve"},
	} {
		w.succeed(command...)
		found := func(leak string) bool { return strings.HasPrefix(leak, file+" holds value 0 as it is") }
		if leaks := w.valuesInFiles(); !slices.ContainsFunc(leaks, found) {
			t.Errorf("%s: nothing was found in %s, but %q", command, file, leaks)
		}
	}
}

// wantWrites fails the test if other requests than these have changed something since the journal was reset, which it
// then is.
func (b *bench) wantWrites(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := b.writes(); !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("%s: the requests that change something were %v instead of %v", when, got, want)
	}
	b.emulator.ResetJournal()
}

// latest returns the value that was issued last.
func (b *bench) latest() string {
	values := b.emulator.IssuedValues()
	return values[len(values)-1]
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
			b := emulated(t)
			b.runEchoed(t, resource.TestStep{
				Config: b.config(ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "90m"`, test.attributes)) +
					echoed("register_token")),
				ConfigStateChecks: []statecheck.StateCheck{
					echoes("role", knownvalue.StringExact(test.role)),
					echoes("expires_at", knownvalue.StringExact(epoch.Add(90*time.Minute).Format(time.RFC3339))),
					echoes("token", knownvalue.StringFunc(func(value string) error {
						if !slices.Contains(b.emulator.IssuedValues(), value) {
							return fmt.Errorf("the value was not issued")
						}
						access, err := b.client(t).RedeemRegisterToken(t.Context(), mlplatform.Secret(value))
						if err != nil {
							return err
						}
						own, err := b.client(t).WithToken(access).WhoAmI(t.Context())
						if err != nil {
							return err
						}
						expiresAt := time.Time{}
						if test.lifetime != 0 {
							expiresAt = epoch.Add(test.lifetime)
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
	b := emulated(t)
	b.runEchoed(t, resource.TestStep{
		Config: b.config(ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "1h"`, `enabled = false`)) +
			echoed("register_token")),
		ConfigStateChecks: []statecheck.StateCheck{
			echoes("token", knownvalue.Null()), echoes("expires_at", knownvalue.Null()), echoes("role", knownvalue.StringExact("USER")),
		},
		Check: func(*terraform.State) error {
			if made := len(b.emulator.Journal()); made != 0 {
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
			needs(t, ephemeralResources)
			b := emulated(t)
			w := newWorkspace(t, b).traced()
			w.write("main.tf", later+ephemeralBlock("register_token", test.config)+job("ephemeral.mlplatform_register_token.test.token"))
			wantNoLeak(t, b, w.plan("-out=saved"))
			b.wantWrites(t, "plan", test.planned...)
			wantNoLeak(t, b, w.succeed("apply", "-no-color", "saved"))
			b.wantWrites(t, "apply", mint)
			if !w.used(b.latest()) {
				t.Error("the job had another value than the one that was minted")
			}
			w.wantNoValueInFiles()
		})
	}
}

// laterToken configures the provider with a token that is not known before the apply. The environment has none.
func laterToken(w *workspace) string {
	w.env["TF_VAR_token"] = w.b.token
	delete(w.env, "MLPLATFORM_TOKEN")
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
			needs(t, ephemeralResources)
			b := emulated(t)
			w := newWorkspace(t, b)
			w.write("main.tf", laterToken(w)+ephemeralBlock(kind, attributes)+job("ephemeral.mlplatform_"+kind+".test.token"))
			w.plan("-out=saved")
			if made := len(b.emulator.Journal()); made != 0 {
				t.Errorf("the plan made %d requests", made)
			}
			w.succeed("apply", "-no-color", "saved")
			if !w.used(b.latest()) {
				t.Error("the job had another value than the one that was minted")
			}
			if held := b.held(t); len(held) != 0 {
				t.Errorf("the service holds %q", held)
			}
			w.wantNoValueInFiles()
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
		"register token: no name":        {register(`ttl = "1h"`), says(`The argument "access_token_name" is required`)},
		"register token: no lifetime":    {register(`access_token_name = "a"`), says(`The argument "ttl" is required`)},
		"register token: empty name":     {register(`access_token_name = ""`, `ttl = "1h"`), says("`access_token_name` is \"\", but it must not be empty")},
		"register token: bad role":       {register(`access_token_name = "a"`, `ttl = "1h"`, `role = "user"`), says("For example: `role = \"USER\"`")},
		"register token: bad lifetime":   {register(`access_token_name = "a"`, `ttl = "1w"`), says("Invalid lifetime")},
		"register token: bad lifetime 2": {register(`access_token_name = "a"`, `ttl = "1h"`, `access_token_ttl = "0s"`), says("Invalid lifetime")},
		"access token: no lifetime":      {access(), says(`The argument "ttl" is required`)},
		"access token: empty prefix":     {access(`ttl = "1h"`, `name_prefix = ""`), says("`name_prefix` is \"\", but it must not be empty")},
		"access token: bad role":         {access(`ttl = "1h"`, `role = "root"`), says("it must be one of `USER`, `ADMIN`")},
		"access token: bad lifetime":     {access(`ttl = "an hour"`), says("Invalid lifetime")},
		"access token: a name":           {access(`ttl = "1h"`, `name = "fixed"`), says("name")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, ephemeralResources)
			w := newWorkspace(t, emulated(t))
			w.write("main.tf", test.config)
			if got := w.run("validate", "-no-color"); got.exitCode != 1 || !test.says.MatchString(got.shown()) {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
			if made := len(w.b.emulator.Journal()); made != 0 {
				t.Errorf("%d requests were made", made)
			}
		})
	}
}

// What the service refuses is told with the name of the token to come and with what to do.
func TestEphemeralRegisterTokenErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happen func(*testing.T, *workspace)
		says   string
	}{
		"no token": {
			func(_ *testing.T, w *workspace) { delete(w.env, "MLPLATFORM_TOKEN") },
			"This operation requires an access token with the ADMIN role.",
		},
		"weak role": {
			func(t *testing.T, w *workspace) {
				t.Helper()
				w.env["MLPLATFORM_TOKEN"] = w.b.valueOf(t, emulator.SeedToken{Name: "weak", Role: "USER"})
			},
			"has the USER role; ADMIN is required.",
		},
		"trouble": {
			func(_ *testing.T, w *workspace) {
				w.b.emulator.Inject(emulator.Fault{Operation: emulator.OpCreateRegisterToken, Kind: emulator.Respond, Status: 500, Times: -1})
			},
			"The service, or a proxy in front of it, is failing.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs(t, ephemeralResources)
			w := newWorkspace(t, emulated(t))
			w.write("main.tf", ephemeralBlock("register_token", lines(`access_token_name = "anna"`, `ttl = "1h"`))+
				job("ephemeral.mlplatform_register_token.test.token"))
			test.happen(t, w)
			got := w.run("plan", "-no-color")
			if got.exitCode != 1 || !says(`Register token for "anna":`).MatchString(got.shown()) || !says(test.says).MatchString(got.shown()) {
				t.Errorf("exit code %d:\n%s", got.exitCode, got.shown())
			}
		})
	}
}

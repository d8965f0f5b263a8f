// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// scenario is a command that a user runs on resources of one kind. A configuration is repeated for each resource, with
// the resource's name in place of NAME.
type scenario struct {
	before  string // what is applied before; empty for nothing
	config  string // the configuration of the command
	command string
	// redeems is set if the provider has no token, and redeems register tokens that an administrator passes in a variable.
	redeems bool
}

// scenarios are the commands on both kinds of resources. All tests of them apply, refresh or destroy.
var scenarios = map[string]scenario{
	"access token/create": {
		config: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
}
`,
		command: "apply -auto-approve",
	},
	"access token/read": {
		before: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
}
`,
		config: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
}
`,
		command: "apply -refresh-only -auto-approve",
	},
	"access token/delete": {
		before: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
}
`,
		config: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
}
`,
		command: "destroy -auto-approve",
	},
	"access token/replace": {
		before: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
}
`,
		config: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
  ttl  = "1h"
}
`,
		command: "apply -auto-approve",
	},
	"access token/replace, create first": {
		before: `
resource "mlplatform_access_token" "in-NAME" {
  name_prefix = "NAME"
  lifecycle {
    create_before_destroy = true
  }
}
`,
		config: `
resource "mlplatform_access_token" "in-NAME" {
  name_prefix = "NAME"
  ttl         = "1h"
  lifecycle {
    create_before_destroy = true
  }
}
`,
		command: "apply -auto-approve",
	},
	"register token/create": {
		config: `
resource "mlplatform_register_token" "in-NAME" {
  access_token_name = "NAME"
  ttl               = "1h"
}
`,
		command: "apply -auto-approve",
	},
	"register token/read": {
		before: `
resource "mlplatform_register_token" "in-NAME" {
  access_token_name = "NAME"
  ttl               = "1h"
}
`,
		config: `
resource "mlplatform_register_token" "in-NAME" {
  access_token_name = "NAME"
  ttl               = "1h"
}
`,
		command: "apply -refresh-only -auto-approve",
	},
	"register token/delete": {
		before: `
resource "mlplatform_register_token" "in-NAME" {
  access_token_name = "NAME"
  ttl               = "1h"
}
`,
		config: `
resource "mlplatform_register_token" "in-NAME" {
  access_token_name = "NAME"
  ttl               = "1h"
}
`,
		command: "destroy -auto-approve",
	},
	"register token/replace": {
		before: `
resource "mlplatform_register_token" "in-NAME" {
  access_token_name = "NAME"
  ttl               = "1h"
}
`,
		config: `
resource "mlplatform_register_token" "in-NAME" {
  access_token_name = "NAME"
  ttl               = "1h"
  role              = "ADMIN"
}
`,
		command: "apply -auto-approve",
	},
	"encrypted access token/create": {
		config: withRecipient(`
resource "mlplatform_access_token" "in-NAME" {
  name       = "NAME"
  recipients = ["RECIPIENT"]
}
`),
		command: "apply -auto-approve",
	},
	"encrypted access token/add recipients": {
		before: `
resource "mlplatform_access_token" "in-NAME" {
  name = "NAME"
}
`,
		config: withRecipient(`
resource "mlplatform_access_token" "in-NAME" {
  name       = "NAME"
  recipients = ["RECIPIENT"]
}
`),
		command: "apply -auto-approve",
	},
	"encrypted redemption/create": {
		config: withRecipient(`
resource "mlplatform_access_token" "in-NAME" {
  register_token_wo = var.register_tokens["NAME"]
  recipients        = ["RECIPIENT"]
}
`),
		command: "apply -auto-approve",
		redeems: true,
	},
	"redemption/create": {
		config: `
resource "mlplatform_access_token" "in-NAME" {
  register_token_wo = var.register_tokens["NAME"]
}
`,
		command: "apply -auto-approve",
		redeems: true,
	},
	"redemption/read": {
		before: `
resource "mlplatform_access_token" "in-NAME" {
  register_token_wo = var.register_tokens["NAME"]
}
`,
		config: `
resource "mlplatform_access_token" "in-NAME" {
  register_token_wo = var.register_tokens["NAME"]
}
`,
		command: "apply -refresh-only -auto-approve",
		redeems: true,
	},
}

// registerTokens declares the variable of the scenarios that redeem.
const registerTokens = `
variable "register_tokens" {
  type      = map(string)
  ephemeral = true
}
`

// fixture is a workspace in which the command of a scenario runs, once or several times.
type fixture struct {
	scenario
	*acctest.Workspace
	invariants *acctest.Invariants
	names      []string
	prepared   bool
}

// newFixture returns a fixture with a resource for each name.
func newFixture(t *testing.T, s scenario, names ...string) *fixture {
	t.Helper()
	if s.redeems {
		acctest.Needs(t, acctest.WriteOnlyArguments)
	}
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	return &fixture{scenario: s, Workspace: w, invariants: acctest.NewInvariants(w), names: names}
}

// configure writes a configuration for all names, with new register tokens. The provider gets an ADMIN token.
func (f *fixture) configure(config string) {
	f.T.Helper()
	var text strings.Builder
	tokens := map[string]string{}
	for _, name := range f.names {
		text.WriteString(strings.ReplaceAll(config, "NAME", name))
		if !f.redeems {
			continue
		}
		token, err := f.Service.Client(f.T).CreateRegisterToken(f.T.Context(), mlplatform.RegisterTokenRequest{
			AccessTokenName: name, Role: mlplatform.RoleUser, Lifetime: time.Hour,
		})
		if err != nil {
			f.T.Fatal(err)
		}
		tokens[name] = token.Value.Reveal()
	}
	f.Write("main.tf", text.String())
	f.Env["MLPLATFORM_TOKEN"] = f.Service.Token
	if f.redeems {
		values, err := json.Marshal(tokens)
		if err != nil {
			f.T.Fatal(err)
		}
		f.Write("variables.tf", registerTokens)
		f.Env["TF_VAR_register_tokens"] = string(values)
	}
}

// prepare applies what the scenario starts with, and writes the configuration of the command. After a command that has
// changed nothing, all is still prepared.
func (f *fixture) prepare() {
	f.T.Helper()
	if f.prepared {
		return
	}
	f.prepared = true
	f.Write("provider.tf", acctest.NoRetriesSlow)
	if f.before != "" {
		f.configure(f.before)
		f.Apply()
	}
	f.configure(f.config)
	if f.redeems {
		f.Env["MLPLATFORM_TOKEN"] = ""
	}
}

// run runs the command with a provider block, under faults, and checks the invariants.
func (f *fixture) run(provider string, faults ...emulator.Fault) (acctest.Result, []emulator.Request) {
	f.T.Helper()
	f.Write("provider.tf", provider)
	f.invariants.Faults = faults
	return f.invariants.Run(strings.Fields(f.command)...)
}

// forgetUnidentified does what an error says about a redeemed token that could not be described and whose value is encrypted:
// only its holder knows its name.
func (f *fixture) forgetUnidentified() {
	f.T.Helper()
	for _, object := range f.StateObjects() {
		if object.IsAccessToken() && object.Attributes.Name == "" && object.Attributes.EncryptedToken != "" {
			token, err := f.Service.Client(f.T).WithToken(mlplatform.Secret(object.Attributes.Token)).WhoAmI(f.T.Context())
			if err != nil {
				f.T.Fatal(err)
			}
			f.Service.Emulator.Revoke(token.Name)
			f.MustRun("state", "rm", object.Address)
			f.prepared = false
		}
	}
}

// converge applies the configuration again without faults, and then destroys everything.
func (f *fixture) converge() {
	f.T.Helper()
	f.prepared = false
	f.configure(f.config)
	f.invariants.ExpectConvergence()
	for _, object := range f.StateObjects() {
		if object.Status != "" || object.Deposed != "" {
			f.T.Errorf("%s is %s, deposed %q", object.Address, object.Status, object.Deposed)
		}
	}
	f.invariants.ExpectCleanDestroy()
}

// requestsOf runs the command of a scenario without faults, and returns its requests.
func requestsOf(t *testing.T, s scenario) []emulator.Request {
	t.Helper()
	f := newFixture(t, s, "etl")
	f.prepare()
	got, requests := f.run(acctest.NoRetriesSlow)
	if got.ExitCode != 0 || len(requests) == 0 {
		t.Fatalf("without faults: exit code %d, %d requests\n%s", got.ExitCode, len(requests), got.Output())
	}
	f.converge()
	return requests
}

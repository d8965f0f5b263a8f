// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

func TestPrinterHidesValuesAndTells(t *testing.T) {
	t.Parallel()

	var out strings.Builder

	p := &printer{w: &out, values: func() []string { return []string{testValue} }}
	p.quote("fine")

	if err := p.trouble(); err != nil {
		t.Errorf("trouble before a value: %v", err)
	}

	p.table([]emulator.Token{{Name: testValue, Role: "USER"}})

	if err := p.trouble(); !errors.Is(err, errLeak) {
		t.Errorf("trouble after a value: %v", err)
	}

	if strings.Contains(out.String(), testRandom) || !strings.Contains(out.String(), hidden) {
		t.Errorf("printed: %s", out.String())
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestPrinterTellsOfAReaderThatWentAway(t *testing.T) {
	t.Parallel()

	p := &printer{w: brokenPipe{}}
	p.text("hello")

	if err := p.trouble(); !errors.Is(err, errPipe) {
		t.Errorf("trouble: %v", err)
	}
}

func TestCondense(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ output, want string }{
		"init": {`
Initializing the backend...
Initializing provider plugins...
- Finding latest version of mlplatform/mlplatform...
- Installing mlplatform/mlplatform v0.0.1...
- Installed mlplatform/mlplatform v0.0.1 (unauthenticated)

Warning: Incomplete lock file information for providers

Due to your customized provider installation methods, Terraform was forced to
calculate lock file checksums locally for the following providers:
  - mlplatform/mlplatform

Terraform has been successfully initialized!
`, `- Installed mlplatform/mlplatform v0.0.1 (unauthenticated)
Terraform has been successfully initialized!`},
		"apply": {`
OpenTofu will perform the following actions:

  # data.mlplatform_access_tokens.all will be read during apply
  # (depends on a resource or a module with changes pending)
 <= data "mlplatform_access_tokens" "all" {
    }

  # mlplatform_access_token.a will be created
  + resource "mlplatform_access_token" "a" {
      + token = (sensitive value)
    }

Plan: 1 to add, 0 to change, 0 to destroy.

Changes to Outputs:
  + token = (sensitive value)
mlplatform_access_token.a: Creating...
mlplatform_access_token.a: Creation complete after 0s [id=1]

Warning: Beware

Of something.

Apply complete! Resources: 1 added, 0 changed, 0 destroyed.

Outputs:

list = [
  "Warning, no",
]
token = <sensitive>
`, `  # mlplatform_access_token.a will be created
Plan: 1 to add, 0 to change, 0 to destroy.
mlplatform_access_token.a: Creation complete after 0s [id=1]
Warning: Beware
Of something.
Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
Outputs:
list = [
  "Warning, no",
]
token = <sensitive>`},
		"plan": {`mlplatform_access_token.a: Refreshing state... [id=1]

No changes. Your infrastructure matches the configuration.

Terraform has compared your real infrastructure against your configuration
and found no differences, so no changes are needed.
`, "No changes. Your infrastructure matches the configuration."},
		"silent": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := condense(test.output); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

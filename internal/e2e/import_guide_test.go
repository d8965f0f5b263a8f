// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

const requiredProviders = `
terraform {
  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
  }
}
`

// The CLI generates the resource for an import block with the argument provider. That argument can be removed afterwards.
func TestImportGuideGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.6.0"))
	w := acctest.NewWorkspace(t, acctest.NewService(t))
	w.Service.Seed(t, emulator.SeedToken{Name: "nightly-etl", TTL: 30 * 24 * time.Hour})
	w.Write("main.tf", requiredProviders+`
import {
  provider = mlplatform
  to       = mlplatform_access_token.nightly_etl
  id       = "nightly-etl"
}
`)
	w.MustRun("plan", "-no-color", "-generate-config-out=imported.tf")
	if generated := w.Read("imported.tf"); !strings.Contains(generated, `name                = "nightly-etl"`) {
		t.Errorf("the CLI wrote\n%s", generated)
	}
	w.Write("main.tf", requiredProviders+`
import {
  to = mlplatform_access_token.nightly_etl
  id = "nightly-etl"
}
`)
	if got := w.Plan(); !got.Matches("1 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("the plan is\n%s", got.Output())
	}
}

const importAndRotate = requiredProviders + `
import {
  to = mlplatform_access_token.nightly_etl
  id = "nightly-etl"
}

resource "mlplatform_access_token" "nightly_etl" {
  name_prefix   = "nightly-etl"
  role          = "USER"
  ttl           = "90d"
  rotate_before = "14d"

  lifecycle {
    create_before_destroy = true
  }
}
`

// One apply imports a token and stores the settings of its rotation, or replaces it as well.
func TestImportGuideInOneStep(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.Since("1.6.0"))
	for name, test := range acctest.Sample(1, map[string]struct {
		left time.Duration
		args []string
		plan string
	}{
		"kept":     {30 * 24 * time.Hour, nil, "1 to import, 0 to add, 1 to change, 0 to destroy"},
		"due":      {10 * 24 * time.Hour, nil, "1 to import, 1 to add, 0 to change, 1 to destroy"},
		"replaced": {30 * 24 * time.Hour, []string{"-replace=mlplatform_access_token.nightly_etl"}, "1 to import, 1 to add, 0 to change, 1 to destroy"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Service.Seed(t, emulator.SeedToken{Name: "nightly-etl", TTL: test.left})
			w.Write("main.tf", importAndRotate)
			if got := w.Apply(test.args...); !got.Matches(test.plan) {
				t.Errorf("the apply prints\n%s", got.Output())
			}
			w.ExpectEmptyPlan()
			if names := w.Service.LiveTokenNames(t); len(names) != 1 {
				t.Errorf("the service has the tokens %q", names)
			}
		})
	}
}

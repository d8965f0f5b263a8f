// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"regexp"
	"slices"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// The user agent of each request has the versions of the provider and of Terraform. All requests have a token, except the
// redemption, which requires none.
func TestRequestsOfTheProvider(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", `
resource "mlplatform_access_token" "test" {
  name = "a"
}

resource "mlplatform_register_token" "test" {
  access_token_name = "b"
  ttl               = "1h"
}

data "mlplatform_current_token" "test" {}

data "mlplatform_access_tokens" "test" {}
`)
	w.Apply()
	w.Destroy()

	want := "^" + regexp.QuoteMeta("terraform-provider-mlplatform/"+acctest.BuiltVersion+" Terraform/"+acctest.CLIVersion(t).Number) + "$"
	if acctest.CLIVersion(t).OpenTofu {
		// OpenTofu tells a provider the version of some Terraform instead of its own.
		want = "^" + regexp.QuoteMeta("terraform-provider-mlplatform/"+acctest.BuiltVersion+" Terraform/") + `\d+\.\d+\.\d+(-\w+)?$`
	}
	seen := []string{}
	for _, request := range svc.Emulator.Journal() {
		seen = append(seen, request.Operation)
		if !regexp.MustCompile(want).MatchString(request.UserAgent) {
			t.Errorf("%s was sent by %q, which does not match %q", request.Operation, request.UserAgent, want)
		}
		if anonymous := request.Role == ""; anonymous != (request.Operation == emulator.OpRedeemRegisterToken) {
			t.Errorf("%s was sent with a token with the %q role", request.Operation, request.Role)
		}
	}
	slices.Sort(seen)
	all := []string{
		emulator.OpCreateRegisterToken, emulator.OpDeleteAccessToken, emulator.OpListAccessTokens,
		emulator.OpRedeemRegisterToken, emulator.OpWhoAmI,
	}
	if seen = slices.Compact(seen); !slices.Equal(seen, all) {
		t.Errorf("the operations were %q instead of %q", seen, all)
	}
}

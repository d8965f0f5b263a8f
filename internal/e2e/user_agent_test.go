// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"regexp"
	"slices"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// Each request says which version of the provider makes it, and which one of Terraform runs the provider. The redeem,
// which needs no credential, carries none; all others do.
func TestRequestsOfTheProvider(t *testing.T) {
	t.Parallel()
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", accessToken(`name = "a"`)+registerToken(lines(`access_token_name = "b"`, `ttl = "1h"`))+
		dataSource("current_token", "")+dataSource("access_tokens", ""))
	w.Apply()
	w.Destroy()

	want := "^" + regexp.QuoteMeta("terraform-provider-mlplatform/"+acctest.BuiltVersion+" Terraform/"+acctest.CLIVersion(t).Number) + "$"
	if acctest.CLIVersion(t).OpenTofu {
		// It tells a provider the version of some Terraform, whatever its own is.
		want = "^" + regexp.QuoteMeta("terraform-provider-mlplatform/"+acctest.BuiltVersion+" Terraform/") + `\d+\.\d+\.\d+(-\w+)?$`
	}
	seen := []string{}
	for _, request := range svc.Emulator.Journal() {
		seen = append(seen, request.Operation)
		if !regexp.MustCompile(want).MatchString(request.UserAgent) {
			t.Errorf("%s was sent by %q, which does not match %q", request.Operation, request.UserAgent, want)
		}
		if anonymous := request.Role == ""; anonymous != (request.Operation == emulator.OpRedeemRegisterToken) {
			t.Errorf("%s was sent with a token of the role %q", request.Operation, request.Role)
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

// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// A test must be skipped where a feature lacks and nowhere else, whatever number OpenTofu has come to.
func TestFeaturesOfCLIs(t *testing.T) {
	t.Parallel()
	for output, want := range map[string][]acctest.Feature{
		"Terraform v1.0.0":               {},
		"Terraform v1.8.0":               {acctest.ProviderFunctions},
		"Terraform v1.11.4\non linux":    {acctest.ProviderFunctions, acctest.EphemeralResources, acctest.WriteOnlyArguments},
		"Terraform v1.12.0-rc1":          {acctest.ProviderFunctions, acctest.EphemeralResources, acctest.WriteOnlyArguments, acctest.Identities},
		"Terraform v1.14.0":              {acctest.ProviderFunctions, acctest.EphemeralResources, acctest.WriteOnlyArguments, acctest.Identities, acctest.Queries, acctest.Actions},
		"Terraform v1.17.0-dev\non x":    {acctest.ProviderFunctions, acctest.EphemeralResources, acctest.WriteOnlyArguments, acctest.Identities, acctest.Queries, acctest.Actions},
		"OpenTofu v1.6.0":                {},
		"OpenTofu v1.10.9\n":             {acctest.ProviderFunctions},
		"OpenTofu v1.12.6-dev\non linux": {acctest.ProviderFunctions, acctest.EphemeralResources, acctest.WriteOnlyArguments, acctest.Identities},
		"OpenTofu v1.99.0":               {acctest.ProviderFunctions, acctest.EphemeralResources, acctest.WriteOnlyArguments, acctest.Identities},
	} {
		cli, err := tfcli.ParseVersion(output)
		if err != nil {
			t.Errorf("%q: %v", output, err)
			continue
		}
		has := map[string]bool{}
		for _, f := range want {
			has[f.Name] = true
		}
		for _, f := range []acctest.Feature{acctest.ProviderFunctions, acctest.EphemeralResources, acctest.WriteOnlyArguments, acctest.Identities, acctest.Queries, acctest.Actions} {
			if f.Has(cli) != has[f.Name] {
				t.Errorf("%s has %s: %v", cli, f.Name, !has[f.Name])
			}
		}
	}
	for _, output := range []string{"", "Terraform", "Pulumi v3.0.0", "Terraform vX"} {
		if cli, err := tfcli.ParseVersion(output); err == nil {
			t.Errorf("%q is the version %s", output, cli)
		}
	}
}

// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

// Run runs steps of the test framework with the provider inside the test.
func Run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: ProviderFactories(), Steps: steps})
}

// RunWithEcho is Run with the provider "echo" too, whose resource shows what its provider block is given: a way to check
// the values of ephemeral resources.
func RunWithEcho(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	Needs(t, EphemeralResources)
	providers := ProviderFactories()
	providers["echo"] = echoprovider.NewProviderServer()
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: providers, Steps: steps})
}

// ProviderFactories returns the provider under test, which retries failed requests at once.
func ProviderFactories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mlplatform": providerserver.NewProtocol6WithError(provider.New("test", provider.WithClientConfig(withoutBackoff))()),
	}
}

func withoutBackoff(cfg *mlplatform.Config) {
	cfg.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 }
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

// TestMain lets -sweep clean a live project.
func TestMain(m *testing.M) { resource.TestMain(tidy{m}) }

// tidy runs the tests and removes what they share. The test framework ends the process as soon as Run returns.
type tidy struct{ *testing.M }

// Run runs the tests.
func (m tidy) Run() int {
	defer func() {
		if builtFolder != "" {
			_ = os.RemoveAll(builtFolder)
		}
	}()
	return m.M.Run()
}

// epoch is when the emulator's clock starts. It is far from the machine's time, so that a test fails where the
// provider goes by the wrong clock.
var epoch = time.Date(2031, time.March, 1, 12, 0, 0, 0, time.UTC)

// bench is a service to test against: the emulator on a clock of its own, or the live service.
type bench struct {
	endpoint, token string
	// prefix stands before the names of tokens, so that a sweeper finds them.
	prefix string

	// Of the emulator alone.
	emulator *emulator.Server
	clock    *emulator.Clock
}

// emulated starts an emulator for one test and fails the test if anything crosses it that is not of the contract.
func emulated(t *testing.T, options ...func(*emulator.Options)) *bench {
	t.Helper()
	clock := emulator.NewClock(epoch)
	opts := emulator.Options{Clock: clock.Now}
	for _, option := range options {
		option(&opts)
	}
	server, err := emulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		for _, violation := range server.Violations() {
			t.Errorf("a breach of the contract: %s", violation)
		}
	})
	return &bench{endpoint: server.Endpoint(), token: server.AdminToken(), emulator: server, clock: clock}
}

// needsTime skips a test that runs the CLI hundreds of times, if the tests are to be short.
func needsTime(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes minutes, so not with -short")
	}
}

// live is the service of MLPLATFORM_ENDPOINT and MLPLATFORM_TOKEN; without TF_ACC the test is skipped.
func live(t *testing.T) *bench {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs TF_ACC=1 and a live service")
	}
	b := &bench{endpoint: os.Getenv("MLPLATFORM_ENDPOINT"), token: os.Getenv("MLPLATFORM_TOKEN"), prefix: sweepPrefix}
	if b.endpoint == "" || b.token == "" {
		t.Fatal("MLPLATFORM_ENDPOINT and MLPLATFORM_TOKEN must be set")
	}
	return b
}

// config puts a provider block before the text, in which NAME- stands for the prefix of names.
func (b *bench) config(text string) string {
	return b.configAs(b.token, text)
}

// configAs is config with another token for the provider; an empty one leaves it out.
func (b *bench) configAs(token, text string) string {
	setting := ""
	if token != "" {
		setting = fmt.Sprintf("token = %q", token)
	}
	return fmt.Sprintf("provider \"mlplatform\" {\n  endpoint = %q\n  max_retries = 1\n  %s\n}\n", b.endpoint, setting) +
		strings.ReplaceAll(text, "NAME-", b.prefix)
}

// name is a name as config writes it.
func (b *bench) name(name string) string { return b.prefix + name }

// run runs steps with a real CLI.
func (b *bench) run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	b.runFrom(t, "0.12.26", steps...)
}

// runFrom runs steps that need at least this version of Terraform, or of OpenTofu.
func (b *bench) runFrom(t *testing.T, version string, steps ...resource.TestStep) {
	t.Helper()
	b.runWith(t, since(version), steps...)
}

// runWith runs steps that need a feature of the CLI.
func (b *bench) runWith(t *testing.T, f feature, steps ...resource.TestStep) {
	t.Helper()
	needs(t, f)
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: steps})
}

func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mlplatform": providerserver.NewProtocol6WithError(provider.New("test", provider.WithClientConfig(withoutWaiting))()),
	}
}

// withoutWaiting repeats failed requests at once.
func withoutWaiting(cfg *mlplatform.Config) {
	cfg.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 }
}

// client works on the bench beside the provider.
func (b *bench) client(t *testing.T) *mlplatform.Client {
	t.Helper()
	client, err := mlplatform.New(mlplatform.Config{
		Endpoint: b.endpoint, Token: mlplatform.Secret(b.token), UserAgent: "acceptance test", RequestTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// held lists the names of the live access tokens that have the bench's prefix.
func (b *bench) held(t *testing.T) []string {
	t.Helper()
	list, err := b.client(t).ListAccessTokens(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, token := range list.Tokens {
		if strings.HasPrefix(token.Name, b.prefix) && !token.Expired(list.AsOf) && token.Name != "emulator-admin" {
			names = append(names, strings.TrimPrefix(token.Name, b.prefix))
		}
	}
	return names
}

// valueOf makes an access token as somebody in the management console does, and returns its value.
func (b *bench) valueOf(t *testing.T, token emulator.SeedToken) string {
	t.Helper()
	_, value, err := b.emulator.Seed(token)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// writes lists the operations since the journal was reset that change something.
func (b *bench) writes() []string {
	out := []string{}
	for _, request := range b.emulator.Journal() {
		if request.IsWrite() {
			out = append(out, request.Operation)
		}
	}
	return out
}

// says matches a text in the CLI's output, which breaks and frames lines.
func says(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(strings.Join(words, `[\s│╷╵]+`))
}

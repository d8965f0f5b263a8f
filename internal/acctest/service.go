// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// Start is when the emulator's clock starts. It is far from the machine's time, so that a test fails where the provider
// goes by the wrong clock.
var Start = time.Date(2031, time.March, 1, 12, 0, 0, 0, time.UTC)

// LivePrefix begins the name of every token that a test creates in a live project. The sweeper deletes no other.
const LivePrefix = "tf-acc-"

// AdminName is the name of the token that the provider works with by default.
const AdminName = "emulator-admin"

// MintWrites are the operations that create an access token.
var MintWrites = []string{emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken}

// Service is the service under test: an emulator with its own clock, or the live service.
type Service struct {
	Endpoint string
	// Token is the value of an ADMIN token.
	Token string

	// Emulator and Clock are nil for the live service.
	Emulator *emulator.Server
	Clock    *emulator.Clock

	// prefix begins the names of the tokens that LiveTokenNames lists.
	prefix string
}

// NewService starts an emulator for one test. The test fails if a request or a response breaks the API contract.
func NewService(t *testing.T, options ...func(*emulator.Options)) *Service {
	t.Helper()
	clock := emulator.NewClock(Start)
	opts := emulator.Options{Clock: clock.Now}
	setDialect(t, &opts)
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
			t.Errorf("the API contract was broken: %s", violation)
		}
	})
	return &Service{Endpoint: server.Endpoint(), Token: server.AdminToken(), Emulator: server, Clock: clock}
}

// setDialect lets MLPLATFORM_TEST_DIALECT choose the emulator's dialect for every test; see emulator.ParseDialect. The
// responses keep their Date: without it the provider goes by the machine's clock, which no test can move. A test of its own in
// internal/e2e does without.
func setDialect(t *testing.T, opts *emulator.Options) {
	t.Helper()
	dialect, err := emulator.ParseDialect(os.Getenv("MLPLATFORM_TEST_DIALECT"))
	if err != nil {
		t.Fatalf("MLPLATFORM_TEST_DIALECT: %v", err)
	}
	opts.Dialect = dialect &^ emulator.NoDate
}

// NoIssuer are the spellings of a service that does not name issuers.
const NoIssuer = emulator.IssuerNull | emulator.IssuerAbsent

// Without is an option of NewService for a test whose expectations depend on a spelling: MLPLATFORM_TEST_DIALECT does not
// apply to it.
func Without(spellings emulator.Dialect) func(*emulator.Options) {
	return func(opts *emulator.Options) { opts.Dialect &^= spellings }
}

// LiveService returns the service of MLPLATFORM_ENDPOINT and MLPLATFORM_TOKEN. Without TF_ACC the test is skipped.
func LiveService(t *testing.T) *Service {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs TF_ACC=1 and a live service")
	}
	svc := &Service{Endpoint: os.Getenv("MLPLATFORM_ENDPOINT"), Token: os.Getenv("MLPLATFORM_TOKEN"), prefix: LivePrefix}
	if svc.Endpoint == "" || svc.Token == "" {
		t.Fatal("MLPLATFORM_ENDPOINT and MLPLATFORM_TOKEN must be set")
	}
	return svc
}

// Config returns a configuration with a provider block for the service before the given blocks.
func (s *Service) Config(blocks string) string {
	return s.ConfigAs(s.Token, blocks)
}

// ConfigAs is Config with another token for the provider; with an empty one, none is configured.
func (s *Service) ConfigAs(token, blocks string) string {
	return s.ProviderConfig(token) + blocks
}

// ProviderConfig returns a provider block for the service with the given token; with an empty one, none is configured.
func (s *Service) ProviderConfig(token string) string {
	if token == "" {
		token = "null"
	} else {
		token = Quote(token)
	}
	return strings.NewReplacer("ENDPOINT", Quote(s.Endpoint), "TOKEN", token).Replace(`
provider "mlplatform" {
  endpoint    = ENDPOINT
  token       = TOKEN
  max_retries = 1
}
`)
}

// Client returns a client that works on the service beside the provider, with an ADMIN token.
func (s *Service) Client(t *testing.T) *mlplatform.Client {
	t.Helper()
	client, err := mlplatform.New(mlplatform.Config{
		Endpoint: s.Endpoint, Token: mlplatform.Secret(s.Token), UserAgent: "acceptance test", RequestTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// LiveTokenNames returns the names of the access tokens that are valid, without the provider's own. Of a live service,
// only those that begin with LivePrefix.
func (s *Service) LiveTokenNames(t *testing.T) []string {
	t.Helper()
	list, err := s.Client(t).ListAccessTokens(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, token := range list.Tokens {
		if strings.HasPrefix(token.Name, s.prefix) && !token.Expired(list.AsOf) && token.Name != AdminName {
			names = append(names, token.Name)
		}
	}
	return names
}

// ExpectLiveTokens fails the test unless LiveTokenNames are these.
func (s *Service) ExpectLiveTokens(t *testing.T, want ...string) {
	t.Helper()
	if err := s.CheckLiveTokens(t, want...)(nil); err != nil {
		t.Error(err)
	}
}

// CheckLiveTokens returns a check that LiveTokenNames are these.
func (s *Service) CheckLiveTokens(t *testing.T, want ...string) resource.TestCheckFunc {
	t.Helper()
	return func(*terraform.State) error {
		if names := s.LiveTokenNames(t); !slices.Equal(names, append([]string{}, want...)) {
			return fmt.Errorf("the service has the live access tokens %q instead of %q", names, want)
		}
		return nil
	}
}

// Seed creates an access token as a person does in the management console, and resets the journal.
func (s *Service) Seed(t *testing.T, token emulator.SeedToken) emulator.Token {
	t.Helper()
	row, _ := s.seed(t, token)
	return row
}

// SeedValue is Seed for the value of the new token.
func (s *Service) SeedValue(t *testing.T, token emulator.SeedToken) string {
	t.Helper()
	_, value := s.seed(t, token)
	return value
}

func (s *Service) seed(t *testing.T, token emulator.SeedToken) (emulator.Token, string) {
	t.Helper()
	row, value, err := s.Emulator.Seed(token)
	if err != nil {
		t.Fatal(err)
	}
	s.Emulator.ResetJournal()
	return row, value
}

// LastValue returns the value that the emulator issued last.
func (s *Service) LastValue() string {
	values := s.Emulator.IssuedValues()
	return values[len(values)-1]
}

// Later returns a function, for PreConfig of a step, that moves the emulator's clock and resets the journal.
func (s *Service) Later(d time.Duration) func() {
	return func() {
		s.Clock.Advance(d)
		s.Emulator.ResetJournal()
	}
}

// Writes returns the operations that change something, in the order of their requests, since the journal was reset.
func (s *Service) Writes() []string {
	operations := []string{}
	for _, request := range s.Emulator.Journal() {
		if request.IsWrite() {
			operations = append(operations, request.Operation)
		}
	}
	return operations
}

// CheckWrites returns a check that Writes are these operations.
func (s *Service) CheckWrites(want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := s.Writes(); !slices.Equal(got, append([]string{}, want...)) {
			return fmt.Errorf("the requests that change something were %v instead of %v", got, want)
		}
		return nil
	}
}

// ExpectWrites fails the test unless Writes are these operations, and resets the journal.
func (s *Service) ExpectWrites(t *testing.T, command string, want ...string) {
	t.Helper()
	if err := s.CheckWrites(want...)(nil); err != nil {
		t.Errorf("%s: %v", command, err)
	}
	s.Emulator.ResetJournal()
}

// RedeemedRegisterTokens returns how many register tokens were redeemed.
func (s *Service) RedeemedRegisterTokens() int {
	count := 0
	for _, row := range s.Emulator.RegisterTokens() {
		if row.Used {
			count++
		}
	}
	return count
}

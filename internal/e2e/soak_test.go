// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// defaultSchedules is how many random schedules a run of all tests makes; SOAK_N says otherwise, and SOAK_SEED
// picks one.
const defaultSchedules = 200

// number reads a number from the environment.
func number(t *testing.T, variable string) (value uint64, set bool) {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return 0, false
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is no number: %v", variable, err)
	}
	return value, true
}

// Random lives of tokens under random faults: creation, change, replacement and destruction, while time passes, other people
// create and revoke tokens, and the service caps lifetimes or returns odd lists. `make soak SEED=…` repeats a life that
// failed.
func TestSoak(t *testing.T) {
	t.Parallel()
	acctest.SkipBug(t, acctest.BugReplaceOrder)
	schedules := uint64(defaultSchedules)
	if testing.Short() {
		schedules = 2
	}
	if n, set := number(t, "SOAK_N"); set {
		schedules = n
	}
	first := uint64(1)
	if seed, set := number(t, "SOAK_SEED"); set {
		first, schedules = seed, 1
	}
	for seed := first; seed < first+schedules; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			s := newSchedule(t, seed)
			defer func() {
				if t.Failed() {
					t.Logf("make soak SEED=%d:\n\t%s", seed, strings.Join(s.story, "\n\t"))
				}
			}()
			s.live()
		})
	}
}

// wish is what the configuration asks for.
type wish struct {
	absent, encrypted        bool
	ttl, window, keeper, way int
}

// schedule is one random life.
type schedule struct {
	t      *testing.T
	w      *acctest.Workspace
	p      *acctest.Invariants
	random *rand.Rand
	wishes []wish
	// provider is the provider block of the runs under faults.
	provider string
	// oddList is set while the list lacks rows or is out of date.
	oddList bool
	// story is what was done.
	story []string
}

// oneRetry retries a 429 at once, so that a request which was refused but took effect is sent again.
const oneRetry = `
provider "mlplatform" {
  max_retries     = 1
  request_timeout = "2s"
}
`

// kinds are the resources of a schedule, each after the one before, so that the requests come in the same order each
// time: what a fault hits then depends on the seed alone. The one that is created before its predecessor is destroyed
// comes first, because Terraform does the same with whatever such a resource depends on.
var kinds = []struct {
	address string
	write   func(wish) []string
}{
	{"mlplatform_access_token.first", func(w wish) []string {
		return append([]string{fmt.Sprintf("name_prefix = \"first-%d-\"", w.way), "lifecycle {", "create_before_destroy = true", "}"}, w.lifetime()...)
	}},
	{"mlplatform_access_token.fixed", func(w wish) []string {
		return append([]string{`name = "fixed"`}, w.lifetime()...)
	}},
	{"mlplatform_register_token.later", func(w wish) []string {
		policy := []string{"never", "unused", "always"}[w.way]
		return []string{`access_token_name = "later"`, `ttl = "2h"`, fmt.Sprintf("keepers = { n = %d }", w.keeper), "recreate_if_invalid = " + acctest.Quote(policy)}
	}},
}

// lifetime writes what is about time and replacement. Each value of a wish has its own meaning.
func (w wish) lifetime() []string {
	out := []string{fmt.Sprintf("keepers = { n = %d }", w.keeper)}
	if w.ttl > 0 {
		out = append(out, fmt.Sprintf("ttl = \"%dh\"", 2*w.ttl))
		if w.window > 0 {
			out = append(out, fmt.Sprintf("rotate_before = \"%dm\"", 30*w.window))
		}
	}
	return out
}

func newSchedule(t *testing.T, seed uint64) *schedule {
	t.Helper()
	s := &schedule{t: t, w: acctest.NewWorkspace(t, acctest.NewService(t)), random: rand.New(rand.NewPCG(seed, 0)), provider: acctest.NoRetries}
	s.p = acctest.NewInvariants(s.w)
	for range kinds {
		s.wishes = append(s.wishes, s.wish())
	}
	if s.random.IntN(3) == 0 {
		s.tell("the provider retries once")
		s.provider = oneRetry
	}
	if s.random.IntN(4) == 0 {
		longest := time.Duration(1+s.random.IntN(5)) * 30 * time.Minute
		s.tell("the service grants at most %s", longest)
		s.w.Service.Emulator.SetGrant(emulator.CapLifetime(longest))
	}
	return s
}

func (s *schedule) wish() wish {
	return wish{
		absent: s.random.IntN(6) == 0, ttl: s.random.IntN(3), window: s.random.IntN(3), keeper: s.random.IntN(2),
		way: s.random.IntN(3), encrypted: s.random.IntN(3) == 0,
	}
}

func (s *schedule) tell(format string, args ...any) {
	s.story = append(s.story, fmt.Sprintf(format, args...))
}

// configure writes the configuration.
func (s *schedule) configure() {
	s.t.Helper()
	var text strings.Builder
	after := ""
	for i, kind := range kinds {
		if s.wishes[i].absent {
			continue
		}
		attributes := kind.write(s.wishes[i])
		if s.wishes[i].encrypted {
			attributes = append(attributes, "recipients = ["+acctest.Quote(acctest.Recipient())+"]")
		}
		s.tell("%s: %s", kind.address, strings.Join(attributes, ", "))
		if after != "" {
			attributes = append(attributes, "depends_on = ["+after+"]")
		}
		typ, name, _ := strings.Cut(kind.address, ".")
		fmt.Fprintf(&text, "resource %q %q {\n%s\n}\n", typ, name, strings.Join(attributes, "\n"))
		after = kind.address
	}
	s.w.Write("main.tf", text.String()+"# written\n")
}

// live runs the schedule: two runs under faults, with outside events in between, then one without faults.
func (s *schedule) live() {
	s.configure()
	s.run("apply")
	for i := range s.wishes {
		if s.random.IntN(2) == 0 {
			s.wishes[i] = s.wish()
		}
	}
	s.goOn()
	s.configure()
	// Where the state has a value only encrypted, nothing shows that a list which lacks the token is wrong.
	if !slices.ContainsFunc(s.w.StateObjects(), acctest.StateObject.IsEncrypted) {
		if s.random.IntN(4) == 0 {
			s.runElsewhere()
		}
		s.makeListOdd()
	}
	s.run([]string{
		"apply", "apply", "apply", "apply -refresh-only", "destroy",
		"apply -replace=mlplatform_access_token.first", "apply -replace=mlplatform_access_token.fixed",
	}[s.random.IntN(7)])
	s.w.Service.Emulator.SetHidden()
	s.w.Service.Emulator.SetStale(0)
	if s.random.IntN(2) == 0 {
		s.tell("destroy without faults")
		s.p.ExpectCleanDestroy()
		return
	}
	s.settle()
}

// runElsewhere runs a command with the ADMIN token of another project, whose list has none of the tokens.
func (s *schedule) runElsewhere() {
	s.t.Helper()
	row, value, err := s.w.Service.Emulator.Seed(emulator.SeedToken{Name: "their admin", Role: "ADMIN", Project: "theirs"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.p.Foreign = append(s.p.Foreign, row.ID)
	s.w.Env["MLPLATFORM_TOKEN"] = value
	s.w.Write("provider.tf", acctest.NoRetriesSlow)
	command := []string{"plan", "apply -refresh-only -auto-approve", "destroy -auto-approve"}[s.random.IntN(3)]
	got, requests := s.p.Run(strings.Fields(command)...)
	s.tell("%s in another project: exit code %d\n%s", command, got.ExitCode, acctest.FormatRequests(requests))
	if slices.ContainsFunc(requests, emulator.Request.IsWrite) {
		s.t.Errorf("%s in another project changes something", command)
	}
	s.w.Env["MLPLATFORM_TOKEN"] = s.w.Service.Token
}

// makeListOdd lets the list lack a row, or the latest changes.
func (s *schedule) makeListOdd() {
	s.t.Helper()
	switch s.random.IntN(6) {
	case 0:
		names := s.names()
		name := names[s.random.IntN(len(names))]
		s.tell("the list lacks %s", name)
		s.w.Service.Emulator.SetHidden(name)
	case 1:
		writes := 1 + s.random.IntN(3)
		s.tell("the list lacks the latest %d changes", writes)
		s.w.Service.Emulator.SetStale(writes)
	default:
		return
	}
	s.oddList = true
}

// names returns the names that tokens of the state have, or get.
func (s *schedule) names() []string {
	s.t.Helper()
	names := []string{"later"}
	for _, object := range s.w.StateObjects() {
		if object.IsAccessToken() {
			names = append(names, object.Attributes.Name)
		}
	}
	return names
}

// run runs a command under faults.
func (s *schedule) run(command string) {
	s.t.Helper()
	names := slices.Sorted(maps.Keys(faults))
	operations := []string{
		"", emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken,
		emulator.OpRedeemRegisterToken, emulator.OpWhoAmI, emulator.OpDeleteAccessToken,
	}
	for range s.random.IntN(4) {
		name := names[s.random.IntN(len(names))]
		fault := faults[name]
		fault.Operation = operations[s.random.IntN(len(operations))]
		fault.Skip = s.random.IntN(3)
		if believed := name == "404-before" || name == "wrong-json-before"; believed && (fault.Operation == "" || fault.Operation == emulator.OpDeleteAccessToken) {
			continue // such a response says that the token is gone, and the provider believes the service
		}
		if lies := fault.Status == 401 || fault.Status == 403; s.oddList && lies && (fault.Operation == "" || fault.Operation == emulator.OpWhoAmI) {
			continue // if the list lacks a token and its value is refused, nothing shows that it is valid
		}
		s.tell("a fault: %s in request %d of %q", name, fault.Skip, fault.Operation)
		s.p.Faults = append(s.p.Faults, fault)
	}
	s.w.Write("provider.tf", s.provider)
	got, requests := s.p.Run(append(strings.Fields(command), "-auto-approve")...)
	s.tell("%s: exit code %d\n%s", command, got.ExitCode, acctest.FormatRequests(requests))
	// Users do as the errors ask: a token whose value nobody has, and that could not be cleared away, is deleted.
	for _, token := range s.p.Orphans() {
		s.tell("%s is deleted by hand", token.Name)
		s.w.Service.Emulator.Revoke(token.Name)
	}
}

// goOn makes happen what happens outside of Terraform.
func (s *schedule) goOn() {
	s.t.Helper()
	if s.random.IntN(3) > 0 {
		later := time.Duration(s.random.IntN(10)) * 30 * time.Minute
		s.tell("%s pass", later)
		s.w.Service.Clock.Advance(later)
	}
	if s.random.IntN(3) == 0 {
		s.tell("the service hides expired tokens")
		s.w.Service.Emulator.SetHideExpired(true)
	}
	if s.random.IntN(3) == 0 {
		names := s.names()
		name := names[s.random.IntN(len(names))]
		s.tell("%s is revoked", name)
		s.w.Service.Emulator.Revoke(name)
		if s.random.IntN(2) == 0 {
			s.tell("somebody else creates %s", name)
			s.p.Foreign = append(s.p.Foreign, s.w.Service.Seed(s.t, emulator.SeedToken{Name: name}).ID)
		}
	}
}

// settle applies without faults and checks that everything is as configured.
func (s *schedule) settle() {
	s.t.Helper()
	s.tell("apply without faults")
	s.w.Write("provider.tf", acctest.NoRetriesSlow)
	got, _ := s.p.Run("apply", "-auto-approve")
	taken := acctest.OutputMatches(`the name "fixed" is taken`).MatchString(acctest.Errors(got.Output())) && s.foreign("fixed")
	if got.ExitCode != 0 && !taken {
		s.t.Fatalf("applying without faults fails:\n%s", got.Output())
	}
	for _, token := range s.p.Orphans() {
		s.t.Errorf("after applying again the service holds %q", token.Name)
	}
	for _, object := range s.w.StateObjects() {
		if object.Deposed != "" && taken {
			continue // Terraform deletes it after what depends on it has been updated
		}
		if object.Status != "" || object.Deposed != "" {
			s.t.Errorf("%s is %s, deposed %q", object.Address, object.Status, object.Deposed)
		}
		if status := object.Attributes.Status; object.IsAccessToken() && status != "active" &&
			(status != "conflict" || !s.foreign(object.Attributes.Name)) {
			s.t.Errorf("%s is %s", object.Address, status)
		}
	}
	if !taken {
		s.w.ExpectEmptyPlan()
	}
}

// foreign reports whether a live token with this name is somebody else's.
func (s *schedule) foreign(name string) bool {
	return slices.ContainsFunc(s.w.Service.Emulator.LiveTokens(), func(token emulator.Token) bool {
		return token.Name == name && slices.Contains(s.p.Foreign, token.ID)
	})
}

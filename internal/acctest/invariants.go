// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// Provider blocks for tests with faults. The program's waits between attempts are made for a real service, so nothing
// is retried.
const (
	// NoRetries also ends requests that hang, soon.
	NoRetries = `
provider "mlplatform" {
  max_retries     = 0
  request_timeout = "2s"
}
`
	// NoRetriesSlow is for what must not fail because this machine is slow.
	NoRetriesSlow = `
provider "mlplatform" {
  max_retries = 0
}
`
)

// Invariants checks what must hold after every command in a workspace, whatever went wrong in it: no value is printed, no
// token is lost, and nobody else's token is touched.
type Invariants struct {
	Workspace *Workspace
	// Foreign are the IDs of the tokens that somebody else created.
	Foreign []string
	// Faults are injected before the next Run, and cleared after it.
	Faults []emulator.Fault
	// Unnamed is how many live tokens an error could not name, because the response to the redemption of somebody else's
	// register token was lost.
	Unnamed int

	// errors are all errors so far.
	errors string
	// invalid are the values in the state that were not valid before the command.
	invalid []string
	// registerTokens is how many register tokens the service had before the command.
	registerTokens int
}

// NewInvariants starts the checks. A token that the service has by now, and the state does not know, is somebody else's.
func NewInvariants(w *Workspace) *Invariants {
	w.T.Helper()
	i := &Invariants{Workspace: w}
	for _, token := range i.Orphans() {
		i.Foreign = append(i.Foreign, token.ID)
	}
	return i
}

// Run runs the CLI under the Faults and checks the invariants. It returns the requests, too.
func (i *Invariants) Run(args ...string) (Result, []emulator.Request) {
	w := i.Workspace
	w.T.Helper()
	i.Begin()
	for _, fault := range i.Faults {
		w.Service.Emulator.Inject(fault)
	}
	got := w.Run(append(args, "-no-color")...)
	requests := w.Service.Emulator.Journal()
	w.Service.Emulator.ClearFaults()
	i.Faults = nil
	i.Check(got)
	if w.T.Failed() {
		w.T.Logf("%s: exit code %d\n%s\nThe requests were:\n%s", got.Command(), got.ExitCode, got.Output(), FormatRequests(requests))
	}
	return got, requests
}

// Begin notes what holds before a command; Run calls it.
func (i *Invariants) Begin() {
	i.Workspace.T.Helper()
	emu := i.Workspace.Service.Emulator
	i.registerTokens, i.invalid = len(emu.RegisterTokens()), nil
	for _, object := range i.Workspace.StateObjects() {
		if object.IsAccessToken() && i.tokenID(object.Attributes.Token) == "" {
			i.invalid = append(i.invalid, object.Attributes.Token)
		}
	}
	emu.ResetJournal()
}

// Check checks the invariants after a command; Run calls it.
func (i *Invariants) Check(got Result) {
	t := i.Workspace.T
	t.Helper()
	if findings := i.Workspace.Service.LeakFinder().Find(got.Output()); len(findings) > 0 {
		t.Fatalf("%s: the output shows %v", got.Command(), findings)
	}
	i.errors += Errors(got.Output())
	i.checkOrphansAreNamed(got)
	i.checkForeignTokensLive(got)
	i.checkActiveTokensAreValid(got)
	i.checkRegisterTokensAreKnown(got)
}

// askTheAdministrator matches the errors of redemptions that may have created an access token.
var askTheAdministrator = regexp.MustCompile(OutputMatches("Ask the administrator to delete the access token that the register token was created for").String() +
	"|" + OutputMatches("Ask the administrator to delete that access token").String() +
	"|" + OutputMatches("to check whether an access token with its name already exists").String())

// checkOrphansAreNamed checks that each live token that the state does not know is named by an error. A person who redeems
// somebody else's register token does not learn the name; here the administrator does as the error says.
func (i *Invariants) checkOrphansAreNamed(got Result) {
	t := i.Workspace.T
	t.Helper()
	unnamed := len(askTheAdministrator.FindAllString(got.Output(), -1))
	for _, token := range i.Orphans() {
		switch {
		case OutputMatches(`an access token named ` + Quote(token.Name)).MatchString(i.errors):
		case OutputMatches(`the name ` + Quote(token.Name) + ` is taken`).MatchString(i.errors):
		case unnamed > 0:
			unnamed--
			i.Unnamed++
			i.Workspace.Service.Emulator.Revoke(token.Name)
		default:
			t.Errorf("%s: the live token %q is neither in the state nor named by an error", got.Command(), token.Name)
		}
	}
}

func (i *Invariants) checkForeignTokensLive(got Result) {
	t := i.Workspace.T
	t.Helper()
	for _, id := range i.Foreign {
		same := func(token emulator.Token) bool { return token.ID == id }
		if !slices.ContainsFunc(i.Workspace.Service.Emulator.LiveTokens(), same) {
			t.Errorf("%s: somebody else's token %s is gone", got.Command(), id)
		}
	}
}

// checkActiveTokensAreValid checks that a token that is active in the state works, unless it did not before the command.
// Where the response to a deletion is lost, the state stays as it was and an error names the token.
func (i *Invariants) checkActiveTokensAreValid(got Result) {
	t := i.Workspace.T
	t.Helper()
	for _, object := range i.Workspace.StateObjects() {
		if object.IsAccessToken() && object.Attributes.Status == "active" && !slices.Contains(i.invalid, object.Attributes.Token) &&
			i.tokenID(object.Attributes.Token) == "" && !strings.Contains(i.errors, Quote(object.Attributes.Name)) {
			t.Errorf("%s: %s is active in the state, but its value is not valid", got.Command(), object.Address)
		}
	}
}

// checkRegisterTokensAreKnown checks that each register token that the command created is used, in the state, named in the
// output, or replaced by another one that was redeemed: nobody has its value then.
func (i *Invariants) checkRegisterTokensAreKnown(got Result) {
	t, emu := i.Workspace.T, i.Workspace.Service.Emulator
	t.Helper()
	var inState, redeemed []string
	for _, object := range i.Workspace.StateObjects() {
		inState = append(inState, object.Attributes.Token)
		if object.IsAccessToken() {
			redeemed = append(redeemed, object.Attributes.Name)
		}
	}
	issued := slices.DeleteFunc(emu.IssuedValues(), func(value string) bool {
		return !strings.HasPrefix(value, "emulated-register")
	})
	for n, register := range emu.RegisterTokens() {
		if n >= i.registerTokens && !register.Used && !slices.Contains(inState, issued[n]) &&
			!slices.Contains(redeemed, register.ClientName) && !strings.Contains(got.Output(), Quote(register.ClientName)) {
			t.Errorf("%s: a register token for %q is neither in the state nor named", got.Command(), register.ClientName)
		}
	}
}

// Orphans returns the live tokens that the state does not know and that nobody else created. The state knows a token by
// its ID, by its value, or as the one that a register token was redeemed for.
func (i *Invariants) Orphans() []emulator.Token {
	i.Workspace.T.Helper()
	known := slices.Clone(i.Foreign)
	for _, object := range i.Workspace.StateObjects() {
		known = append(known, object.Attributes.ID, object.Attributes.AccessTokenID)
		if object.IsAccessToken() && object.Attributes.ID == "" {
			known = append(known, i.tokenID(object.Attributes.Token))
		}
	}
	return slices.DeleteFunc(i.Workspace.Service.Emulator.LiveTokens(), func(token emulator.Token) bool {
		return slices.Contains(known, token.ID)
	})
}

// tokenID returns the ID of the live token with a value; empty if there is none.
func (i *Invariants) tokenID(value string) string {
	t := i.Workspace.T
	t.Helper()
	if value == "" {
		return ""
	}
	token, err := i.Workspace.Service.Client(t).WithToken(mlplatform.Secret(value)).WhoAmI(t.Context())
	switch {
	case mlplatform.IsUnauthorized(err):
		return ""
	case err != nil:
		t.Fatal(err)
	}
	return token.ID
}

// ExpectConvergence applies without faults, after which the plan must be empty and no token an orphan.
func (i *Invariants) ExpectConvergence() {
	w := i.Workspace
	w.T.Helper()
	w.Write("provider.tf", NoRetriesSlow)
	if got, _ := i.Run("apply", "-auto-approve"); got.ExitCode != 0 {
		w.T.Fatalf("applying again fails:\n%s", got.Output())
	}
	w.ExpectEmptyPlan()
	for _, token := range i.Orphans() {
		w.T.Errorf("after applying again, the service has the token %q", token.Name)
	}
}

// ExpectCleanDestroy destroys without faults, after which only somebody else's tokens may be left.
func (i *Invariants) ExpectCleanDestroy() {
	w := i.Workspace
	w.T.Helper()
	w.Write("provider.tf", NoRetriesSlow)
	if got, _ := i.Run("destroy", "-auto-approve"); got.ExitCode != 0 {
		w.T.Fatalf("destroying fails:\n%s", got.Output())
	}
	if objects := w.StateObjects(); len(objects) != 0 {
		w.T.Errorf("after a destroy, the state has %d objects", len(objects))
	}
	for _, token := range i.Orphans() {
		w.T.Errorf("after a destroy, the service has the token %q", token.Name)
	}
}

// FormatRequests formats requests, one on a line.
func FormatRequests(requests []emulator.Request) string {
	var out strings.Builder
	for _, request := range requests {
		fmt.Fprintf(&out, "\t%s %s %s\n", request.Operation, request.TokenName, request.Fault)
	}
	return out.String()
}

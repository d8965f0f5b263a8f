// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// What must hold after every run, whatever went wrong in it, is written here once for the tests of single faults, of
// interrupts and of random schedules.

// impatient is a provider block that repeats nothing and does not wait long: the program's own waits between attempts
// are made for a real service.
const (
	impatient = "provider \"mlplatform\" {\n  max_retries = 0\n  request_timeout = \"2s\"\n}\n"
	// patient is for what must not fail because this machine is slow.
	patient = "provider \"mlplatform\" {\n  max_retries = 0\n}\n"
)

// keptObject is one object of the state file: a deposed one is there beside the one that took its place.
type keptObject struct {
	Status     string
	Deposed    string
	Attributes struct {
		ID              string
		Name            string
		AccessTokenName string `json:"access_token_name"`
		AccessTokenID   string `json:"access_token_id"`
		Token           string
		Status          string
	}
	address string
}

func (o keptObject) isAccessToken() bool {
	return strings.HasPrefix(o.address, "mlplatform_access_token.")
}

// kept reads the objects from the state file, which is quicker than to ask the CLI and shows deposed ones too. No file
// means no objects.
func (w *workspace) kept() []keptObject {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []keptObject
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		w.t.Fatal(err)
	}
	var objects []keptObject
	for _, found := range state.Resources {
		for _, object := range found.Instances {
			object.address = found.Type + "." + found.Name
			objects = append(objects, object)
		}
	}
	return objects
}

// situation is what a run starts from or ends with: the objects of the state, and the tokens of the service.
func (w *workspace) situation() string {
	w.t.Helper()
	text, err := json.Marshal([]any{w.kept(), w.b.emulator.Tokens()})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// errorsOf returns the errors of a command's output, without its warnings.
func errorsOf(shown string) string {
	var found []string
	for i, part := range strings.Split(shown, "Error: ") {
		if i > 0 {
			part, _, _ = strings.Cut(part, "Warning: ")
			found = append(found, part)
		}
	}
	return strings.Join(found, "\n")
}

// promises checks what is promised of every run of a workspace.
type promises struct {
	w *workspace
	// foreign are the ids of tokens that somebody else made: they are never touched.
	foreign []string
	// told is all errors so far.
	told string
	// faults are what the next run meets.
	faults []emulator.Fault
	// dead are values that worked no longer before the run, which a run that cannot look does not know.
	dead []string
	// minted is how many register tokens there were before the run.
	minted int
	// unnamed is how many tokens nobody could name, because the answer to somebody else's redemption was lost.
	unnamed int
}

var askTheAdministrator = says("Ask the administrator to delete the access token of the name that the register token was made for")

// promising starts the checks. What is on the service by now and not in the state counts as somebody else's.
func (w *workspace) promising() *promises {
	w.t.Helper()
	p := &promises{w: w}
	for _, token := range p.orphans() {
		p.foreign = append(p.foreign, token.ID)
	}
	return p
}

// run runs the CLI, under the faults that are set, and checks the promises. It returns the requests too.
func (p *promises) run(args ...string) (outcome, []emulator.Request) {
	p.w.t.Helper()
	p.begin()
	for _, fault := range p.faults {
		p.w.b.emulator.Inject(fault)
	}
	got := p.w.run(append(args, "-no-color")...)
	requests := p.w.b.emulator.Journal()
	p.w.b.emulator.ClearFaults()
	p.faults = nil
	p.check(got)
	if p.w.t.Failed() {
		p.w.t.Logf("%s: exit code %d\n%s\nThe requests were:\n%s", got.command, got.exitCode, got.shown(), asLines(requests))
	}
	return got, requests
}

// asLines writes requests as a text.
func asLines(requests []emulator.Request) string {
	var out strings.Builder
	for _, request := range requests {
		fmt.Fprintf(&out, "\t%s %s %s\n", request.Operation, request.TokenName, request.Fault)
	}
	return out.String()
}

// who returns the id of the live token of a value; empty if there is none.
func (w *workspace) who(value string) string {
	w.t.Helper()
	if value == "" {
		return ""
	}
	token, err := w.b.client(w.t).WithToken(mlplatform.Secret(value)).WhoAmI(w.t.Context())
	switch {
	case mlplatform.IsUnauthorized(err):
		return ""
	case err != nil:
		w.t.Fatal(err)
	}
	return token.ID
}

// known lists the ids of the live tokens that the state knows: by their id, by their value, or as what a register token
// was redeemed for.
func (p *promises) known() []string {
	p.w.t.Helper()
	var ids []string
	for _, object := range p.w.kept() {
		ids = append(ids, object.Attributes.ID, object.Attributes.AccessTokenID)
		if object.isAccessToken() && object.Attributes.ID == "" {
			ids = append(ids, p.w.who(object.Attributes.Token))
		}
	}
	return ids
}

// orphans lists the live tokens that the state does not know and that nobody else made.
func (p *promises) orphans() []emulator.Token {
	p.w.t.Helper()
	ids := append(p.known(), p.foreign...)
	return slices.DeleteFunc(p.w.b.emulator.LiveTokens(), func(token emulator.Token) bool {
		return slices.Contains(ids, token.ID)
	})
}

// begin notes what was so before a run.
func (p *promises) begin() {
	p.w.t.Helper()
	p.minted, p.dead = len(p.w.b.emulator.RegisterTokens()), nil
	for _, object := range p.w.kept() {
		if object.isAccessToken() && p.w.who(object.Attributes.Token) == "" {
			p.dead = append(p.dead, object.Attributes.Token)
		}
	}
	p.w.b.emulator.ResetJournal()
}

// check says what was promised and is not so after a run.
func (p *promises) check(got outcome) {
	p.w.t.Helper()
	t, b := p.w.t, p.w.b
	if leaks := leaksIn(got.shown(), b.emulator.IssuedValues()); len(leaks) > 0 {
		t.Fatalf("%s: the output shows %q", got.command, leaks)
	}
	p.told += errorsOf(got.shown())
	// Who redeems a register token of somebody else's does not learn the name. The administrator does as the error asks.
	unnamed := len(askTheAdministrator.FindAllString(got.shown(), -1))
	for _, token := range p.orphans() {
		switch {
		case says(`an access token named ` + hcl(token.Name) + ` may exist`).MatchString(p.told):
		case unnamed > 0:
			unnamed--
			p.unnamed++
			b.emulator.Revoke(token.Name)
		default:
			t.Errorf("%s: the live token %q is neither in the state nor named by an error", got.command, token.Name)
		}
	}
	for _, id := range p.foreign {
		same := func(token emulator.Token) bool { return token.ID == id }
		if !slices.ContainsFunc(b.emulator.LiveTokens(), same) {
			t.Errorf("%s: the token %s of somebody else is gone", got.command, id)
		}
	}
	var values []string
	for _, object := range p.w.kept() {
		values = append(values, object.Attributes.Token)
		// Where the answer to a deletion is lost, the state stays as it was and an error names the token.
		if object.isAccessToken() && object.Attributes.Status == "active" && !slices.Contains(p.dead, object.Attributes.Token) &&
			p.w.who(object.Attributes.Token) == "" && !strings.Contains(p.told, hcl(object.Attributes.Name)) {
			t.Errorf("%s: %s is active in the state, but its value does not work", got.command, object.address)
		}
	}
	issued := slices.DeleteFunc(b.emulator.IssuedValues(), func(value string) bool {
		return !strings.HasPrefix(value, "emulated-register")
	})
	for i, register := range b.emulator.RegisterTokens() {
		if i >= p.minted && !register.Used && !slices.Contains(values, issued[i]) &&
			!strings.Contains(got.shown(), hcl(register.ClientName)) {
			t.Errorf("%s: a register token for %q is neither in the state nor named", got.command, register.ClientName)
		}
	}
}

// converges applies without trouble, after which there is nothing to do.
func (p *promises) converges() {
	p.w.t.Helper()
	p.w.write("provider.tf", patient)
	if got, _ := p.run("apply", "-auto-approve"); got.exitCode != 0 {
		p.w.t.Fatalf("applying again fails:\n%s", got.shown())
	}
	p.w.planIsEmpty()
	for _, token := range p.orphans() {
		p.w.t.Errorf("after applying again the service holds %q", token.Name)
	}
}

// leavesNothing destroys without trouble: only what somebody else made is left.
func (p *promises) leavesNothing() {
	p.w.t.Helper()
	p.w.write("provider.tf", patient)
	if got, _ := p.run("destroy", "-auto-approve"); got.exitCode != 0 {
		p.w.t.Fatalf("destroying fails:\n%s", got.shown())
	}
	if kept := p.w.kept(); len(kept) != 0 {
		p.w.t.Errorf("after a destroy the state holds %d objects", len(kept))
	}
	for _, token := range p.orphans() {
		p.w.t.Errorf("after a destroy the service holds %q", token.Name)
	}
}

// serving lets the service act on a request, and returns its answer. It may be called from a handler of front alone.
type serving func() *httptest.ResponseRecorder

// front makes a server that stands before the bench's service: it sees each request, numbered from 0, before the
// service does, and each answer before the caller does. What handle returns is the answer; nil ends the connection.
func (b *bench) front(t *testing.T, handle func(n int, r *http.Request, act serving) *httptest.ResponseRecorder) *httptest.Server {
	t.Helper()
	service, err := url.Parse(b.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: service.Scheme, Host: service.Host})
	}}
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		// The service acts on what has reached it, also if the caller goes away meanwhile.
		reached := r.Clone(context.WithoutCancel(r.Context()))
		reached.Body = io.NopCloser(bytes.NewReader(body))
		answer := handle(int(count.Add(1))-1, r, func() *httptest.ResponseRecorder {
			recorder := httptest.NewRecorder()
			proxy.ServeHTTP(recorder, reached)
			return recorder
		})
		if answer == nil {
			panic(http.ErrAbortHandler)
		}
		for name, values := range answer.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(answer.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	return server
}

// through returns a copy of the workspace whose commands reach the service by way of a front.
func (w *workspace) through(server *httptest.Server) *workspace {
	w.t.Helper()
	service, err := url.Parse(w.b.endpoint)
	if err != nil {
		w.t.Fatal(err)
	}
	other := *w
	other.env = maps.Clone(w.env)
	other.env["MLPLATFORM_ENDPOINT"] = server.URL + service.Path
	return &other
}

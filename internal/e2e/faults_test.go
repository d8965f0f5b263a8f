// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// refused stands for an endpoint where nobody listens any more. The emulator cannot play that.
const refused emulator.FaultKind = -1

// repeated is the fault that the provider gets over by itself, because it is allowed one more attempt.
const repeated = "429-repeated"

// singleFaults are what can go wrong with one request. After means that the service acted and the answer is lost.
func singleFaults() map[string]emulator.Fault {
	out := map[string]emulator.Fault{
		"refused":   {Kind: refused},
		"429":       {Kind: emulator.Respond, Status: http.StatusTooManyRequests, RetryAfter: "0"},
		repeated:    {Kind: emulator.Respond, Status: http.StatusTooManyRequests, RetryAfter: "0"},
		"truncated": {Kind: emulator.Truncate},
	}
	for name, fault := range map[string]emulator.Fault{
		"dropped":    {Kind: emulator.Drop},
		"timeout":    {Kind: emulator.Hang},
		"500":        {Kind: emulator.Respond, Status: http.StatusInternalServerError},
		"502-html":   {Kind: emulator.Respond, Status: http.StatusBadGateway, Body: "<html>Bad Gateway</html>"},
		"wrong-json": {Kind: emulator.BadJSON},
	} {
		out[name+"-before"] = fault
		fault.After = true
		out[name+"-after"] = fault
	}
	return out
}

// deed is something that a user does with resources of a kind.
type scenario struct {
	// before writes the attributes of a resource that is there first; nil for none.
	before func(name string) string
	// after writes the attributes that it has while the command runs.
	after func(name string) string
	// kind is the type of the resource.
	kind    string
	command string
	// redeems tells that the tokens come from register tokens of somebody else's, and the provider has no token.
	redeems bool
}

// deeds are all that is done with the two resources.
func scenarios() map[string]scenario {
	const create, read, remove = "apply", "apply -refresh-only", "destroy"
	const access, register = "mlplatform_access_token", "mlplatform_register_token"
	named := func(more ...string) func(string) string {
		return func(name string) string { return lines(append([]string{"name = " + acctest.Quote(name)}, more...)...) }
	}
	createFirst := func(more ...string) func(string) string {
		return func(name string) string {
			return lines(append([]string{"name_prefix = " + acctest.Quote(name), "lifecycle {", "create_before_destroy = true", "}"}, more...)...)
		}
	}
	promised := func(more ...string) func(string) string {
		return func(name string) string {
			return lines(append([]string{"access_token_name = " + acctest.Quote(name), `ttl = "1h"`}, more...)...)
		}
	}
	redeemed := func(name string) string {
		return "register_token_wo = var.register_tokens[" + acctest.Quote(name) + "]"
	}
	return map[string]scenario{
		"access token/create":                {kind: access, after: named(), command: create},
		"access token/read":                  {kind: access, before: named(), after: named(), command: read},
		"access token/delete":                {kind: access, before: named(), after: named(), command: remove},
		"access token/replace":               {kind: access, before: named(), after: named(`ttl = "1h"`), command: create},
		"access token/replace, create first": {kind: access, before: createFirst(), after: createFirst(`ttl = "1h"`), command: create},
		"register token/create":              {kind: register, after: promised(), command: create},
		"register token/read":                {kind: register, before: promised(), after: promised(), command: read},
		"register token/delete":              {kind: register, before: promised(), after: promised(), command: remove},
		"register token/replace":             {kind: register, before: promised(), after: promised(`role = "ADMIN"`), command: create},
		"redemption/create":                  {kind: access, after: redeemed, command: create, redeems: true},
		"redemption/read":                    {kind: access, before: redeemed, after: redeemed, command: read, redeems: true},
	}
}

// stage is a service and a workspace in which a deed is done.
type stage struct {
	scenario
	w *acctest.Workspace
	// names are the names of the resources.
	names []string
	// ready tells that everything is as it is before the deed.
	ready bool
}

func newStage(t *testing.T, d scenario, names ...string) *stage {
	t.Helper()
	if d.redeems {
		acctest.Needs(t, acctest.WriteOnlyArguments)
	}
	return &stage{scenario: d, w: acctest.NewWorkspace(t, acctest.NewService(t)), names: names}
}

// prepare brings about what the deed starts from, and returns the checks of what follows.
func (s *stage) prepare(settings string) *acctest.Invariants {
	s.w.T.Helper()
	s.w.Write("provider.tf", settings)
	inv := acctest.NewInvariants(s.w)
	if !s.ready && s.before != nil {
		s.configure(s.before)
		s.w.Apply()
	}
	s.ready = true
	s.configure(s.after)
	if s.redeems {
		s.w.Env["MLPLATFORM_TOKEN"] = ""
	}
	return inv
}

// configure writes the configuration, with a fresh register token for each redemption.
func (s *stage) configure(attributes func(string) string) {
	s.w.T.Helper()
	s.w.Env["MLPLATFORM_TOKEN"] = s.w.Service.Token
	var text strings.Builder
	tokens := map[string]string{}
	for _, name := range s.names {
		fmt.Fprintf(&text, "resource %q \"in-%s\" {\n%s\n}\n", s.kind, name, attributes(name))
		if !s.redeems {
			continue
		}
		// Somebody else, who is an administrator, made it.
		token, err := s.w.Service.Client(s.w.T).CreateRegisterToken(s.w.T.Context(), mlplatform.RegisterTokenRequest{
			AccessTokenName: name, Role: mlplatform.RoleUser, Lifetime: time.Hour,
		})
		if err != nil {
			s.w.T.Fatal(err)
		}
		tokens[name] = token.Value.Reveal()
	}
	if s.redeems {
		text.WriteString("variable \"register_tokens\" {\n  type = map(string)\n  ephemeral = true\n}\n")
		values, err := json.Marshal(tokens)
		if err != nil {
			s.w.T.Fatal(err)
		}
		s.w.Env["TF_VAR_register_tokens"] = string(values)
	}
	s.w.Write("main.tf", text.String())
}

// again applies without trouble, after which there is nothing to do. What that leads to is what the next deed starts
// from, with the two configurations in the other order; where a deed starts from nothing, it is destroyed.
func (s *stage) again(inv *acctest.Invariants) {
	s.w.T.Helper()
	s.configure(s.after)
	inv.ExpectConvergence()
	for _, object := range s.w.StateObjects() {
		if object.Status != "" || object.Deposed != "" {
			s.w.T.Errorf("%s is %s, deposed %q", object.Address, object.Status, object.Deposed)
		}
	}
	if s.ready = s.before != nil; !s.ready {
		inv.ExpectCleanDestroy()
		return
	}
	s.before, s.after = s.after, s.before
}

func (s *stage) arguments() []string { return append(strings.Fields(s.command), "-auto-approve") }

// eachDeed does every deed once without trouble, and hands on the requests that it takes.
func eachScenario(t *testing.T, handle func(t *testing.T, d scenario, requests []emulator.Request)) {
	t.Helper()
	for name, d := range acctest.Sample(1, scenarios()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, d, "etl")
			inv := s.prepare(acctest.NoRetriesSlow)
			got, requests := inv.Run(s.arguments()...)
			if got.ExitCode != 0 || len(requests) == 0 {
				t.Fatalf("without trouble: exit code %d, %d requests\n%s", got.ExitCode, len(requests), got.Output())
			}
			s.again(inv)
			inv.ExpectCleanDestroy()
			handle(t, d, requests)
		})
	}
}

// inTurn does a deed again and again, with another trouble each time, and destroys in the end. What fails does not spoil
// the stage for those that follow.
func inTurn(t *testing.T, d scenario, troubles []string, do func(s *stage, trouble string)) {
	t.Helper()
	s := newStage(t, d, "etl")
	for _, trouble := range troubles {
		well := t.Run(trouble, func(t *testing.T) {
			s.w.T = t
			do(s, trouble)
		})
		if s.w.T = t; !well {
			s = newStage(t, d, "etl")
		}
	}
	inv := s.prepare(acctest.NoRetriesSlow)
	// To delete a token takes an administrator.
	s.configure(s.after)
	inv.ExpectCleanDestroy()
}

// Whatever goes wrong with any one request of what a user does, no token is lost, and doing it again converges.
func TestFaultInEachRequest(t *testing.T) {
	t.Parallel()
	eachScenario(t, func(t *testing.T, d scenario, requests []emulator.Request) {
		t.Helper()
		nth := map[string]int{}
		for n, request := range requests {
			own := isOwn(request)
			before := nth[request.Operation]
			if own {
				nth[request.Operation]++
			}
			if testing.Short() && request.Operation != emulator.OpRedeemRegisterToken {
				continue
			}
			title := fmt.Sprintf("%d %s", n, request.Operation)
			t.Run(title, func(t *testing.T) {
				t.Parallel()
				everyFault(t, d, n, own)
			})
			if own {
				t.Run(title+" of many", func(t *testing.T) {
					t.Parallel()
					everyFaultAtOnce(t, d, request.Operation, before)
				})
			}
		}
	})
}

// isOwn tells whether a request is about one resource, and shows about which. The list and the look at the provider's
// own token are shared.
func isOwn(request emulator.Request) bool {
	return request.IsWrite() || request.Operation == emulator.OpWhoAmI && request.Role != string(emulator.ADMIN)
}

// atOnce tells whether many resources can meet a fault in one run, each another: it must be of one request, and need no
// other settings of the provider.
func atOnce(name string, fault emulator.Fault) bool { return fault.Kind != refused && name != repeated }

// everyFault does a deed again and again, with another fault in the request of this number each time.
func everyFault(t *testing.T, d scenario, n int, own bool) {
	t.Helper()
	all := singleFaults()
	if own {
		maps.DeleteFunc(all, atOnce)
	}
	inTurn(t, d, slices.Sorted(maps.Keys(all)), func(s *stage, name string) { s.meet(name, all[name], n) })
}

// meet does the deed once, with the fault in the request of this number.
func (s *stage) meet(name string, fault emulator.Fault, n int) {
	t, svc := s.w.T, s.w.Service
	t.Helper()
	settings := acctest.NoRetries
	if name == repeated {
		settings = strings.Replace(acctest.NoRetries, "max_retries = 0", "max_retries = 1", 1)
	}
	inv := s.prepare(settings)
	start := s.w.Snapshot()
	if fault.Kind == refused {
		inv.Workspace = s.w.Through(svc.CloseAfter(t, n))
	} else {
		fault.Skip = n
		inv.Faults = []emulator.Fault{fault}
	}
	_, requests := inv.Run(s.arguments()...)
	inv.Workspace = s.w
	if fault.Kind != refused && (len(requests) <= n || requests[n].Fault == "") {
		t.Errorf("no request met the fault:\n%s", acctest.FormatRequests(requests))
	}
	// If it is as if nothing had been done, then what follows was seen without a fault.
	if s.w.Snapshot() != start {
		s.again(inv)
	}
}

// everyFaultAtOnce does a deed with many resources, each of which meets another fault in its request of this operation;
// before is how many such requests of its own pass first.
func everyFaultAtOnce(t *testing.T, d scenario, operation string, before int) {
	t.Helper()
	if operation == emulator.OpWhoAmI {
		acctest.SkipBug(t, acctest.BugLostState)
	}
	all := singleFaults()
	maps.DeleteFunc(all, func(name string, fault emulator.Fault) bool { return !atOnce(name, fault) })
	s := newStage(t, d, slices.Sorted(maps.Keys(all))...)
	inv := s.prepare(acctest.NoRetries)
	for name, fault := range all {
		fault.Operation, fault.NamePrefix, fault.Skip = operation, name, before
		inv.Faults = append(inv.Faults, fault)
	}
	_, requests := inv.Run(s.arguments()...)
	lost := 0
	for name, fault := range all {
		if !slices.ContainsFunc(requests, func(r emulator.Request) bool { return r.Fault != "" && strings.HasPrefix(r.TokenName, name) }) {
			t.Errorf("no request met %q:\n%s", name, acctest.FormatRequests(requests))
		}
		if d.redeems && operation == emulator.OpRedeemRegisterToken && (fault.After || fault.Kind == emulator.Truncate) {
			lost++
		}
	}
	if inv.Unnamed != lost {
		t.Errorf("%d tokens could not be named by the errors instead of %d", inv.Unnamed, lost)
	}
	s.again(inv)
	inv.ExpectCleanDestroy()
}

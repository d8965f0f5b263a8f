// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// faults are what can go wrong with a request: before the service acts, or after it has acted, so that only the response
// is lost.
var faults = func() map[string]emulator.Fault {
	all := map[string]emulator.Fault{
		"dropped":    {Kind: emulator.Drop},
		"timeout":    {Kind: emulator.Hang},
		"502-html":   {Kind: emulator.Respond, Status: http.StatusBadGateway, Body: "<html>Bad Gateway</html>"},
		"wrong-json": {Kind: emulator.BadJSON},
	}
	for _, status := range []int{400, 401, 403, 404, 409, 429, 500, 501, 502, 503, 504} {
		all[fmt.Sprint(status)] = emulator.Fault{Kind: emulator.Respond, Status: status, RetryAfter: "0"}
	}
	for name, fault := range maps.Clone(all) {
		delete(all, name)
		all[name+"-before"] = fault
		fault.After = true
		all[name+"-after"] = fault
	}
	all["truncated"] = emulator.Fault{Kind: emulator.Truncate}
	return all
}()

// Whatever goes wrong with one request of a command, no token is lost, and running the command again converges.
func TestFaultInEachRequest(t *testing.T) {
	t.Parallel()
	for name, s := range acctest.Sample(1, scenarios) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]int{} // requests of one resource so far, by operation
			for n, request := range requestsOf(t, s) {
				nth := seen[request.Operation]
				if concernsOneResource(request) {
					seen[request.Operation]++
				}
				if testing.Short() && request.Operation != emulator.OpRedeemRegisterToken {
					continue
				}
				t.Run(fmt.Sprintf("%d %s", n, request.Operation), func(t *testing.T) {
					t.Parallel()
					testFaultsInTurn(t, s, n, request)
				})
				if concernsOneResource(request) {
					t.Run(fmt.Sprintf("%d %s of many", n, request.Operation), func(t *testing.T) {
						t.Parallel()
						testFaultsOfMany(t, s, request.Operation, nth)
					})
				}
			}
		})
	}
}

// concernsOneResource reports whether a request is made for one resource. Lists, and the description of the provider's
// own token, are shared by all.
func concernsOneResource(request emulator.Request) bool {
	return request.IsWrite() || request.Operation == emulator.OpWhoAmI && request.Role != string(emulator.ADMIN)
}

// testFaultsInTurn runs the command once for each fault in its request number n, except those that testFaultsOfMany has.
func testFaultsInTurn(t *testing.T, s scenario, n int, request emulator.Request) {
	t.Helper()
	f := newFixture(t, s, "etl")
	inTurn := func(name string, test func()) {
		t.Helper()
		ok := t.Run(name, func(t *testing.T) {
			f.T = t
			f.prepare()
			start := f.Snapshot()
			test()
			// With nothing changed, the next fault shows whether the command converges.
			if f.Snapshot() != start {
				f.converge()
			}
		})
		if f.T = t; !ok {
			t.Fatal("the workspace may be broken, so the other faults are not tested")
		}
	}
	inTurn("refused", func() {
		f.Write("provider.tf", acctest.NoRetries)
		f.invariants.Workspace = f.Through(f.Service.CloseAfter(f.T, n))
		f.invariants.Run(strings.Fields(f.command)...)
		f.invariants.Workspace = f.Workspace
		f.forgetUnidentified()
	})
	inTurn("429-repeated", func() {
		got, requests := f.run(strings.Replace(acctest.NoRetries, "max_retries     = 0", "max_retries = 1", 1),
			emulator.Fault{Skip: n, Kind: emulator.Respond, Status: http.StatusTooManyRequests, RetryAfter: "0"})
		expectFault(f.T, requests, n)
		if got.ExitCode != 0 {
			f.T.Errorf("a request that was refused once is not repeated:\n%s", got.Output())
		}
	})
	if !concernsOneResource(request) {
		for _, name := range slices.Sorted(maps.Keys(faults)) {
			fault := faults[name]
			if fault.After {
				continue // these requests change nothing, so it is the same whether the service has acted
			}
			inTurn(name, func() {
				fault.Skip = n
				_, requests := f.run(acctest.NoRetries, fault)
				expectFault(f.T, requests, n)
			})
		}
	}
	f.prepare()
	f.converge()
}

// expectFault fails the test unless the request number n had a fault.
func expectFault(t *testing.T, requests []emulator.Request, n int) {
	t.Helper()
	if len(requests) <= n || requests[n].Fault == "" {
		t.Errorf("request %d had no fault:\n%s", n, acctest.FormatRequests(requests))
	}
}

// testFaultsOfMany runs the command once, for one resource with each fault. Each fault is in the resource's request
// number nth of an operation, counted from 0.
func testFaultsOfMany(t *testing.T, s scenario, operation string, nth int) {
	t.Helper()
	if operation == emulator.OpWhoAmI {
		acctest.SkipBug(t, acctest.BugLostState)
	}
	tested := maps.Clone(faults)
	if operation == emulator.OpDeleteAccessToken {
		// These responses say that the token is gone, and the provider believes the service.
		delete(tested, "404-before")
		delete(tested, "wrong-json-before")
	}
	// Each resource is named for its fault.
	f := newFixture(t, s, slices.Sorted(maps.Keys(tested))...)
	f.prepare()
	var injected []emulator.Fault
	for name, fault := range tested {
		fault.Operation, fault.NamePrefix, fault.Skip = operation, name, nth
		injected = append(injected, fault)
	}
	_, requests := f.run(acctest.NoRetries, injected...)
	lost := 0
	for name, fault := range tested {
		hit := func(r emulator.Request) bool { return r.Fault != "" && strings.HasPrefix(r.TokenName, name) }
		if !slices.ContainsFunc(requests, hit) {
			t.Errorf("no request had the fault %q:\n%s", name, acctest.FormatRequests(requests))
		}
		if s.redeems && operation == emulator.OpRedeemRegisterToken && (fault.After || fault.Kind == emulator.Truncate) {
			lost++
		}
	}
	if f.invariants.Unnamed != lost {
		t.Errorf("%d tokens were lost without a name instead of %d", f.invariants.Unnamed, lost)
	}
	f.deleteRefused(operation)
	f.converge()
}

// deleteRefused deletes the tokens of redemptions that the service refused although it had acted: the provider cannot know
// that, so its errors name them and leave the deletion to the user. It deletes no others, which the provider must clean up.
func (f *fixture) deleteRefused(operation string) {
	f.T.Helper()
	for _, token := range f.invariants.Orphans() {
		for _, refusal := range []string{"400-after", "401-after", "403-after", "404-after", "409-after"} {
			if operation == emulator.OpRedeemRegisterToken && strings.HasPrefix(token.Name, refusal) {
				f.Service.Emulator.Revoke(token.Name)
			}
		}
	}
}

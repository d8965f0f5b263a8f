// SPDX-License-Identifier: MPL-2.0

//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"
)

// Ctrl-C during any request of a command: Terraform exits by itself, no token is lost, and running the command again
// converges.
func TestInterruptInEachRequest(t *testing.T) {
	t.Parallel()
	for name, s := range acctest.Sample(1, scenarios) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, request := range requestsOf(t, s) {
				if testing.Short() && request.Operation != emulator.OpRedeemRegisterToken {
					continue
				}
				t.Run(fmt.Sprintf("%d %s", n, request.Operation), func(t *testing.T) {
					t.Parallel()
					testInterrupts(t, s, n)
				})
			}
		})
	}
}

// testInterrupts runs the command once for each moment of its request number n.
func testInterrupts(t *testing.T, s scenario, n int) {
	t.Helper()
	f := newFixture(t, s, "etl")
	for _, name := range slices.Sorted(maps.Keys(moments)) {
		ok := t.Run(name, func(t *testing.T) {
			f.T = t
			f.prepare()
			start := f.Snapshot()
			f.invariants.Begin()
			got, reached := interruptAt(f.Workspace, n, moments[name], strings.Fields(f.command)...)
			expectInterrupt(t, got, reached, name)
			requests := f.Service.Emulator.Journal()
			f.invariants.Check(got)
			if f.invariants.Unnamed != 0 {
				t.Error("the provider did not wait for the response to a redemption, so the token is lost")
			}
			if t.Failed() {
				t.Logf("exit code %d\n%s\nThe requests were:\n%s", got.ExitCode, got.Stdout, acctest.FormatRequests(requests))
			}
			if f.Snapshot() != start {
				f.converge()
			}
		})
		if f.T = t; !ok {
			t.Fatal("the workspace may be broken, so the other moments are not tested")
		}
	}
	f.prepare()
	f.converge()
}

// Ctrl-C while an ephemeral access token is created, used or deleted: the token is gone when the provider has exited.
func TestInterruptOfAnEphemeralToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	const config = `
provider "mlplatform" {
  max_retries = 0
}

ephemeral "mlplatform_access_token" "test" {
  ttl = "1h"
}

provider "mlplatform" {
  alias = "run"
  token = ephemeral.mlplatform_access_token.test.token
}

data "mlplatform_current_token" "me" {
  provider = mlplatform.run
}

resource "terraform_data" "me" {
  input = data.mlplatform_current_token.me.role
}
`
	svc := acctest.NewService(t)
	w := acctest.NewWorkspace(t, svc)
	w.Write("main.tf", config)
	w.Apply()
	for n, request := range svc.Emulator.Journal() {
		for name, moment := range acctest.Sample(1, moments) {
			t.Run(fmt.Sprintf("%d %s %s", n, request.Operation, name), func(t *testing.T) {
				t.Parallel()
				svc := acctest.NewService(t)
				w := acctest.NewWorkspace(t, svc)
				w.Write("main.tf", config)
				got, reached := interruptAt(w, n, moment, "apply", "-auto-approve")
				expectInterrupt(t, got, reached, name)
				for _, name := range svc.LiveTokenNames(t) {
					if !acctest.OutputMatches("access token " + acctest.Quote(name)).MatchString(acctest.Errors(got.Stdout)) {
						t.Errorf("the token %q is left behind, and no error names it", name)
					}
				}
				svc.ExpectNoLeak(t, "the output", got.Output())
				if t.Failed() {
					t.Logf("exit code %d\nThe requests were:\n%s", got.ExitCode, acctest.FormatRequests(svc.Emulator.Journal()))
				}
			})
		}
	}
}

// A moment interrupts a command at some point of a request, and returns the response.
type moment func(*interruptible, *http.Request, acctest.Forward) *httptest.ResponseRecorder

// withResponse is the moment at which the CLI may have finished before it notices.
const withResponse = "with the answer"

var moments = map[string]moment{
	"before it acts": func(c *interruptible, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		c.interrupt()
		c.wait(r)
		if r.Context().Err() != nil {
			return nil // the provider gave up before the service got the request
		}
		return forward()
	},
	"as it acts": func(c *interruptible, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		c.interrupt()
		c.wait(r)
		return forward() // the service had the request already, so it acts in any case
	},
	"before the answer": func(c *interruptible, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		response := forward()
		c.interrupt()
		c.wait(r)
		return response
	},
	withResponse: func(c *interruptible, _ *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		response := forward()
		c.interrupt()
		return response
	},
}

// expectInterrupt fails the test unless the command was interrupted.
func expectInterrupt(t *testing.T, got acctest.Result, reached bool, moment string) {
	t.Helper()
	if !reached || moment != withResponse && !strings.Contains(got.Stdout, "Interrupt received.") {
		t.Errorf("the command was not interrupted:\n%s", got.Stdout)
	}
}

// interruptAt runs the CLI and interrupts it at a moment of request number n. It reports whether that request was made.
func interruptAt(w *acctest.Workspace, n int, at moment, args ...string) (acctest.Result, bool) {
	w.T.Helper()
	var c *interruptible
	var reached atomic.Bool
	started := make(chan struct{}) // closed when c can be interrupted
	server := w.Service.Intercept(w.T, func(number int, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		if number != n {
			return forward()
		}
		<-started
		reached.Store(true)
		return at(c, r, forward)
	})
	// The limit is for a command that does not exit when interrupted.
	ctx, cancel := context.WithTimeout(w.T.Context(), 2*time.Minute)
	defer cancel()
	c = &interruptible{cmd: w.Through(server).CLI.Command(ctx, w.Dir, append(args, "-no-color")...), noticed: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = c, c
	if err := c.cmd.Start(); err != nil {
		w.T.Fatal(err)
	}
	close(started)
	err := c.cmd.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) || !c.cmd.ProcessState.Exited() {
		w.T.Fatalf("the CLI did not exit by itself: %v\n%s", err, c.output())
	}
	server.Close() // and the requests that are still in flight
	return acctest.Result{Result: tfcli.Result{Args: args, ExitCode: c.cmd.ProcessState.ExitCode(), Stdout: c.output()}}, reached.Load()
}

// interruptible is a command that can be interrupted as by Ctrl-C in a terminal.
type interruptible struct {
	cmd *exec.Cmd
	// noticed is closed when the CLI has printed that it was interrupted.
	noticed chan struct{}

	mu     sync.Mutex
	stdout bytes.Buffer
	closed bool // noticed is
}

// Write collects the CLI's output.
func (c *interruptible) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stdout.Write(text)
	if !c.closed && bytes.Contains(c.stdout.Bytes(), []byte("Interrupt received.")) {
		c.closed = true
		close(c.noticed)
	}
	return len(text), nil
}

// output returns the output so far.
func (c *interruptible) output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stdout.String()
}

// interrupt does what Ctrl-C does: the signal goes to all processes in the foreground, the provider included.
func (c *interruptible) interrupt() { _ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGINT) }

// wait waits until the provider has cancelled the request. Some are not cancelled: a redemption, whose response has a
// value; a list, which several callers share; and any request of a plan, because the CLI does not tell the provider to
// stop before the plan is finished. For those it is enough that the CLI has noticed.
func (c *interruptible) wait(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-c.noticed:
		select {
		case <-r.Context().Done():
		case <-time.After(200 * time.Millisecond):
		}
	case <-time.After(time.Minute):
	}
}

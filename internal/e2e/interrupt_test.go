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
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/tfcli"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// running is a command that can be interrupted as by Ctrl-C in a terminal.
type running struct {
	cmd *exec.Cmd
	// stopping is closed when the CLI has said that it was interrupted.
	stopping chan struct{}

	mu     sync.Mutex
	stdout bytes.Buffer
	said   bool
}

// Write takes the CLI's output.
func (c *running) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stdout.Write(text)
	if !c.said && bytes.Contains(c.stdout.Bytes(), []byte("Interrupt received.")) {
		c.said = true
		close(c.stopping)
	}
	return len(text), nil
}

// output is what the command has said so far.
func (c *running) output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stdout.String()
}

// interrupt does what Ctrl-C does: everything that the terminal has in its foreground gets the signal, the provider too.
func (c *running) interrupt() { _ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGINT) }

// settled waits until the interrupt has reached the provider, as far as that shows: the request is given up. That does
// not happen to a redemption, whose answer is worth waiting for, nor to a list, which is for several callers, nor to any
// request of a plan, because an apply does not tell the provider to stop before it is through with its plan. Then it is
// enough that the CLI has noticed.
func (c *running) settled(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-c.stopping:
		select {
		case <-r.Context().Done():
		case <-time.After(200 * time.Millisecond):
		}
	case <-time.After(time.Minute):
	}
}

// begin starts the CLI without waiting for its end.
func begin(w *acctest.Workspace, args ...string) *running {
	w.T.Helper()
	// No terminal would end it; this is for a command that does not end by itself.
	ctx, cancel := context.WithTimeout(w.T.Context(), 2*time.Minute)
	w.T.Cleanup(cancel)
	c := &running{cmd: w.CLI.Command(ctx, w.Dir, args...), stopping: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = c, c
	return c
}

// withTheAnswer is a moment at which the CLI may be through before it notices.
const withTheAnswer = "with the answer"

// moments are when, of a request, the interrupt comes.
var moments = map[string]func(*running, *http.Request, acctest.Forward) *httptest.ResponseRecorder{
	"before it acts": func(c *running, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		c.interrupt()
		c.settled(r)
		if r.Context().Err() != nil {
			return nil // the caller went away before the service was reached
		}
		return forward()
	},
	"as it acts": func(c *running, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		c.interrupt()
		c.settled(r)
		return forward() // the request had left already, so that the service acts whoever waits for the answer
	},
	"before the answer": func(c *running, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		answer := forward()
		c.interrupt()
		c.settled(r)
		return answer
	},
	withTheAnswer: func(c *running, _ *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		answer := forward()
		c.interrupt()
		return answer
	},
}

// Ctrl-C at whatever moment of what a user does: Terraform ends by itself, no token is lost, and doing it again
// converges.
func TestInterruptInEachRequest(t *testing.T) {
	t.Parallel()
	eachScenario(t, func(t *testing.T, d scenario, requests []emulator.Request) {
		t.Helper()
		for n, request := range requests {
			if testing.Short() && request.Operation != emulator.OpRedeemRegisterToken {
				continue
			}
			t.Run(fmt.Sprintf("%d %s", n, request.Operation), func(t *testing.T) {
				t.Parallel()
				inTurn(t, d, slices.Sorted(maps.Keys(moments)), func(s *stage, moment string) {
					s.interrupted(n, moments[moment], moment == withTheAnswer)
				})
			})
		}
	})
}

// interruptedAt runs the CLI and interrupts it at the request of this number. It returns with what came of it whether the
// request came at all.
func interruptedAt(w *acctest.Workspace, n int, moment func(*running, *http.Request, acctest.Forward) *httptest.ResponseRecorder, args ...string) (acctest.Result, bool) {
	w.T.Helper()
	var c *running
	var hit atomic.Bool
	begun := make(chan struct{}) // closed when c can be interrupted
	server := w.Service.Intercept(w.T, func(number int, r *http.Request, forward acctest.Forward) *httptest.ResponseRecorder {
		if number != n {
			return forward()
		}
		<-begun
		hit.Store(true)
		return moment(c, r, forward)
	})
	c = begin(w.Through(server), append(args, "-no-color")...)
	if err := c.cmd.Start(); err != nil {
		w.T.Fatal(err)
	}
	close(begun)
	err := c.cmd.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) || !c.cmd.ProcessState.Exited() {
		w.T.Fatalf("the CLI did not end by itself: %v\n%s", err, c.output())
	}
	server.Close() // and with it what is still under way
	return acctest.Result{Result: tfcli.Result{Args: args, ExitCode: c.cmd.ProcessState.ExitCode(), Stdout: c.output()}}, hit.Load()
}

// interrupted does the deed, interrupted at the request of this number, and does it again. Late tells that the command
// may be through before it notices.
func (s *stage) interrupted(n int, moment func(*running, *http.Request, acctest.Forward) *httptest.ResponseRecorder, late bool) {
	t, svc := s.w.T, s.w.Service
	t.Helper()
	inv := s.prepare(acctest.NoRetriesSlow)
	start := s.w.Snapshot()
	inv.Begin()
	got, hit := interruptedAt(s.w, n, moment, s.arguments()...)
	if !hit || !late && !acctest.OutputMatches("Interrupt received.").MatchString(got.Stdout) {
		t.Errorf("there was no interrupt:\n%s", got.Stdout)
	}
	requests := svc.Emulator.Journal()
	inv.Check(got)
	if inv.Unnamed != 0 {
		t.Error("the answer to a redemption was not waited for, so that its token is lost")
	}
	if t.Failed() {
		t.Logf("exit code %d\n%s\nThe requests were:\n%s", got.ExitCode, got.Stdout, acctest.FormatRequests(requests))
	}
	if s.w.Snapshot() != start {
		s.again(inv)
	}
}

// Ctrl-C while an ephemeral access token is made, is used or is deleted: it is gone when the provider has ended.
func TestInterruptOfAnEphemeralToken(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.EphemeralResources)
	config := acctest.NoRetriesSlow + ephemeralBlock("access_token", `ttl = "1h"`) + runProvider + `
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
				got, hit := interruptedAt(w, n, moment, "apply", "-auto-approve")
				if !hit || name != withTheAnswer && !acctest.OutputMatches("Interrupt received.").MatchString(got.Stdout) {
					t.Errorf("there was no interrupt:\n%s", got.Stdout)
				}
				for _, name := range svc.LiveTokenNames(t) {
					if !acctest.OutputMatches("access token " + acctest.Quote(name)).MatchString(acctest.Errors(got.Stdout)) {
						t.Errorf("the token %q is left behind, of which the user is not told", name)
					}
				}
				svc.ExpectNoLeak(t, "the output", got.Output())
				if t.Failed() {
					t.Logf("exit code %d\n%s\nThe requests were:\n%s", got.ExitCode, got.Stdout, acctest.FormatRequests(svc.Emulator.Journal()))
				}
			})
		}
	}
}

// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// console records output; ready is closed on the first write.
type console struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text.Len() == 0 {
		close(c.ready)
	}
	return c.text.Write(b)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

func newConsole() *console {
	return &console{ready: make(chan struct{})}
}

// background runs the program; the returned function stops it as a signal does and returns its standard error.
func background(t *testing.T, args ...string) (stdout *console, end func() (stderr string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	stdout, stderr := newConsole(), newConsole()
	done := make(chan error, 1)
	go func() { done <- run(ctx, args, stdout, stderr) }()
	select {
	case <-stdout.ready:
	case err := <-done:
		t.Fatalf("run ended: %v", err)
	}
	return stdout, func() string {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		return stderr.String()
	}
}

var exports = regexp.MustCompile(
	`^export MLPLATFORM_ENDPOINT='(http://127\.0\.0\.1:[0-9]+/infra/mlplatform)'\nexport MLPLATFORM_TOKEN='([^']+)'\n$`)

func get(t *testing.T, endpoint, token string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/v1_0/auth/whoami?token_name="+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"quiet": nil, "verbose": {"-v", "-listen", "127.0.0.1:0", "-dialect", "exp-unix,no-date"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, end := background(t, args...)
			found := exports.FindStringSubmatch(stdout.String())
			if found == nil {
				t.Fatalf("unexpected standard output: %q", strings.Split(stdout.String(), "=")[0])
			}
			endpoint, token := found[1], found[2]
			if status, err := get(t, endpoint, token); status != http.StatusOK || err != nil {
				t.Errorf("got status %d, error %v", status, err)
			}
			stderr := end()
			if _, err := get(t, endpoint, token); err == nil {
				t.Error("got a response after the end")
			}
			if !strings.Contains(stderr, "Ctrl-C") || strings.Contains(stderr, token) {
				t.Errorf("standard error lacks the hint or contains the token (%d bytes)", len(stderr))
			}
			line := "GET /infra/mlplatform/v1_0/auth/whoami 200\n"
			if got := strings.Contains(stderr, line); got != (name == "verbose") {
				t.Errorf("request logged: %t", got)
			}
		})
	}
}

func TestInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"flag": {"-port", "1"}, "argument": {"serve"}, "address": {"-listen", "0.0.0.0:0"},
		"dialect": {"-dialect", "exp-week"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout bytes.Buffer
			if err := run(t.Context(), args, &stdout, io.Discard); err == nil || stdout.Len() > 0 {
				t.Errorf("got error %v and %d bytes on standard output", err, stdout.Len())
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, io.Discard, &stderr); err != nil || !strings.Contains(stderr.String(), "-listen") {
		t.Errorf("got error %v and %q", err, stderr.String())
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("sh not found")
	}
	for name, text := range map[string]string{"plain": "a", "quote": "it's", "expansion": "$HOME `id` $(id) \\", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := exec.CommandContext(t.Context(), shell, "-c", "printf %s "+quote(text)).Output()
			if err != nil || string(got) != text {
				t.Errorf("got %q, error %v, want %q", got, err, text)
			}
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// call is a published call of the library, and the operation that the contract has for it.
type call struct{ name, operation string }

// calls are in the order in which they are made: the token that the first two create is deleted by the last.
var calls = []call{
	{"create_register_token", emulator.OpCreateRegisterToken},
	{"create_refresh_token", emulator.OpRedeemRegisterToken},
	{"get_project_tokens_info", emulator.OpListAccessTokens},
	{"who_am_i", emulator.OpWhoAmI},
	{"delete_token", emulator.OpDeleteAccessToken},
}

//go:embed calls.py
var callsScript string

// outcome is how a call ended. Only its exported fields come from the library's process.
type outcome struct {
	Exception string   // class; empty if the call returned
	Keys      []string // keys that the exception names
	Value     string   // what the call returned, if that is a string; never printed
}

// String describes the outcome.
func (r outcome) String() string {
	if r.Exception == "" {
		return "returns"
	}
	text := "raises " + maskKey(r.Exception)
	for _, key := range r.Keys {
		text += " " + maskKey(key)
	}
	return text
}

// runLibrary installs the library into a new virtual environment and makes each call in a process of its own. It
// returns a description of the library.
func (o *observer) runLibrary(ctx context.Context, python, archive string) (string, error) {
	sum, err := checksum(archive)
	if err != nil {
		return "", err
	}
	if _, err := exec.LookPath(python); err != nil {
		return "", fmt.Errorf("running the library requires Python: %w", err)
	}
	venv := filepath.Join(o.dir, "venv")
	if err := install(ctx, python, "-m", "venv", venv); err != nil {
		return "", err
	}
	python = filepath.Join(venv, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(venv, "Scripts", "python.exe")
	}
	if err := install(ctx, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", archive); err != nil {
		return "", err
	}
	script := filepath.Join(o.dir, "calls.py")
	if err := os.WriteFile(script, []byte(callsScript), 0o600); err != nil {
		return "", err
	}
	name := "observe contract " + rand.Text()[:6]                                // not the form of a path segment
	register, err := o.service.SeedRegisterToken(emulator.SeedToken{Name: name}) // for a creation that fails
	if err != nil {
		return "", err
	}
	o.know(name, "the name of the token")
	o.know(register, "the register token")
	for _, call := range calls {
		o.begin(call.name)
		result, err := o.runCall(ctx, python, script, call.name,
			"OBSERVE_TOKEN="+o.token, "OBSERVE_REGISTER_TOKEN="+register, "OBSERVE_NAME="+name)
		if err != nil {
			return "", err
		}
		o.outcomes[call.name] = result
		if call.name == "create_register_token" && result.Value != "" && result.Value != o.other {
			register = result.Value
			o.know(register, "the register token")
		}
	}
	version, _ := exec.CommandContext(ctx, python, "-c",
		"import importlib.metadata as m, platform as p; print(m.version('mlplatform_client'), 'on Python', p.python_version())").Output()
	return fmt.Sprintf("Library: mlplatform_client %s, SHA-256 %s.", strings.TrimSpace(string(version)), sum), nil
}

func checksum(archive string) (string, error) {
	file, err := os.Open(archive)
	if err != nil {
		return "", fmt.Errorf("opening the library: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading the library: %w", err)
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}

// install runs a program in the user's environment, without the proxy, because dependencies come from elsewhere.
func install(ctx context.Context, program string, args ...string) error {
	if output, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("installing the library: %w\n%s", err, bytes.TrimSpace(output))
	}
	return nil
}

// runCall makes one call. A call that fails is an outcome; an error means that Python could not be run.
func (o *observer) runCall(ctx context.Context, python, script, name string, env ...string) (outcome, error) {
	cmd := exec.CommandContext(ctx, python, script, name)
	clean := slices.DeleteFunc(os.Environ(), func(setting string) bool { return strings.HasPrefix(setting, "MLPLATFORM_") })
	cmd.Env = slices.Concat(clean, o.environment(), env)
	output, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return outcome{}, fmt.Errorf("running the library: %w", errors.Join(err, ctx.Err()))
	}
	// The library may print too, so the outcome is on the last line.
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	var result outcome
	if json.Unmarshal(lines[len(lines)-1], &result) != nil {
		result = outcome{Exception: "SystemExit"}
	}
	return result, nil
}

// begin attributes the following requests to a call.
func (o *observer) begin(call string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.library, o.call = true, call
}

// know says what a value is, to recognize it in requests.
func (o *observer) know(value, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known[value] = what
}

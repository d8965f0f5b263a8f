// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// cli runs Terraform or OpenTofu.
type cli struct {
	path        string
	env         []string
	grace       time.Duration
	onInterrupt func()
	started     func(pid int) // nil, or told of each process
}

// run runs the CLI in a folder, with nothing to read, and returns all that it printed and its exit status. When the
// context ends, the CLI is interrupted, so that it can finish what it began, and after the grace period killed.
func (c *cli) run(ctx context.Context, folder string, args ...string) (output string, status int, err error) {
	var out bytes.Buffer

	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir = folder
	cmd.Env = c.env
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = c.grace
	cmd.Cancel = func() error {
		c.onInterrupt()
		return interrupt(cmd.Process)
	}
	ownGroup(cmd)

	if err := cmd.Start(); err != nil {
		return "", 0, err
	}

	if c.started != nil {
		c.started(cmd.Process.Pid)
	}

	err = cmd.Wait()
	// A CLI that was killed or crashed leaves its plugins behind.
	killGroup(cmd.Process.Pid)

	var exit *exec.ExitError

	switch {
	case ctx.Err() != nil:
		return out.String(), -1, context.Cause(ctx)
	case err == nil:
		return out.String(), 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return out.String(), exit.ExitCode(), nil
	}

	return out.String(), -1, err
}

// commandLimit is far above what any command of the demo takes.
const commandLimit = 2 * time.Minute

var errTooLong = fmt.Errorf("it took longer than %s", commandLimit)

// succeed runs the CLI in one of the demo's folders and shows it. If it fails by itself, all that it said is shown.
func (d *demo) succeed(ctx context.Context, folder string, args ...string) error {
	args = append(args[:1:1], append([]string{"-no-color"}, args[1:]...)...)

	command := filepath.Base(d.cli)
	for _, arg := range args {
		if strings.Contains(arg, " ") {
			arg = fmt.Sprintf("%q", arg)
		}

		command += " " + arg
	}

	d.out.command(folder, command)

	ctx, cancel := context.WithTimeoutCause(ctx, commandLimit, errTooLong)
	defer cancel()

	output, status, err := d.terminal.run(ctx, filepath.Join(d.folder, folder), args...)
	if failed := err != nil || status != 0; !failed || ctx.Err() != nil {
		output = condense(output)
	}

	d.out.quote(output)

	switch {
	case err != nil:
		return fmt.Errorf("`%s` was ended: %w", command, err)
	case status == 2 && args[0] == "plan":
		return fmt.Errorf("`%s` plans changes, but there should be nothing to do", command)
	case status != 0:
		return fmt.Errorf("`%s` ended with status %d", command, status)
	}

	return nil
}

// environment is what the CLI is run with: nothing that the user has set up for Terraform or this provider, nothing
// that would have it ask the network for anything or write outside of the folder. $HOME stays, because a CLI that is
// a version manager's stand-in needs it.
func environment(base []string, folder string, more map[string]string) []string {
	var env []string

	for _, setting := range base {
		if !ofTerraform(setting) {
			env = append(env, setting)
		}
	}

	own := map[string]string{
		"CHECKPOINT_DISABLE": "1",
		"TF_CLI_CONFIG_FILE": filepath.Join(folder, cliConfig),
		"TF_IN_AUTOMATION":   "1",
		"TF_INPUT":           "0",
		"TMPDIR":             filepath.Join(folder, scratch), // where plugins have their sockets
		"XDG_CONFIG_HOME":    filepath.Join(folder, scratch), // OpenTofu makes a folder there, or else in $HOME
	}
	for _, settings := range []map[string]string{own, more} {
		for name, value := range settings {
			env = append(env, name+"="+value)
		}
	}

	return env
}

// ofTerraform tells of settings that change what a CLI or the provider does, such as OTEL_*, which has a CLI send reports.
func ofTerraform(setting string) bool {
	prefixes := []string{"TF_", "TOFU_", "TERRAFORM_", "MLPLATFORM_", "OTEL_", "CHECKPOINT_", "TMPDIR=", "XDG_CONFIG_HOME="}

	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(setting, prefix) })
}

func interrupt(process *os.Process) error {
	err := process.Signal(os.Interrupt)
	if errors.Is(err, os.ErrProcessDone) || err == nil {
		return err
	}

	return process.Kill() // no such signal on this system
}

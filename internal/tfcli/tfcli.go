// SPDX-License-Identifier: MPL-2.0

// Package tfcli runs Terraform or OpenTofu in an environment that takes nothing from the machine but PATH.
package tfcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Find returns the path of the CLI: the value of TF_ACC_TERRAFORM_PATH, else terraform or tofu on PATH.
func Find() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", errors.New("no Terraform CLI: set TF_ACC_TERRAFORM_PATH, or put terraform or tofu on PATH")
}

// CLI runs a Terraform or OpenTofu program. All fields may be changed between commands.
type CLI struct {
	Path string
	// Env is the whole environment of a command.
	Env map[string]string
	// Grace is how long an interrupted command may take to exit before it is killed.
	Grace time.Duration
	// Interrupted, if set, is called when a command is interrupted because its context is done.
	Interrupted func()
}

// New returns a CLI that keeps its configuration, home and temporary files in an existing folder. The installation says
// where the CLI finds providers: see [DevOverrides] and [Mirror]. The path of the folder must be short, because
// providers listen on sockets in it.
func New(path, home, installation string) (*CLI, error) {
	config := filepath.Join(home, "cli.tfrc")
	if err := os.WriteFile(config, []byte(installation), 0o600); err != nil {
		return nil, err
	}
	return &CLI{
		Path: path, Grace: time.Minute,
		Env: map[string]string{
			"PATH": os.Getenv("PATH"), "HOME": home, "TMPDIR": home, "TF_CLI_CONFIG_FILE": config,
			"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
		},
	}, nil
}

// Result is the result of a command that ran to its end, successfully or not.
type Result struct {
	Args           []string
	ExitCode       int
	Stdout, Stderr string
	// CPU is the time of the CLI and of the providers that it waited for.
	CPU time.Duration
}

// Command returns the command line without the path of the program.
func (r Result) Command() string { return strings.Join(r.Args, " ") }

// Output returns all output.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Run runs a command in a folder. A non-zero exit code is no error. When the context is done, the command is interrupted
// so that it can finish what it began, and killed after the grace period.
func (c *CLI) Run(ctx context.Context, folder string, args ...string) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd := c.Command(ctx, folder, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return Result{}, err
	}
	err := cmd.Wait()
	killGroup(cmd.Process.Pid) // a CLI that was killed or crashed leaves its providers running
	result := Result{Args: args, ExitCode: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	result.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return result, context.Cause(ctx)
	case errors.As(err, &exit) && exit.Exited():
		return result, nil
	case err != nil:
		return result, fmt.Errorf("running %s %s: %w", filepath.Base(c.Path), result.Command(), err)
	}
	return result, nil
}

// Command returns a command to start by the caller, in a process group of its own.
func (c *CLI) Command(ctx context.Context, folder string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Path, args...)
	cmd.Dir = folder
	cmd.WaitDelay = c.Grace
	cmd.Env = []string{}
	for name, value := range c.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Cancel = func() error {
		if c.Interrupted != nil {
			c.Interrupted()
		}
		return interrupt(cmd.Process)
	}
	ownGroup(cmd)
	return cmd
}

func interrupt(process *os.Process) error {
	err := process.Signal(os.Interrupt)
	if err == nil || errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return process.Kill() // the system has no such signal
}

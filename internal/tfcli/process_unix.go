// SPDX-License-Identifier: MPL-2.0

//go:build unix

package tfcli

import (
	"os/exec"
	"syscall"
)

// ownGroup starts a command in a new process group, shared by its children. Ctrl-C in a terminal then reaches only this
// program, which interrupts the CLI once: a second interrupt would make it exit without saving the state.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup kills what is left of the group of a process that has exited. Its ID is not reused while the group has a
// member.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL) // an empty group is an error, and the usual case
}

// SPDX-License-Identifier: MPL-2.0

//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a process a group of its own, which its children share. A Ctrl-C at the terminal then reaches the demo
// alone, which passes it on once: a second interrupt would have the CLI give up its work half done.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends what is left of the group of a process that has ended. Its number is not given to another process while
// the group has a member.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL) // an empty group is an error, and the usual case
}

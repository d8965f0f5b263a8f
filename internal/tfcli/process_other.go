// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package tfcli

import "os/exec"

func ownGroup(*exec.Cmd) {}

func killGroup(int) {}

#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Checks that `make generate` changes nothing. Compares the working tree before and after, not the commit, so that it
# also works with uncommitted changes.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

snapshot() {
  GIT_INDEX_FILE=$work/index git add --all
  GIT_INDEX_FILE=$work/index git write-tree
}

before=$(snapshot)
"${MAKE:-make}" generate
after=$(snapshot)
git diff --exit-code "$before" "$after" || {
  echo 'Generated files are out of date: run make generate and commit what it changes.' >&2
  exit 1
}

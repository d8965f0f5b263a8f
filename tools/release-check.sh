#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Builds the release of the last commit twice and compares the checksums of everything that would be published. The two
# builds differ in what must not matter: folder, time of checkout, time zone, umask, GOFLAGS, and the build cache, so
# that the second one compiles everything again.
set -eu
cd "$(dirname "$0")/.."

commit=$(git rev-parse HEAD)
work=$(mktemp -d)
# Go leaves its caches read-only.
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

go build -modfile=tools/goreleaser/go.mod -o "$work/goreleaser" github.com/goreleaser/goreleaser/v2

# release FOLDER [NAME=VALUE...] builds the release in a clone in that folder.
release() {
  folder=$work/$1
  shift
  mkdir -p "$folder"
  git clone --quiet . "$folder"
  git -C "$folder" checkout --quiet --detach "$commit"
  start=$(date +%s)
  (cd "$folder" && env "$@" "$work/goreleaser" release --snapshot --clean --skip=sign,publish) >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
  echo "built in $(($(date +%s) - start)) s: $*"
}

umask 022
release first TZ=UTC GOFLAGS=
umask 077
release a/second/folder TZ=Asia/Vladivostok GOFLAGS=-buildvcs=false GOCACHE="$work/cache"

sums='dist/*_SHA256SUMS'
# shellcheck disable=SC2086 # a pattern
(cd "$work/first" && cat $sums) >"$work/first.sums"
# shellcheck disable=SC2086
(cd "$work/a/second/folder" && cat $sums) >"$work/second.sums"
diff "$work/first.sums" "$work/second.sums" || { echo 'The builds differ.' >&2; exit 1; }
cat "$work/first.sums"
echo "Both builds of $commit are the same."

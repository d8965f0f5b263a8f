#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Checks that each source file names its license, and that each dependency, of tests too, has one that goes with it.
set -eu
cd "$(dirname "$0")/.."

bare=$(git ls-files --cached --others --exclude-standard -- '*.go' '*.sh' ':!examples' | while IFS= read -r file; do
  head -n 3 "$file" | grep -Eqx '(//|#) SPDX-License-Identifier: MPL-2\.0' ||
    grep -q '^// Code generated .* DO NOT EDIT\.$' "$file" || echo "$file"
done)
[ -z "$bare" ] || { printf 'No license in the first three lines:\n%s\n' "$bare" >&2; exit 1; }

# It warns of assembly, which it cannot look into; of interest only when it fails.
log=$(go tool -modfile=tools/go-licenses/go.mod go-licenses check \
  --ignore github.com/mlplatform/terraform-provider-mlplatform --include_tests \
  --allowed_licenses=Apache-2.0,BSD-2-Clause,BSD-3-Clause,ISC,MIT,MPL-2.0 ./... 2>&1) || { echo "$log" >&2; exit 1; }

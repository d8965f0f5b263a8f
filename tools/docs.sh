#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Writes docs/ from the provider's schema, templates/ and examples/: tools/docs.sh <CLI> <provider binary>
#
# The CLI must know all that the provider has (Terraform 1.14 or later), or pages would be missing.
#
# Left alone, tfplugindocs runs whatever `terraform` is on PATH. Handing it the schema as a file works with any CLI.
set -eu
cli=$1
provider=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/bin"
cp "$provider" "$work/bin/terraform-provider-mlplatform"
cat >"$work/cli.tfrc" <<RC
provider_installation {
  dev_overrides {
    "hashicorp/mlplatform" = "$work/bin"
  }
  direct {}
}
RC
# Without required_providers the CLI takes the provider to be hashicorp's; tfplugindocs reads it under its short name.
echo 'provider "mlplatform" {}' >"$work/main.tf"
(cd "$work" && TF_CLI_CONFIG_FILE=cli.tfrc "$cli" providers schema -json) >"$work/full.json"
grep -q '"list_resource_schemas"' "$work/full.json" || {
  echo "$cli is too old for the documentation: set TF_ACC_TERRAFORM_PATH to a Terraform of version 1.14 or later" >&2
  exit 1
}
sed 's|"[^"]*/hashicorp/mlplatform":|"mlplatform":|' "$work/full.json" >"$work/schema.json"

# Both tell every file they look at, of interest only when they fail.
for command in generate validate; do
  go tool -modfile=tools/tfplugindocs/go.mod tfplugindocs "$command" \
    --provider-name mlplatform --providers-schema "$work/schema.json" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
done

terraform {
  required_version = ">= 1.0"

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

# For a pipeline that submits Spark jobs. The role defaults to USER. An apply within the last 7 days replaces the token.
resource "mlplatform_access_token" "nightly_etl" {
  name          = "nightly-etl"
  ttl           = "30d"
  rotate_before = "7d"
}

# For managing tokens. Without ttl it never expires.
resource "mlplatform_access_token" "platform_admin" {
  name = "platform-admin"
  role = "ADMIN"
}

# Can be redeemed once, within 8 hours, for the access token "notebook-anna".
resource "mlplatform_register_token" "anna" {
  access_token_name = "notebook-anna"
  access_token_ttl  = "90d"
  ttl               = "8h"
}

# All access tokens of the project, including those created elsewhere.
data "mlplatform_access_tokens" "all" {
  depends_on = [
    mlplatform_access_token.nightly_etl,
    mlplatform_access_token.platform_admin,
  ]
}

output "access_tokens" {
  value = [
    for token in data.mlplatform_access_tokens.all.tokens :
    "${token.name} (${token.role}), expires: ${coalesce(token.expires_at, "never")}"
  ]
}

output "nightly_etl_token" {
  value     = mlplatform_access_token.nightly_etl.token
  sensitive = true
}

output "anna_register_token" {
  value     = mlplatform_register_token.anna.token
  sensitive = true
}

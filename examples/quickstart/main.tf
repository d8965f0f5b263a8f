terraform {
  required_version = ">= 1.0"

  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
  }
}

# The token comes from the environment variable MLPLATFORM_TOKEN. It has to be one of the role ADMIN.
provider "mlplatform" {}

# For a pipeline that submits Spark jobs: role USER, valid for 30 days.
resource "mlplatform_access_token" "nightly_etl" {
  name = "nightly-etl"
  ttl  = "30d"
}

# For whoever manages tokens. It never expires.
resource "mlplatform_access_token" "platform_admin" {
  name = "platform-admin"
  role = "ADMIN"
}

# Whoever gets its value within 8 hours can make the access token "notebook-anna" of it, once.
resource "mlplatform_register_token" "anna" {
  access_token_name = "notebook-anna"
  access_token_ttl  = "90d"
  ttl               = "8h"
}

# All access tokens of the project, also those that were made elsewhere.
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

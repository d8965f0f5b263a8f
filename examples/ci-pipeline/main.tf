terraform {
  required_version = ">= 1.4" # terraform_data

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

variable "generation" {
  description = "Increase it to replace the token immediately, for example after a leak."
  type        = number
  default     = 1
}

# The first apply within 7 days of the expiry replaces the token. The old one is deleted last, after the CI system has the
# new one.
resource "mlplatform_access_token" "pipeline" {
  name_prefix   = "ci-"
  ttl           = "30d"
  rotate_before = "7d"

  keepers = {
    generation = var.generation
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Placeholder for a variable of the CI system that takes mlplatform_access_token.pipeline.token. The README shows a real
# one.
resource "terraform_data" "ci_variable" {
  input = {
    key        = "MLPLATFORM_TOKEN"
    token_name = mlplatform_access_token.pipeline.name
  }
}

output "token_name" {
  value = mlplatform_access_token.pipeline.name
}

output "replaced_from" {
  description = "The first apply after this time replaces the token."
  value       = timeadd(mlplatform_access_token.pipeline.expires_at, "-168h") # rotate_before
}

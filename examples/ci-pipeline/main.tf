terraform {
  required_version = ">= 1.4" # terraform_data

  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
  }
}

# The token comes from the environment variable MLPLATFORM_TOKEN. It has to be one of the role ADMIN.
provider "mlplatform" {}

variable "generation" {
  description = "Raise it to replace the token at once, for example because it has leaked."
  type        = number
  default     = 1
}

# The first apply within a week of the expiry replaces the token. The old one is deleted last, after the pipeline has
# the new one.
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

# Stands for the variable or secret of the CI system, which would get the value: mlplatform_access_token.pipeline.token.
# The README shows a real one.
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
  description = "The first apply from this time on replaces the token."
  value       = timeadd(mlplatform_access_token.pipeline.expires_at, "-168h") # rotate_before
}

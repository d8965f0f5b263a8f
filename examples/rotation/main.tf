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

# The first apply within 14 days of the expiry replaces the token: it creates the new one, updates the dependent
# resources, and then deletes the old one. Both exist for a moment, so the name cannot be fixed.
resource "mlplatform_access_token" "spark" {
  name_prefix   = "spark-"
  ttl           = "90d"
  rotate_before = "14d"

  lifecycle {
    create_before_destroy = true
  }
}

# Placeholder for a consumer, such as a secret in Kubernetes or Vault, that takes mlplatform_access_token.spark.token.
# Its resource stores the value in the state too.
resource "terraform_data" "consumer" {
  input = {
    token_name       = mlplatform_access_token.spark.name
    token_expires_at = mlplatform_access_token.spark.expires_at
  }
}

output "token_name" {
  value = terraform_data.consumer.output.token_name
}

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

# The first apply within 14 days of the expiry replaces the token: it makes the new one, updates what depends on the
# token, and only then deletes the old one. Both are there for a moment, so the name cannot be fixed.
resource "mlplatform_access_token" "spark" {
  name_prefix   = "spark-"
  ttl           = "90d"
  rotate_before = "14d"

  lifecycle {
    create_before_destroy = true
  }
}

# Stands for whatever uses the token, such as a secret in Kubernetes or Vault, which would get the value:
# mlplatform_access_token.spark.token. That resource keeps it in the state too.
resource "terraform_data" "consumer" {
  input = {
    token_name       = mlplatform_access_token.spark.name
    token_expires_at = mlplatform_access_token.spark.expires_at
  }
}

output "token_name" {
  value = terraform_data.consumer.output.token_name
}

terraform {
  required_version = ">= 1.5" # check blocks

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

# Reads the provider's token in every plan, so that a plan without a valid ADMIN token fails.
data "mlplatform_current_token" "provider" {
  lifecycle {
    postcondition {
      condition     = self.role == "ADMIN"
      error_message = "The provider's token has the ${self.role} role; managing tokens requires the ADMIN role."
    }
  }
}

check "provider_token" {
  assert {
    condition     = timecmp(coalesce(data.mlplatform_current_token.provider.expires_at, "9999-12-31T00:00:00Z"), timeadd(plantimestamp(), "336h")) > 0
    error_message = "The provider's token ${data.mlplatform_current_token.provider.name} expires within 14 days. Replace it."
  }
}

# The first apply within 7 days of the expiry replaces the token.
resource "mlplatform_access_token" "spark" {
  name_prefix   = "spark-jobs-"
  ttl           = "30d"
  rotate_before = "7d"

  lifecycle {
    create_before_destroy = true
  }
}

# Placeholder for a consumer, such as a secret store, that takes mlplatform_access_token.spark.token as a write-only
# argument.
resource "terraform_data" "consumer" {
  input = mlplatform_access_token.spark.name
}

# After an apply, every token is active. A token with the status conflict, or one that is expired or missing and not to be
# recreated, plans no change, so only a check reports it.
check "tokens_active" {
  assert {
    condition     = mlplatform_access_token.spark.status == "active"
    error_message = "The access token ${mlplatform_access_token.spark.name} has the status ${mlplatform_access_token.spark.status}."
  }
}

terraform {
  required_version = ">= 1.12" # lifecycle.destroy: Terraform 1.16, OpenTofu 1.12

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

# `terraform destroy` removes the token from the state without calling the provider, so the token stays valid, whatever
# delete_on_destroy says. A replacement needs another name: OpenTofu forgets the old token before it creates the new one.
resource "mlplatform_access_token" "report" {
  name_prefix = "nightly-report-"
  ttl         = "90d"

  lifecycle {
    destroy               = false
    create_before_destroy = true
  }
}

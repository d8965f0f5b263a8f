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

# A conflict, or a token that is missing and must not be replaced, plans no change, so `terraform plan -detailed-exitcode`
# exits with 0. The postcondition makes the plan fail instead.
resource "mlplatform_access_token" "report" {
  name                = "nightly-report"
  ttl                 = "90d"
  recreate_if_invalid = "never"

  lifecycle {
    postcondition {
      condition     = contains(["active", "rotation_due"], self.status)
      error_message = "The token ${self.name} is not valid: its status is ${self.status}."
    }
  }
}

# A check only warns, and the exit code is that of the plan. Use it where a plan must not fail.
check "export_token" {
  assert {
    condition     = mlplatform_access_token.export.status == "active"
    error_message = "The token ${mlplatform_access_token.export.name} is not valid: its status is ${mlplatform_access_token.export.status}."
  }
}

resource "mlplatform_access_token" "export" {
  name                = "nightly-export"
  ttl                 = "90d"
  recreate_if_invalid = "never"
}

# The tokens of the project that expire within a week, including those that Terraform does not manage. Inside the check
# block, Terraform would plan to read them again, and no plan would be empty.
data "mlplatform_access_tokens" "soon" {
  expires_within = "7d"
}

check "nothing_expires_soon" {
  assert {
    condition     = length(data.mlplatform_access_tokens.soon.tokens) == 0
    error_message = "These tokens expire within a week: ${join(", ", data.mlplatform_access_tokens.soon.tokens[*].name)}."
  }
}

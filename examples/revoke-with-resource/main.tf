terraform {
  required_version = ">= 1.16" # actions after a destruction

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

variable "notebook_token" {
  description = "Name of the access token that the notebook redeemed for itself."
  type        = string
}

# Placeholder for the resource that uses the token, such as a notebook server.
resource "terraform_data" "notebook" {
  input = var.notebook_token

  lifecycle {
    action_trigger {
      events  = [after_destroy]
      actions = [action.mlplatform_revoke_access_token.notebook]
    }
  }
}

action "mlplatform_revoke_access_token" "notebook" {
  config {
    name = var.notebook_token
  }
}

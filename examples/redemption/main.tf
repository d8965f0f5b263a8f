terraform {
  required_version = ">= 1.11" # write-only arguments

  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
  }
}

# No token: the register token is all that is needed.
provider "mlplatform" {}

variable "register_token" {
  description = "Value of the register token, as the administrator gave it. Once the access token is made, any text will do."
  type        = string
  sensitive   = true
  ephemeral   = true
}

# Name, role and lifetime come from the register token.
resource "mlplatform_access_token" "mine" {
  register_token_wo = var.register_token

  # Deleting a token takes an ADMIN token, and there is none here: it is left to its expiry.
  delete_on_destroy = false
}

output "name" {
  value = mlplatform_access_token.mine.name
}

output "token" {
  value     = mlplatform_access_token.mine.token
  sensitive = true
}

terraform {
  required_version = ">= 1.11" # write-only arguments

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# No provider token: the register token is the only credential.
provider "mlplatform" {}

variable "register_token" {
  description = "Value of the register token. Once the access token exists, any text is accepted."
  type        = string
  sensitive   = true
  ephemeral   = true
}

# Name, role and lifetime are set by the register token.
resource "mlplatform_access_token" "mine" {
  register_token_wo = var.register_token

  # Deleting a token requires an ADMIN token, so this one is left until it expires.
  delete_on_destroy = false

  # A replacement that fails, because the old token still has the name, then keeps the old value.
  lifecycle {
    create_before_destroy = true
  }
}

output "name" {
  value = mlplatform_access_token.mine.name
}

output "token" {
  value     = mlplatform_access_token.mine.token
  sensitive = true
}

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

variable "people" {
  description = "Users by login, with their role and the number of their invitation. Increase the number to issue another one."
  type = map(object({
    role       = optional(string, "USER")
    invitation = optional(number, 1)
  }))
  default = {
    anna  = {}
    boris = {}
    clara = { role = "ADMIN" }
  }
}

# Each person can redeem the register token once, within two days, for the access token "jupyter-<login>". Used and
# expired register tokens are not recreated; increase the number of the invitation instead.
resource "mlplatform_register_token" "person" {
  for_each = var.people

  access_token_name = "jupyter-${each.key}"
  access_token_ttl  = "90d"
  role              = each.value.role
  ttl               = "2d"

  keepers = {
    invitation = each.value.invitation
  }
}

# Placeholder for a secret store that takes mlplatform_register_token.person[each.key].token as a write-only argument.
# The README shows a real one.
resource "terraform_data" "secret_store" {
  for_each = var.people

  input = {
    path    = "onboarding/${each.key}/mlplatform"
    version = mlplatform_register_token.person[each.key].created_at
  }
}

output "invitations" {
  description = "Whether each invitation was redeemed (used), was not yet redeemed (pending), or expired unused (expired)."
  value       = { for login, token in mlplatform_register_token.person : login => token.status }
}

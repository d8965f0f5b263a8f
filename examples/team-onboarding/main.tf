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

variable "people" {
  description = "Who gets an access token, by login: with which role, and which number their invitation has. Raise the number to send another one."
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

# Each person makes the access token "notebook-<login>" of it, once, within two days. It is not minted again when it is
# used or expired: that is what the number of the invitation is for.
resource "mlplatform_register_token" "person" {
  for_each = var.people

  access_token_name = "notebook-${each.key}"
  access_token_ttl  = "90d"
  role              = each.value.role
  ttl               = "2d"

  keepers = {
    invitation = each.value.invitation
  }
}

# Stands for the secret store, which would get the value by a write-only argument:
# mlplatform_register_token.person[each.key].token. The README shows a real one.
resource "terraform_data" "secret_store" {
  for_each = var.people

  input = {
    path    = "onboarding/${each.key}/mlplatform"
    version = mlplatform_register_token.person[each.key].created_at
  }
}

output "invitations" {
  description = "Who has made an access token of the invitation (used), who has not (pending), and who was too late (expired)."
  value       = { for login, token in mlplatform_register_token.person : login => token.status }
}

terraform {
  required_version = ">= 1.7" # import blocks with for_each

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

variable "names" {
  description = "Names of the access tokens to import, exactly as the service shows them."
  type        = set(string)
  default     = []
}

import {
  for_each = var.names
  to       = mlplatform_access_token.adopted[each.key]
  id       = each.key
}

resource "mlplatform_access_token" "adopted" {
  for_each = var.names

  name = each.key
}

output "adopted" {
  value = {
    for name, token in mlplatform_access_token.adopted : name => "${token.role}, expires: ${coalesce(token.expires_at, "never")}"
  }
}

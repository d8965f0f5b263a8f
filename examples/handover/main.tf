terraform {
  required_version = ">= 1.11" # write-only arguments

  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
  }
}

# The token comes from the environment variable MLPLATFORM_TOKEN. It has to be one of the role ADMIN.
provider "mlplatform" {}

# The administrator's side: in no plan and no state, and minted while applying alone.
ephemeral "mlplatform_register_token" "notebook" {
  access_token_name = "notebook-anna"
  access_token_ttl  = "90d"
  ttl               = "15m"
  enabled           = terraform.applying
}

# The other side: a write-only argument takes the register token, and only an apply that makes the access token uses it.
# A plan has no register token yet, so it gets any other text.
resource "mlplatform_access_token" "notebook" {
  register_token_wo = coalesce(ephemeral.mlplatform_register_token.notebook.token, "minted while applying")
}

output "name" {
  value = mlplatform_access_token.notebook.name
}

terraform {
  required_version = ">= 1.11" # write-only arguments

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

# The administrator's side. The register token is stored in neither plan nor state and created only while applying.
ephemeral "mlplatform_register_token" "notebook" {
  access_token_name = "notebook-olga"
  access_token_ttl  = "90d"
  ttl               = "15m"
  enabled           = terraform.applying
}

# The recipient's side. The write-only argument is used only when the access token is created. While planning there is no
# register token yet, so the plan shows a warning.
resource "mlplatform_access_token" "notebook" {
  register_token_wo = ephemeral.mlplatform_register_token.notebook.token
}

output "name" {
  value = mlplatform_access_token.notebook.name
}

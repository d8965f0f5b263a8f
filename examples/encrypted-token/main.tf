terraform {
  required_version = ">= 1.0"

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

variable "public_key_file" {
  description = "Path of the SSH public key of the person who gets the token."
  type        = string
  default     = "~/.ssh/id_ed25519.pub"
}

# The value is encrypted to the key. A replaced token stays valid until it expires, so that the person has two weeks to
# switch to the new one.
resource "mlplatform_access_token" "notebook" {
  name_prefix       = "notebook-anna-"
  ttl               = "90d"
  rotate_before     = "14d"
  delete_on_destroy = false
  recipients        = [file(pathexpand(var.public_key_file))]

  lifecycle {
    create_before_destroy = true
  }
}

# Can be sent by mail: only the holder of the private key can decrypt it.
output "encrypted_token" {
  value = mlplatform_access_token.notebook.encrypted_token
}

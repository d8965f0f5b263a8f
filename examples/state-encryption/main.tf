terraform {
  required_version = ">= 1.7" # state encryption, which only OpenTofu has

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }

  # Encrypts the state and plan files as a whole, with everything that any provider stores in them.
  encryption {
    key_provider "pbkdf2" "passphrase" {
      passphrase = var.passphrase
    }

    method "aes_gcm" "main" {
      keys = key_provider.pbkdf2.passphrase
    }

    state {
      method   = method.aes_gcm.main
      enforced = true
    }

    plan {
      method   = method.aes_gcm.main
      enforced = true
    }
  }
}

variable "passphrase" {
  description = "At least 16 characters. Whoever has it can read the state."
  type        = string
  sensitive   = true
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

resource "mlplatform_access_token" "etl" {
  name = "nightly-etl"
  ttl  = "90d"
}

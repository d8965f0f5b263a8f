terraform {
  required_version = ">= 1.11" # write-only arguments

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

variable "recipient" {
  description = "Public key of the pipeline: what `age-keygen -y` prints for its identity."
  type        = string
}

variable "identity_file" {
  description = "Path of the pipeline's private key, an age identity."
  type        = string
  default     = "/run/secrets/age-identity"
}

# The state holds the value encrypted to the pipeline.
resource "mlplatform_access_token" "spark" {
  name_prefix   = "spark-"
  ttl           = "90d"
  rotate_before = "14d"
  recipients    = [var.recipient]

  lifecycle {
    create_before_destroy = true
  }
}

# Decrypts the value in memory, in this run or in a later one.
ephemeral "mlplatform_decrypted_token" "spark" {
  encrypted_token = mlplatform_access_token.spark.encrypted_token
  identity_file   = var.identity_file
}

resource "vault_kv_secret_v2" "spark" {
  mount = "kv"
  name  = "spark/mlplatform"

  # Write-only: written when the number changes, and stored in neither plan nor state.
  data_json_wo         = jsonencode({ token = ephemeral.mlplatform_decrypted_token.spark.token })
  data_json_wo_version = mlplatform_access_token.spark.token_version
}

terraform {
  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads the token from the environment variable MLPLATFORM_TOKEN, so that the configuration contains no secret.
provider "mlplatform" {
  # Kazakhstan; the default is Russia.
  # endpoint = "https://kz.cloud.vk.kz/infra/mlplatform"

  # A file that contains only the token, instead of the environment variable.
  # token_file = "/run/secrets/mlplatform-token"

  request_timeout = "1m"
}

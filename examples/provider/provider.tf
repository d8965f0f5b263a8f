terraform {
  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
  }
}

# The token comes from the environment variable MLPLATFORM_TOKEN, so that no secret stands in the configuration.
provider "mlplatform" {
  # Kazakhstan; the default is Russia.
  # endpoint = "https://kz.cloud.vk.com/infra/mlplatform"

  # Instead of the environment variable: a file that holds nothing but the token.
  # token_file = "/run/secrets/mlplatform-token"

  request_timeout = "1m"
}

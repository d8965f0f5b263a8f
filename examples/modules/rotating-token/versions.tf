terraform {
  required_version = ">= 1.0"

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = ">= 0.1"
    }
  }
}

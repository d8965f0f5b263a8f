# A bucket with encryption, versioning and restricted access. The lock is an object beside the state, which requires
# Terraform 1.10 or later, or OpenTofu 1.10 or later, and a storage service with conditional writes.
terraform {
  backend "s3" {
    bucket       = "example-terraform-state"
    key          = "mlplatform/tokens.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }
}

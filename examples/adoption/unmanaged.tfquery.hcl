# For `terraform query`: all live access tokens, to import them together.
list "mlplatform_access_token" "unmanaged" {
  provider = mlplatform
  limit    = 10000 # Terraform returns 100 by default

  config {
    status = "active"
    # name_regex = "^ci-"
  }
}

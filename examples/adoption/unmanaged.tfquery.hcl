# For `terraform query`: all access tokens that work, so that they can be imported in one go.
list "mlplatform_access_token" "unmanaged" {
  provider = mlplatform
  limit    = 10000 # without one, Terraform takes the first 100

  config {
    status = "active"
    # name_regex = "^ci-"
  }
}

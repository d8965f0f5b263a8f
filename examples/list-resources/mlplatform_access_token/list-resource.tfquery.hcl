# terraform query shows them; terraform query -generate-config-out=adopted.tf writes what imports them.
list "mlplatform_access_token" "pipelines" {
  provider = mlplatform
  limit    = 1000 # without one, Terraform takes the first 100

  config {
    name_regex = "^pipeline-"
    status     = "active"
  }
}

# Those of administrators that end within a month, with all their attributes but the value.
list "mlplatform_access_token" "ending" {
  provider         = mlplatform
  include_resource = true

  config {
    role           = "ADMIN"
    expires_within = "30d"
  }
}

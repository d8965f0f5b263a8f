# terraform query lists them; terraform query -generate-config-out=adopted.tf also writes resource and import blocks.
list "mlplatform_access_token" "pipelines" {
  provider = mlplatform
  limit    = 1000 # Terraform returns 100 by default

  config {
    name_regex = "^pipeline-"
    status     = "active"
  }
}

# ADMIN tokens that expire within 30 days, with all attributes except the value.
list "mlplatform_access_token" "ending" {
  provider         = mlplatform
  include_resource = true

  config {
    role           = "ADMIN"
    expires_within = "30d"
  }
}

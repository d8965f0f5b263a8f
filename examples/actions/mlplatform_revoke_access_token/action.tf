variable "leaked_token" {
  description = "Name of the access token to revoke."
  type        = string
}

# In an incident, run:
# terraform apply -invoke=action.mlplatform_revoke_access_token.leaked -var leaked_token=NAME
action "mlplatform_revoke_access_token" "leaked" {
  config {
    name = var.leaked_token
  }
}

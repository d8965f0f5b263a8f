variable "token_name" {
  description = "Name of an access token of the project, exactly as the service shows it."
  type        = string
}

data "mlplatform_access_token" "this" {
  name = var.token_name
}

output "expires_at" {
  value = data.mlplatform_access_token.this.expires_at
}

output "token" {
  description = "Value of the access token."
  value       = mlplatform_access_token.this.token
  sensitive   = true
}

output "name" {
  description = "Name of the access token. It changes with each replacement."
  value       = mlplatform_access_token.this.name
}

output "id" {
  description = "Id of the access token, for replace_triggered_by and keepers of its consumers."
  value       = mlplatform_access_token.this.id
}

output "expires_at" {
  description = "Expiry in RFC 3339, UTC."
  value       = mlplatform_access_token.this.expires_at
}

output "status" {
  description = "Status of the token at the last refresh."
  value       = mlplatform_access_token.this.status
}

output "token" {
  description = "Value of the access token; null with recipients."
  value       = mlplatform_access_token.this.token
  sensitive   = true
}

output "encrypted_token" {
  description = "Value of the access token, encrypted to the recipients; null without them."
  value       = mlplatform_access_token.this.encrypted_token
}

output "token_version" {
  description = "Number that grows with each new value, for arguments such as data_wo_revision."
  value       = mlplatform_access_token.this.token_version
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

# All access tokens of the project
data "mlplatform_access_tokens" "all" {}

# ADMIN tokens that expire within 14 days
data "mlplatform_access_tokens" "expiring_admins" {
  role           = "ADMIN"
  expires_within = "14d"
}

output "names" {
  value = data.mlplatform_access_tokens.all.tokens[*].name
}

output "expiring_admins" {
  value = { for token in data.mlplatform_access_tokens.expiring_admins.tokens : token.name => token.expires_at }
}

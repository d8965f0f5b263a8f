# Can be redeemed once, within 8 hours, for the access token "notebook-boris".
resource "mlplatform_register_token" "boris" {
  access_token_name = "notebook-boris"
  access_token_ttl  = "90d"
  ttl               = "8h"
}

# terraform output -raw boris_register_token prints the value
output "boris_register_token" {
  value     = mlplatform_register_token.boris.token
  sensitive = true
}

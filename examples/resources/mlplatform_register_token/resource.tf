# Whoever gets its value within 8 hours can make the access token "notebook-anna" of it, once.
resource "mlplatform_register_token" "anna" {
  access_token_name = "notebook-anna"
  access_token_ttl  = "90d"
  ttl               = "8h"
}

# To hand it over: terraform output -raw anna_register_token
output "anna_register_token" {
  value     = mlplatform_register_token.anna.token
  sensitive = true
}

# Stored in neither plan nor state. Created only while applying: one created while planning would never be redeemed.
ephemeral "mlplatform_register_token" "vera" {
  access_token_name = "notebook-vera"
  access_token_ttl  = "90d"
  ttl               = "8h"
  enabled           = terraform.applying
}

# Placeholder for a secret store. The command reads the value from an environment variable.
resource "terraform_data" "handover" {
  provisioner "local-exec" {
    command     = "test -n \"$REGISTER_TOKEN\""
    environment = { REGISTER_TOKEN = ephemeral.mlplatform_register_token.vera.token }
  }
}

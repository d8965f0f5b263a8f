# In no plan and no state, and minted while applying alone: a plan would mint one that nobody ever redeems.
ephemeral "mlplatform_register_token" "anna" {
  access_token_name = "notebook-anna"
  access_token_ttl  = "90d"
  ttl               = "8h"
  enabled           = terraform.applying
}

# Stands for what hands it over, once, such as a secret store. Its command gets the value in a variable.
resource "terraform_data" "handover" {
  provisioner "local-exec" {
    command     = "test -n \"$REGISTER_TOKEN\""
    environment = { REGISTER_TOKEN = ephemeral.mlplatform_register_token.anna.token }
  }
}

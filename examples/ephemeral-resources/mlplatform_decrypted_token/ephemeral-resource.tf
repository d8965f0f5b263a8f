# The value of a token, encrypted with age to the public key of this pipeline. It can be stored and passed on like any text.
variable "encrypted_token" {
  type = string
}

# Path of the private key: an age identity, or an SSH key without a passphrase.
variable "identity_file" {
  type = string
}

# Stored in neither plan nor state. A run that fails can be repeated: the value can be decrypted again at any time.
ephemeral "mlplatform_decrypted_token" "oleg" {
  encrypted_token = var.encrypted_token
  identity_file   = var.identity_file
}

# Placeholder for a secret store with a write-only argument. The command reads the value from an environment variable.
resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command     = "test -n \"$ACCESS_TOKEN\""
    environment = { ACCESS_TOKEN = ephemeral.mlplatform_decrypted_token.oleg.token }
  }
}

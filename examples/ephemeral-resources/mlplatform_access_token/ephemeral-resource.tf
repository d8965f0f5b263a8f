# For this run only: created while applying, stored in neither plan nor state, deleted at the end.
ephemeral "mlplatform_access_token" "run" {
  name_prefix = "run-"
  ttl         = "1h" # the token expires even if the run is killed before it can delete it
  enabled     = terraform.applying
}

# Placeholder for submitting a Spark job. The command reads the value from an environment variable.
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "test -n \"$SPARK_TOKEN\""
    environment = { SPARK_TOKEN = ephemeral.mlplatform_access_token.run.token }
  }
}

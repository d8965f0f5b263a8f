# For this run alone: made while applying, in no plan and no state, deleted when nothing needs it any more.
ephemeral "mlplatform_access_token" "run" {
  name_prefix = "run-"
  ttl         = "1h" # its end, should the run be killed before it can delete the token
  enabled     = terraform.applying
}

# Stands for the submission of a Spark job. Its command gets the value in a variable.
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "test -n \"$SPARK_TOKEN\""
    environment = { SPARK_TOKEN = ephemeral.mlplatform_access_token.run.token }
  }
}

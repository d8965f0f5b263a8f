# For a pipeline that submits Spark jobs: role USER, valid for 30 days.
resource "mlplatform_access_token" "nightly_etl" {
  name = "nightly-etl"
  ttl  = "30d"
}

# For whoever manages tokens. It never expires.
resource "mlplatform_access_token" "platform_admin" {
  name = "platform-admin"
  role = "ADMIN"
}

# The value, for example for a Spark job: terraform output -raw nightly_etl_token
output "nightly_etl_token" {
  value     = mlplatform_access_token.nightly_etl.token
  sensitive = true
}

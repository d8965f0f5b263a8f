# For a pipeline that submits Spark jobs. The role defaults to USER.
resource "mlplatform_access_token" "daily_report" {
  name = "daily-report"
  ttl  = "30d"
}

# For managing tokens. Without ttl it never expires.
resource "mlplatform_access_token" "token_admin" {
  name = "token-admin"
  role = "ADMIN"
}

# terraform output -raw daily_report_token prints the value
output "daily_report_token" {
  value     = mlplatform_access_token.daily_report.token
  sensitive = true
}

import {
  to = mlplatform_access_token.daily_report
  identity = {
    name = "daily-report"
  }
}

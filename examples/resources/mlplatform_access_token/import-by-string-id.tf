import {
  to = mlplatform_access_token.daily_report
  id = "daily-report"
}

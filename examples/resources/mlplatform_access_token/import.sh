# By the name of the access token, exactly as the service shows it
terraform import mlplatform_access_token.daily_report "daily-report"

import {
  to = mlplatform_access_token.nightly_etl
  id = "nightly-etl"
}

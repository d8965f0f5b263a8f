import {
  to = mlplatform_access_token.nightly_etl
  identity = {
    name = "nightly-etl"
  }
}

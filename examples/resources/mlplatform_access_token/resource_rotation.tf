# The first apply within 14 days of the expiry replaces it. The new token is created before the old one is deleted.
resource "mlplatform_access_token" "streaming" {
  name_prefix   = "streaming-"
  ttl           = "90d"
  rotate_before = "14d"

  lifecycle {
    create_before_destroy = true
  }
}

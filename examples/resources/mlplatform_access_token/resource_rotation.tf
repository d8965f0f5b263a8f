# Replaced by the first apply within 14 days of its expiry. The new token is there before the old one is deleted.
resource "mlplatform_access_token" "streaming" {
  name_prefix   = "streaming-"
  ttl           = "90d"
  rotate_before = "14d"

  lifecycle {
    create_before_destroy = true
  }
}

resource "mlplatform_access_token" "this" {
  name_prefix       = var.name_prefix
  role              = var.role
  ttl               = var.ttl
  rotate_before     = var.rotate_before
  delete_on_destroy = var.delete_on_destroy
  recipients        = var.recipients

  keepers = {
    generation = var.generation
  }

  lifecycle {
    create_before_destroy = true
  }
}

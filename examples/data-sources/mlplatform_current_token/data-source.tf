# The token that the provider itself uses
data "mlplatform_current_token" "this" {}

output "provider_token" {
  value = "${data.mlplatform_current_token.this.name} (${data.mlplatform_current_token.this.role})"
}

# The Terraform state of the GitLab project, with locking. The pipeline configures it through TF_HTTP_* variables.
terraform {
  backend "http" {}
}

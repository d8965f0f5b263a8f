terraform {
  required_version = ">= 1.8" # provider functions

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
  }
}

# Reads an access token with the ADMIN role from the environment variable MLPLATFORM_TOKEN.
provider "mlplatform" {}

variable "cluster_domain_name" {
  description = "Domain name of the Spark cluster, as the management console shows it."
  type        = string
}

# For one job. It expires after a day even if nobody destroys it.
resource "mlplatform_access_token" "job" {
  name_prefix = "spark-job-"
  ttl         = "1d"
}

# The argument of SparkSession.builder.remote(). The URL contains the token, so it is a secret too.
output "spark_connect_url" {
  value     = provider::mlplatform::spark_connect_url(var.cluster_domain_name, mlplatform_access_token.job.token)
  sensitive = true
}

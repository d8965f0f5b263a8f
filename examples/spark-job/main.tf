terraform {
  required_version = ">= 1.8" # functions of providers

  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
  }
}

# The token comes from the environment variable MLPLATFORM_TOKEN. It has to be one of the role ADMIN.
provider "mlplatform" {}

variable "cluster_domain_name" {
  description = "Domain name of the Spark cluster, as the management console shows it."
  type        = string
}

# For one job. If nobody destroys it, it works no longer after a day.
resource "mlplatform_access_token" "job" {
  name_prefix = "spark-job-"
  ttl         = "1d"
}

# What SparkSession.builder.remote() takes. The URL has the token in it, so it is as secret as that.
output "spark_connect_url" {
  value     = provider::mlplatform::spark_connect_url(var.cluster_domain_name, mlplatform_access_token.job.token)
  sensitive = true
}

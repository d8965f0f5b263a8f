terraform {
  required_version = ">= 1.8" # functions of providers

  required_providers {
    mlplatform = {
      source = "mlplatform/mlplatform"
    }
    vkcs = {
      source  = "vk-cs/vkcs"
      version = ">= 0.7.0" # vkcs_mlplatform_spark_k8s
    }
  }
}

# Each provider has credentials of its own. This one: MLPLATFORM_TOKEN, an access token of the role ADMIN.
provider "mlplatform" {}

# The vendor's own: user name, password and project of VK Cloud, as its documentation says.
provider "vkcs" {}

variable "network_id" {
  description = "Network of the cluster."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of the cluster."
  type        = string
}

variable "external_network_id" {
  description = "External network to take the cluster's address from."
  type        = string
}

variable "flavor_id" {
  description = "Flavor of the nodes."
  type        = string
}

variable "registry_id" {
  description = "Id of the vkcs_mlplatform_k8s_registry that holds the cluster's images."
  type        = string
}

variable "cluster_domain_name" {
  description = "Domain name of the cluster. The management console shows it once the cluster is there."
  type        = string
  default     = null
}

resource "vkcs_mlplatform_spark_k8s" "cluster" {
  name              = "analytics"
  availability_zone = "GZ1"
  cluster_mode      = "DEV"
  network_id        = var.network_id
  subnet_id         = var.subnet_id
  ip_pool           = var.external_network_id
  registry_id       = var.registry_id

  node_groups = [
    {
      node_count          = 2
      flavor_id           = var.flavor_id
      autoscaling_enabled = false
    }
  ]
}

# Of no use before the cluster is there, and replaced together with it.
resource "mlplatform_access_token" "jobs" {
  name_prefix   = "${vkcs_mlplatform_spark_k8s.cluster.name}-jobs-"
  ttl           = "90d"
  rotate_before = "14d"

  keepers = {
    cluster = vkcs_mlplatform_spark_k8s.cluster.id
  }

  lifecycle {
    create_before_destroy = true
  }
}

output "history_server_url" {
  value = vkcs_mlplatform_spark_k8s.cluster.history_server_url
}

output "spark_connect_url" {
  value     = var.cluster_domain_name == null ? null : provider::mlplatform::spark_connect_url(var.cluster_domain_name, mlplatform_access_token.jobs.token)
  sensitive = true
}

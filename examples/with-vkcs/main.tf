terraform {
  required_version = ">= 1.8" # provider functions

  required_providers {
    mlplatform = {
      source  = "mlplatform/mlplatform"
      version = "~> 0.1"
    }
    vkcs = {
      source  = "vk-cs/vkcs"
      version = ">= 0.7.0" # vkcs_mlplatform_spark_k8s
    }
  }
}

# Each provider has its own credentials. This one reads an ADMIN access token from MLPLATFORM_TOKEN.
provider "mlplatform" {}

# The vendor's provider: user name, password and project of VK Cloud, see its documentation.
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
  description = "External network for the cluster's address."
  type        = string
}

variable "flavor_id" {
  description = "Flavor of the nodes."
  type        = string
}

variable "registry_id" {
  description = "Id of the vkcs_mlplatform_k8s_registry with the cluster's images."
  type        = string
}

variable "cluster_domain_name" {
  description = "Domain name of the cluster. The management console shows it after the cluster was created."
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

# Created after the cluster and replaced together with it.
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

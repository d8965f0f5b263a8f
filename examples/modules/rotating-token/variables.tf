variable "name_prefix" {
  description = "Prefix of the token's name; a unique suffix is added."
  type        = string

  validation {
    condition     = length(var.name_prefix) > 0
    error_message = "The prefix must not be empty, because it distinguishes these tokens from others."
  }
}

variable "role" {
  description = "USER (submit Spark jobs) or ADMIN (the same, and manage tokens)."
  type        = string
  default     = "USER"

  validation {
    condition     = contains(["USER", "ADMIN"], var.role)
    error_message = "The role must be USER or ADMIN."
  }
}

variable "ttl" {
  description = "Lifetime of a token."
  type        = string
  default     = "90d"
}

variable "rotate_before" {
  description = "The first apply within this time of the expiry replaces the token. Apply more often than that."
  type        = string
  default     = "14d"
}

variable "generation" {
  description = "Increase it to replace the token immediately."
  type        = number
  default     = 1
}

variable "recipients" {
  description = "Public keys of age or SSH to which the value is encrypted. With null, the value is stored in the state as text."
  type        = list(string)
  default     = null
}

variable "delete_on_destroy" {
  description = "Whether a replaced or destroyed token is deleted immediately. With false it stays valid until it expires, which gives consumers time to switch."
  type        = bool
  default     = true
}

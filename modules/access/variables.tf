variable "aws" {
  description = "Account, partition and region of the deployment, and the partition's domain."
  type = object({
    account_id = string
    partition  = string
    dns_suffix = string
    region     = string
  })
  nullable = false
}

variable "name_prefix" {
  description = "Name of the state machine and first part of the names of roles and jobs."
  type        = string
  nullable    = false
}

variable "input_bucket_arn" {
  description = "Bucket with the documents."
  type        = string
  nullable    = false
}

variable "input_kms_key_arn" {
  description = "Key of the bucket with the documents; null if it has none of its own."
  type        = string
}

variable "output_bucket_arn" {
  description = "Bucket for the results."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the results."
  type        = string
  nullable    = false
}

variable "volume_kms_key_arn" {
  description = "Key of the jobs' disks; null for SageMaker's own."
  type        = string
}

variable "repository_arn" {
  description = "Repository of the container image."
  type        = string
  nullable    = false
}

variable "jobs_in_vpc" {
  description = "Whether the jobs join a VPC."
  type        = bool
  nullable    = false
}

variable "triggered" {
  description = "Whether a schedule or S3 events start runs."
  type        = bool
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds every role; null for none."
  type        = string
}

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
  description = "Name of the state machine and first part of the jobs' names."
  type        = string
  nullable    = false
}

variable "role_arns" {
  description = "Role of each actor: state_machine, planner, worker, reporter and, if runs are triggered, trigger."
  type        = map(string)
  nullable    = false
}

variable "image_uri" {
  description = "Container image of all three jobs."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.image_uri) <= 255
    error_message = "image_uri: SageMaker takes at most 255 characters."
  }
}

variable "input_bucket" {
  description = "Bucket that triggered runs read."
  type        = string
  nullable    = false
}

variable "output_bucket" {
  description = "Bucket for plan, results and report."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the results and of the logs."
  type        = string
  nullable    = false
}

variable "default_options" {
  description = "The options of a run that its input does not give, as a JSON object."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags of every job, besides Project and RunId."
  type        = map(string)
  nullable    = false
}

variable "jobs" {
  description = "Disk, its key, time limits and network isolation of the jobs, and the small instance that plans and reports."
  type = object({
    volume_size_gb         = number
    max_runtime_seconds    = number
    planner_instance_type  = string
    planner_volume_size_gb = number
    network_isolation      = bool
    max_run_days           = number
    volume_kms_key_arn     = optional(string)
  })
  nullable = false
}

variable "vpc" {
  description = "Subnets and security groups of the jobs; null for SageMaker's own network."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
}

variable "schedule" {
  description = "When runs start by themselves, and over which prefix; null for never."
  type = object({
    expression   = string
    input_prefix = string
  })
}

variable "s3_trigger" {
  description = "Which new objects start a run, and over which prefix; null for none."
  type = object({
    input_prefix = string
    suffix       = string
  })
}

variable "log_retention_days" {
  description = "How long the state machine's log is kept."
  type        = number
  nullable    = false
}

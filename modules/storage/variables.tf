variable "aws" {
  description = "Account, partition and region of the deployment."
  type = object({
    account_id = string
    partition  = string
    region     = string
  })
  nullable = false
}

variable "name_prefix" {
  description = "First part of the buckets' names."
  type        = string
  nullable    = false
}

variable "existing_input" {
  description = "An existing bucket with the documents and the ARN of its KMS key, if it has one of its own; null makes a bucket."
  type = object({
    name        = string
    kms_key_arn = optional(string)
  })
}

variable "publish_input_events" {
  description = "Whether a bucket made here sends its events to EventBridge."
  type        = bool
  nullable    = false
}

variable "kms_key_arn" {
  description = "An existing key; null makes one."
  type        = string
}

variable "retention" {
  description = "Days until a run's files, query results, overwritten objects and (unless null) results are deleted."
  type = object({
    run_files_days     = number
    query_results_days = number
    noncurrent_days    = number
    results_days       = optional(number)
  })
  nullable = false
}

variable "force_destroy" {
  description = "Whether buckets that still hold data may be destroyed."
  type        = bool
  nullable    = false
}

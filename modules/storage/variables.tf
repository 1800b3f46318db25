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
  description = "Days until a run's files, query results, overwritten objects and (unless null) results are deleted; and the ledger, where results are."
  type = object({
    run_files_days     = number
    query_results_days = number
    noncurrent_days    = number
    results_days       = optional(number)
    ledger_days        = optional(number, 3650)
  })
  nullable = false
}

variable "force_destroy" {
  description = "Whether the bucket with the results may be destroyed while it holds any."
  type        = bool
  nullable    = false
}

variable "force_destroy_documents" {
  description = "Whether the bucket with the documents, if it was made here, may be destroyed while it holds any."
  type        = bool
  nullable    = false
}

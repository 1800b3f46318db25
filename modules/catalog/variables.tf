variable "name_prefix" {
  description = "Name of the workgroup and, with underscores for hyphens, of the database."
  type        = string
  nullable    = false
}

variable "output_bucket" {
  description = "Bucket with the results, which also takes the results of queries."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key the results of queries are encrypted with."
  type        = string
  nullable    = false
}

variable "max_query_gb" {
  description = "Athena ends a query that has read so many gigabytes."
  type        = number
  nullable    = false
}

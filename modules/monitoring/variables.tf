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
  description = "First part of the names of topic, alarms, rule and dashboard, and of the jobs they watch."
  type        = string
  nullable    = false
}

variable "state_machine_arn" {
  description = "State machine to watch."
  type        = string
  nullable    = false
}

variable "trigger_rules" {
  description = "Names of the rules that start runs."
  type        = list(string)
  nullable    = false
}

variable "undelivered_queue" {
  description = "Name of the queue with events that started nothing; null for none."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the topic; it must let CloudWatch decrypt and generate data keys."
  type        = string
  nullable    = false
}

variable "alarm_email" {
  description = "Who gets the alarms by mail; null for nobody."
  type        = string
}

variable "max_error_rate" {
  description = "Share of documents with a processing fault, 0 to 1, above which the alarm is raised."
  type        = number
  nullable    = false
}

variable "manage_processing_logs" {
  description = "Whether to own the log group of all processing jobs of the account and region."
  type        = bool
  nullable    = false
}

variable "processing_logs_expiration" {
  description = "Days that the jobs' logs are kept, where their group is owned."
  type        = number
  nullable    = false
}

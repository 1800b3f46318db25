# ---- what the command line and `make` read ---------------------------------------------------------------------

output "region" {
  description = "Region of the deployment."
  value       = var.region
}

output "name_prefix" {
  description = "First part of every name of the deployment."
  value       = var.name_prefix
}

output "input_bucket" {
  description = "Where the documents lie."
  value       = module.storage.input_bucket
}

output "output_bucket" {
  description = "Where pages, ledger, images and reports are written."
  value       = module.storage.output_bucket
}

output "state_machine_arn" {
  description = "What runs are executions of."
  value       = module.workflow.state_machine_arn
}

output "planner_role_arn" {
  description = "Role of the planning job."
  value       = module.access.role_arns["planner"]
}

output "worker_role_arn" {
  description = "Role of the jobs that read documents."
  value       = module.access.role_arns["worker"]
}

output "reporter_role_arn" {
  description = "Role of the reporting job."
  value       = module.access.role_arns["reporter"]
}

output "people_policies" {
  description = "IAM policy documents for people, as JSON: run, for who starts, follows and stops runs; read, for who reads results. Attach them to whom you like."
  value       = module.access.people_policies
}

# ---- the image: `make build-image push-image` reads these ------------------------------------------------------

output "ecr_repository_url" {
  description = "Where the image is pushed to."
  value       = module.registry.repository_url
}

output "image_tag" {
  description = "Hash of the image's sources."
  value       = local.image_tag
}

output "image_uri" {
  description = "The image that the deployed workflow runs."
  value       = module.registry.image_uri
}

# ---- where to look ---------------------------------------------------------------------------------------------

locals {
  console = lookup({
    aws        = "https://${var.region}.console.aws.amazon.com"
    aws-us-gov = "https://console.amazonaws-us-gov.com"
    aws-cn     = "https://console.amazonaws.cn"
  }, local.aws.partition, "https://console.${local.aws.dns_suffix}")
}

output "dashboard_url" {
  description = "The CloudWatch dashboard."
  value       = "${local.console}/cloudwatch/home?region=${var.region}#dashboards/dashboard/${module.monitoring.dashboard}"
}

output "console_links" {
  description = "Pages of the AWS console: the workflow's runs, its jobs, their logs, both buckets, the tables."
  value = {
    runs   = "${local.console}/states/home?region=${var.region}#/statemachines/view/${urlencode(module.workflow.state_machine_arn)}"
    jobs   = "${local.console}/sagemaker/home?region=${var.region}#/processing-jobs"
    logs   = "${local.console}/cloudwatch/home?region=${var.region}#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FProcessingJobs"
    input  = "${local.console}/s3/buckets/${module.storage.input_bucket}?region=${var.region}"
    output = "${local.console}/s3/buckets/${module.storage.output_bucket}?region=${var.region}"
    tables = "${local.console}/athena/home?region=${var.region}#/query-editor"
  }
}

output "alarm_topic_arn" {
  description = "Topic that alarms go to; subscribe what should hear of them."
  value       = module.monitoring.topic_arn
}

output "glue_database" {
  description = "Database of the tables."
  value       = module.catalog.database
}

output "athena_workgroup" {
  description = "Workgroup whose queries write to the output bucket."
  value       = module.catalog.workgroup
}

# The state machine: plan, one processing job per shard, report.

locals {
  network = var.vpc == null ? {} : {
    VpcConfig = {
      Subnets          = var.vpc.subnet_ids
      SecurityGroupIds = var.vpc.security_group_ids
    }
  }

  # Provisioning, image pull, download and upload come on top of the container's time.
  task_timeout_seconds = var.jobs.max_runtime_seconds + 1800

  # On every job: they are what costs. The run's id is in the state's data.
  tags = concat(
    [for key, value in merge({ Project = var.name_prefix }, var.tags) : { Key = key, Value = value }],
    [{ Key = "RunId", "Value.$" = "$.run_id" }],
  )

  definition = templatefile("${path.module}/state_machine.asl.yaml", {
    partition              = var.aws.partition
    region                 = var.aws.region
    name_prefix            = var.name_prefix
    output_bucket          = var.output_bucket
    kms_key_id             = var.kms_key_arn
    image_uri              = var.image_uri
    planner_role_arn       = var.role_arns["planner"]
    worker_role_arn        = var.role_arns["worker"]
    reporter_role_arn      = var.role_arns["reporter"]
    default_options        = var.default_options
    planner_instance_type  = var.jobs.planner_instance_type
    planner_volume_size_gb = var.jobs.planner_volume_size_gb
    volume_size_gb         = var.jobs.volume_size_gb
    max_runtime_seconds    = var.jobs.max_runtime_seconds
    task_timeout_seconds   = local.task_timeout_seconds
    run_timeout_seconds    = var.jobs.max_run_days * 86400
    volume_encryption      = jsonencode(var.jobs.volume_kms_key_arn == null ? {} : { VolumeKmsKeyId = var.jobs.volume_kms_key_arn })
    tags                   = jsonencode(local.tags)
    # Planner and reporter talk to S3, so they are never isolated.
    planner_network = jsonencode(merge({ EnableNetworkIsolation = false }, local.network))
    worker_network  = jsonencode(merge({ EnableNetworkIsolation = var.jobs.network_isolation }, local.network))
  })
}

resource "aws_sfn_state_machine" "pipeline" {
  #checkov:skip=CKV_AWS_284:A trace of jobs that take an hour shows nothing that the execution's history does not.
  #checkov:skip=CKV_AWS_285:Errors are logged; the data of executions may hold names of documents and stays out of the logs.
  name       = var.name_prefix
  type       = "STANDARD"
  role_arn   = var.role_arns["state_machine"]
  definition = jsonencode(yamldecode(local.definition))

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.state_machine.arn}:*"
  }
}

# Under /aws/vendedlogs/ the account's policy for log delivery does not grow with every state machine.
resource "aws_cloudwatch_log_group" "state_machine" {
  name              = "/aws/vendedlogs/states/${var.name_prefix}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_days
}

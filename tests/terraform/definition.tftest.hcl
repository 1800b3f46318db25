# The workflow as Terraform renders it, with nothing but a mocked provider. The executions themselves are tested in
# tests/integration.

mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults        = { arn = "arn:aws:logs:us-west-2:123456789012:log-group:/aws/vendedlogs/states/ocr" }
    override_during = plan
  }

  mock_resource "aws_sfn_state_machine" {
    defaults        = { arn = "arn:aws:states:us-west-2:123456789012:stateMachine:ocr" }
    override_during = plan
  }
}

variables {
  aws             = { account_id = "123456789012", partition = "aws", dns_suffix = "amazonaws.com", region = "us-west-2" }
  name_prefix     = "ocr"
  image_uri       = "123456789012.dkr.ecr.us-west-2.amazonaws.com/ocr:0123456789abcdef"
  input_bucket    = "in"
  output_bucket   = "out"
  kms_key_arn     = "arn:aws:kms:us-west-2:123456789012:key/1"
  default_options = "{\"planned\":false,\"max_parallel_jobs\":10}"
  tags            = {}
  jobs = {
    volume_size_gb         = 50
    max_runtime_seconds    = 7200
    planner_instance_type  = "ml.t3.medium"
    planner_volume_size_gb = 20
    network_isolation      = true
    max_run_days           = 30
  }
  vpc                = null
  schedule           = null
  s3_trigger         = null
  log_retention_days = 90
  role_arns = {
    state_machine = "arn:aws:iam::123456789012:role/ocr-state-machine"
    planner       = "arn:aws:iam::123456789012:role/ocr-planner"
    worker        = "arn:aws:iam::123456789012:role/ocr-worker"
    reporter      = "arn:aws:iam::123456789012:role/ocr-reporter"
    trigger       = "arn:aws:iam::123456789012:role/ocr-trigger"
  }
}

run "each_job_has_its_own_role" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.PlanShards.Parameters.RoleArn == var.role_arns["planner"]
    error_message = "The planning job must run as the planner."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters.RoleArn == var.role_arns["worker"]
    error_message = "A shard's job must run as the worker."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ReportRun.Parameters.RoleArn == var.role_arns["reporter"]
    error_message = "The reporting job must run as the reporter."
  }
  assert {
    condition     = aws_sfn_state_machine.pipeline.role_arn == var.role_arns["state_machine"]
    error_message = "The state machine must run as its own role."
  }
}

run "what_opens_documents_is_cut_off_and_what_writes_plans_is_not" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters.NetworkConfig == { EnableNetworkIsolation = true }
    error_message = "A shard's job must be isolated, and in no VPC unless one is given."
  }
  assert {
    condition = alltrue([
      for state in ["PlanShards", "ReportRun"] :
      jsondecode(aws_sfn_state_machine.pipeline.definition).States[state].Parameters.NetworkConfig == { EnableNetworkIsolation = false }
    ])
    error_message = "Planner and reporter talk to S3: isolated, they could not."
  }
}

run "jobs_join_the_vpc_that_is_given" {
  command = plan
  module { source = "./modules/workflow" }

  variables {
    vpc = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = alltrue([
      for network in [
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.PlanShards.Parameters.NetworkConfig,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ReportRun.Parameters.NetworkConfig,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters.NetworkConfig,
      ] : network.VpcConfig == { Subnets = ["subnet-1", "subnet-2"], SecurityGroupIds = ["sg-1"] }
    ])
    error_message = "All three jobs must join the VPC."
  }
}

run "numbers_stay_numbers_and_environment_values_stay_text" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition = jsonencode(jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters.ProcessingResources) == jsonencode({
      ClusterConfig = { InstanceCount = 1, "InstanceType.$" = "$.instance_type", VolumeSizeInGB = 50 }
    })
    error_message = "Instance count and volume size must be numbers."
  }
  assert {
    condition     = jsonencode(jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters.Environment.OCR_MAX_RUNTIME_SECONDS) == "\"7200\""
    error_message = "SageMaker takes text only as environment values."
  }
}

run "a_job_has_time_for_what_comes_before_and_after_its_container" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.TimeoutSeconds == 9000
    error_message = "The task's timeout must be the container's limit and half an hour."
  }
}

run "every_job_runs_the_given_image" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition = alltrue([
      for parameters in [
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.PlanShards.Parameters,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ReportRun.Parameters,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters,
      ] : parameters.AppSpecification.ImageUri == var.image_uri
    ])
    error_message = "Planner, worker and reporter are one image."
  }
}

run "every_job_carries_the_deployments_tags_and_the_runs_id" {
  command = plan
  module { source = "./modules/workflow" }

  variables {
    tags = { CostCentre = "1234" }
  }

  assert {
    condition = alltrue([
      for parameters in [
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.PlanShards.Parameters,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ReportRun.Parameters,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.CheckDownloads.Parameters,
        ] : jsonencode(parameters.Tags) == jsonencode([
          { Key = "CostCentre", Value = "1234" }, { Key = "Project", Value = "ocr" }, { Key = "RunId", "Value.$" = "$.run_id" },
      ])
    ])
    error_message = "The jobs are what costs: they need the tags that the bill is split by."
  }
}

run "disks_have_a_key_only_where_one_is_given" {
  command = plan
  module { source = "./modules/workflow" }

  variables {
    jobs = {
      volume_size_gb         = 50
      max_runtime_seconds    = 7200
      planner_instance_type  = "ml.t3.medium"
      planner_volume_size_gb = 20
      network_isolation      = true
      max_run_days           = 3
      volume_kms_key_arn     = "arn:aws:kms:us-west-2:123456789012:key/disk"
    }
  }

  assert {
    condition = alltrue([
      for resources in [
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.PlanShards.Parameters.ProcessingResources,
        jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters.ProcessingResources,
      ] : resources.ClusterConfig.VolumeKmsKeyId == "arn:aws:kms:us-west-2:123456789012:key/disk"
    ])
    error_message = "The documents' disk must be encrypted with the given key."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).TimeoutSeconds == 3 * 86400
    error_message = "A run ends after max_run_days, whatever it waits for."
  }
}

run "results_are_encrypted_with_the_deployments_key" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.States.ProcessShard.Parameters.ProcessingOutputConfig.KmsKeyId == var.kms_key_arn
    error_message = "Without a key SageMaker takes the account's default key."
  }
}

run "shards_are_distributed_retried_in_the_child_and_tolerated" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ItemProcessor.ProcessorConfig == { Mode = "DISTRIBUTED", ExecutionType = "STANDARD" }
    error_message = "Only standard children can wait for jobs."
  }
  assert {
    condition     = !can(jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.Retry)
    error_message = "A retry on the Map would run every shard again."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ToleratedFailureCountPath == "$.read.plan.tolerated_failed_shards" && !can(jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.ToleratedFailurePercentagePath)
    error_message = "Without tolerance one failed shard aborts all others."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.pipeline.definition).States.ProcessShards.MaxConcurrencyPath == "$.read.plan.max_concurrency"
    error_message = "Without a limit the Map starts 10,000 jobs at once."
  }
}

run "the_state_machine_logs_errors_but_no_data" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition     = one(aws_sfn_state_machine.pipeline.logging_configuration).log_destination == "arn:aws:logs:us-west-2:123456789012:log-group:/aws/vendedlogs/states/ocr:*"
    error_message = "Step Functions refuses a log group's ARN without :* at its end."
  }
  assert {
    condition     = one(aws_sfn_state_machine.pipeline.logging_configuration).level == "ERROR" && !one(aws_sfn_state_machine.pipeline.logging_configuration).include_execution_data
    error_message = "Errors are logged, names of documents are not."
  }
}

# ---- what starts runs by itself --------------------------------------------------------------------------------

run "nothing_starts_by_itself" {
  command = plan
  module { source = "./modules/workflow" }

  assert {
    condition     = length(aws_cloudwatch_event_rule.schedule) == 0 && length(aws_cloudwatch_event_rule.s3_trigger) == 0 && length(aws_sqs_queue.undelivered) == 0
    error_message = "Both triggers are off by default."
  }
}

run "a_schedule_starts_runs_over_its_prefix" {
  command = plan
  module { source = "./modules/workflow" }

  variables {
    schedule = { expression = "rate(1 day)", input_prefix = "scans/" }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_target.run["schedule"].input) == { input_prefix = "s3://in/scans/", may_be_empty = true }
    error_message = "The run must read the schedule's prefix, and an empty one must not fail."
  }
  assert {
    condition     = aws_cloudwatch_event_target.run["schedule"].role_arn == var.role_arns["trigger"]
    error_message = "EventBridge starts runs as the trigger."
  }
}

run "a_markers_suffix_is_no_pattern" {
  command = plan
  module { source = "./modules/workflow" }

  variables {
    s3_trigger = { input_prefix = "scans/", suffix = ".[done] ?" }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_target.run["s3-trigger"].input).exclude[0] == "**/*.\\[done\\]\\ \\?"
    error_message = "Documents whose names end in d, o, n or e are no markers."
  }
}

run "a_marker_object_starts_a_run_over_its_prefix" {
  command = plan
  module { source = "./modules/workflow" }

  variables {
    s3_trigger = { input_prefix = "scans/", suffix = "_READY" }
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.s3_trigger[0].event_pattern).detail == {
      bucket = { name = ["in"] }
      object = { key = [{ wildcard = "scans/*_READY" }] }
    }
    error_message = "Only objects of the input bucket with prefix and suffix may start a run."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_target.run["s3-trigger"].input) == {
      input_prefix = "s3://in/scans/"
      may_be_empty = true
      exclude      = ["**/*_READY", "!**/*_READY/**"]
    }
    error_message = "The run must read the whole prefix, except markers."
  }
  assert {
    condition     = length(aws_cloudwatch_event_target.run["s3-trigger"].dead_letter_config) == 1 && one(aws_cloudwatch_event_target.run["s3-trigger"].retry_policy).maximum_retry_attempts == 60
    error_message = "An event that starts no run must be tried again, and then kept."
  }
  assert {
    condition     = aws_sqs_queue.undelivered[0].kms_master_key_id == var.kms_key_arn
    error_message = "The queue names documents' prefixes: it is encrypted."
  }
}

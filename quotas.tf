# Before any money is spent: do the account's quotas allow the jobs? New accounts have none for most instance types.
#
# These warn; they never block, not even without the permission to ask. They are asked in every plan, which therefore
# lists data sources to read even when nothing changes. A run asks again, because its options may differ.

locals {
  # Quota => what this deployment needs of it.
  quotas = {
    instance_type = { name = "${var.run.instance_type} for processing job usage", needed = var.run.max_parallel_jobs, by = "run.max_parallel_jobs" }
    planner_type  = { name = "${var.jobs.planner_instance_type} for processing job usage", needed = 1, by = "the planning job" }
    all_instances = { name = "Number of instances across all processing jobs", needed = var.run.max_parallel_jobs, by = "run.max_parallel_jobs" }
    volume_size   = { name = "Size of EBS volume for a processing job instance", needed = max(var.jobs.volume_size_gb, var.jobs.planner_volume_size_gb), by = "jobs.volume_size_gb" }
    run_time      = { name = "Longest run time for a processing job", needed = var.jobs.max_runtime_seconds, by = "jobs.max_runtime_seconds" }
  }

  raise = "aws service-quotas request-service-quota-increase --region ${var.region} --service-code sagemaker"
}

check "quota_instance_type" {
  data "aws_servicequotas_service_quota" "instance_type" {
    service_code = "sagemaker"
    quota_name   = local.quotas.instance_type.name
  }

  assert {
    condition = data.aws_servicequotas_service_quota.instance_type.value >= local.quotas.instance_type.needed
    error_message = join(" ", [
      "The quota '${local.quotas.instance_type.name}' in ${var.region} is ${data.aws_servicequotas_service_quota.instance_type.value},",
      "but ${local.quotas.instance_type.by} needs ${local.quotas.instance_type.needed}. Jobs over the quota wait; with a quota of 0 none ever starts.",
      "Raise it: ${local.raise} --quota-code ${data.aws_servicequotas_service_quota.instance_type.quota_code} --desired-value ${local.quotas.instance_type.needed}",
    ])
  }
}

check "quota_planner_type" {
  data "aws_servicequotas_service_quota" "planner_type" {
    service_code = "sagemaker"
    quota_name   = local.quotas.planner_type.name
  }

  assert {
    condition = data.aws_servicequotas_service_quota.planner_type.value >= local.quotas.planner_type.needed
    error_message = join(" ", [
      "The quota '${local.quotas.planner_type.name}' in ${var.region} is ${data.aws_servicequotas_service_quota.planner_type.value},",
      "but ${local.quotas.planner_type.by} needs ${local.quotas.planner_type.needed}. Jobs over the quota wait; with a quota of 0 none ever starts.",
      "Raise it: ${local.raise} --quota-code ${data.aws_servicequotas_service_quota.planner_type.quota_code} --desired-value ${local.quotas.planner_type.needed}",
    ])
  }
}

check "quota_all_instances" {
  data "aws_servicequotas_service_quota" "all_instances" {
    service_code = "sagemaker"
    quota_name   = local.quotas.all_instances.name
  }

  assert {
    condition = data.aws_servicequotas_service_quota.all_instances.value >= local.quotas.all_instances.needed
    error_message = join(" ", [
      "The quota '${local.quotas.all_instances.name}' in ${var.region} is ${data.aws_servicequotas_service_quota.all_instances.value},",
      "but ${local.quotas.all_instances.by} needs ${local.quotas.all_instances.needed}. Jobs over the quota wait; with a quota of 0 none ever starts.",
      "Raise it: ${local.raise} --quota-code ${data.aws_servicequotas_service_quota.all_instances.quota_code} --desired-value ${local.quotas.all_instances.needed}",
    ])
  }
}

check "quota_volume_size" {
  data "aws_servicequotas_service_quota" "volume_size" {
    service_code = "sagemaker"
    quota_name   = local.quotas.volume_size.name
  }

  assert {
    condition = data.aws_servicequotas_service_quota.volume_size.value >= local.quotas.volume_size.needed
    error_message = join(" ", [
      "The quota '${local.quotas.volume_size.name}' in ${var.region} is ${data.aws_servicequotas_service_quota.volume_size.value},",
      "but ${local.quotas.volume_size.by} needs ${local.quotas.volume_size.needed}. SageMaker refuses such a job.",
      "Raise it: ${local.raise} --quota-code ${data.aws_servicequotas_service_quota.volume_size.quota_code} --desired-value ${local.quotas.volume_size.needed}",
    ])
  }
}

check "quota_run_time" {
  data "aws_servicequotas_service_quota" "run_time" {
    service_code = "sagemaker"
    quota_name   = local.quotas.run_time.name
  }

  assert {
    condition = data.aws_servicequotas_service_quota.run_time.value >= local.quotas.run_time.needed
    error_message = join(" ", [
      "The quota '${local.quotas.run_time.name}' in ${var.region} is ${data.aws_servicequotas_service_quota.run_time.value},",
      "but ${local.quotas.run_time.by} needs ${local.quotas.run_time.needed}. SageMaker refuses such a job.",
      "Raise it: ${local.raise} --quota-code ${data.aws_servicequotas_service_quota.run_time.quota_code} --desired-value ${local.quotas.run_time.needed}",
    ])
  }
}

# Every quota that binds is looked at. A warning each, and the plan goes on.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_servicequotas_service_quota" {
    defaults = { value = 0, quota_code = "L-1" }
  }
}

run "every_quota_that_binds_is_named_before_a_deployment" {
  command = plan

  expect_failures = [
    check.quota_instance_type,
    check.quota_planner_type,
    check.quota_all_instances,
    check.quota_volume_size,
    check.quota_run_time,
  ]
}

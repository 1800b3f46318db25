# Alarms, the topic and the dashboard.

provider "aws" {
  region                      = "us-west-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_resource {
  target          = aws_sns_topic.alarms
  values          = { arn = "arn:aws:sns:us-west-2:123456789012:ocr-alarms" }
  override_during = plan
}

variables {
  aws                        = { account_id = "123456789012", partition = "aws", region = "us-west-2" }
  name_prefix                = "ocr"
  state_machine_arn          = "arn:aws:states:us-west-2:123456789012:stateMachine:ocr"
  kms_key_arn                = "arn:aws:kms:us-west-2:123456789012:key/1"
  alarm_email                = null
  max_error_rate             = 0.05
  manage_processing_logs     = false
  processing_logs_expiration = 90
}

run "runs_that_fail_time_out_or_are_aborted_raise_an_alarm" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.executions :
      alarm.metric_name == name && alarm.namespace == "AWS/States" && alarm.statistic == "Sum" && alarm.threshold == 0 &&
      alarm.dimensions == tomap({ StateMachineArn = var.state_machine_arn }) &&
      alarm.treat_missing_data == "notBreaching" && alarm.alarm_actions == toset(["arn:aws:sns:us-west-2:123456789012:ocr-alarms"])
    ])
    error_message = "One bad end is enough, and no run is no alarm."
  }
  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.executions) == ["ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"]
    error_message = "Each way to end badly has an alarm."
  }
}

run "the_error_rate_alarm_has_the_runs_limit_in_percent" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.error_rate.threshold == 5 && aws_cloudwatch_metric_alarm.error_rate.statistic == "Maximum" &&
      aws_cloudwatch_metric_alarm.error_rate.dimensions == tomap({ Pipeline = "ocr" })
    )
    error_message = "The metric is in percent, per pipeline."
  }
}

run "failed_and_stopped_jobs_are_told_to_the_topic" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.failed_jobs.event_pattern) == {
      source      = ["aws.sagemaker"]
      detail-type = ["SageMaker Processing Job State Change"]
      detail      = { ProcessingJobStatus = ["Failed", "Stopped"], ProcessingJobName = [{ prefix = "ocr-" }] }
    }
    error_message = "Only jobs of this deployment that ended badly."
  }
  assert {
    condition     = aws_cloudwatch_event_target.failed_jobs.arn == aws_sns_topic.alarms.arn
    error_message = "The topic must hear of them."
  }
}

run "the_topic_lets_cloudwatch_and_eventbridge_publish" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition = [
      for statement in jsondecode(data.aws_iam_policy_document.topic.json).Statement : statement.Principal.Service if can(statement.Principal.Service)
    ] == ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    error_message = "A policy of one's own must name both services."
  }
  assert {
    condition     = anytrue([for statement in jsondecode(data.aws_iam_policy_document.topic.json).Statement : can(statement.Principal.AWS) && contains(flatten([statement.Action]), "sns:Subscribe")])
    error_message = "The account must still manage its topic."
  }
  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == var.kms_key_arn
    error_message = "With AWS's own key neither service could publish."
  }
}

run "an_address_is_subscribed_where_one_is_given" {
  command = plan
  module { source = "./modules/monitoring" }

  variables {
    alarm_email = "ops@example.org"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "ops@example.org"
    error_message = "The address must get the alarms."
  }
}

run "the_shared_log_group_is_left_alone" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition     = length(aws_cloudwatch_log_group.jobs) == 0
    error_message = "It belongs to all processing jobs of the account."
  }
}

run "every_widget_of_the_dashboard_names_its_region" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.pipeline.dashboard_body).widgets : widget.properties.region == "us-west-2"])
    error_message = "Without a region CloudWatch refuses the dashboard."
  }
  assert {
    condition = alltrue([
      for name in ["DocumentsProcessed", "ProcessingTime", "ErrorRate", "InstanceUtilization"] :
      strcontains(aws_cloudwatch_dashboard.pipeline.dashboard_body, "[\"DistributedOCRPipeline\",\"${name}\",\"Pipeline\",\"ocr\"]")
    ])
    error_message = "The four metrics of the jobs must be on it."
  }
}

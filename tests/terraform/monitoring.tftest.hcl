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
  aws                        = { account_id = "123456789012", partition = "aws", dns_suffix = "amazonaws.com", region = "us-west-2" }
  name_prefix                = "ocr"
  state_machine_arn          = "arn:aws:states:us-west-2:123456789012:stateMachine:ocr"
  trigger_rules              = []
  undelivered_queue          = null
  kms_key_arn                = "arn:aws:kms:us-west-2:123456789012:key/1"
  alarm_email                = null
  max_error_rate             = 0.05
  manage_processing_logs     = false
  processing_logs_expiration = 90
}

run "runs_and_shards_that_end_badly_raise_an_alarm_and_its_end_is_told" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.count :
      alarm.namespace == "AWS/States" && alarm.statistic == "Sum" && alarm.threshold == 0 && alarm.treat_missing_data == "notBreaching" &&
      alarm.alarm_actions == toset(["arn:aws:sns:us-west-2:123456789012:ocr-alarms"]) && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "One bad end is enough, and no run is no alarm."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.count["ExecutionsAborted"].alarm_description, "`ocr-pipeline stop`")
    error_message = "The mail about an aborted run says how to stop the jobs that it left."
  }
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.count : name => "${alarm.metric_name} ${alarm.dimensions.StateMachineArn}" } == {
      ExecutionsAborted  = "ExecutionsAborted ${var.state_machine_arn}"
      ExecutionsFailed   = "ExecutionsFailed ${var.state_machine_arn}"
      ExecutionsTimedOut = "ExecutionsTimedOut ${var.state_machine_arn}"
      ShardsFailed       = "ExecutionsFailed ${var.state_machine_arn}/ProcessShards"
    }
    error_message = "Each way to end badly has an alarm; a shard is a child execution of the Map."
  }
}

run "events_that_start_nothing_raise_an_alarm" {
  command = plan
  module { source = "./modules/monitoring" }

  variables {
    trigger_rules     = ["ocr-s3-trigger"]
    undelivered_queue = "ocr-undelivered"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.count["NotStarted-ocr-s3-trigger"].metric_name == "FailedInvocations" && aws_cloudwatch_metric_alarm.count["NotStarted-ocr-s3-trigger"].dimensions == tomap({ RuleName = "ocr-s3-trigger" })
    error_message = "A trigger that fails is otherwise silent."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.count["Undelivered"].dimensions == tomap({ QueueName = "ocr-undelivered" })
    error_message = "An event in the queue is a run that did not happen."
  }
}

run "the_error_rate_is_that_of_all_documents_and_not_of_the_worst_shard" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition     = aws_cloudwatch_metric_alarm.error_rate.threshold == 5 && one([for query in aws_cloudwatch_metric_alarm.error_rate.metric_query : query.expression if query.return_data == true]) == "100 * FILL(errors, 0) / documents"
    error_message = "In percent: documents with a fault, of all documents."
  }
  assert {
    condition = { for query in aws_cloudwatch_metric_alarm.error_rate.metric_query : query.id => "${one(query.metric).stat} ${one(query.metric).metric_name}" if length(query.metric) > 0 } == {
      documents = "Sum DocumentsProcessed"
      errors    = "Sum ProcessingErrors"
    }
    error_message = "Sums over the hour: the maximum of a shard's rate makes one document of ten an alarm."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.error_rate.ok_actions) == 1 && aws_cloudwatch_metric_alarm.error_rate.ok_actions == aws_cloudwatch_metric_alarm.error_rate.alarm_actions
    error_message = "Who hears of it hears of its end."
  }
}

run "the_topic_lets_this_accounts_alarms_publish_and_nobody_else" {
  command = plan
  module { source = "./modules/monitoring" }

  assert {
    condition = [
      for statement in jsondecode(data.aws_iam_policy_document.topic.json).Statement : statement.Principal.Service if can(statement.Principal.Service)
    ] == ["cloudwatch.amazonaws.com"]
    error_message = "Without a condition, which EventBridge cannot meet, rules of any account could publish."
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
      for name in ["DocumentsProcessed", "ProcessingErrors", "ProcessingTime", "ErrorRate", "InstanceUtilization"] :
      strcontains(aws_cloudwatch_dashboard.pipeline.dashboard_body, "[\"DistributedOCRPipeline\",\"${name}\",\"Pipeline\",\"ocr\"]")
    ])
    error_message = "The metrics of the jobs must be on it."
  }
  assert {
    condition = [
      for widget in jsondecode(aws_cloudwatch_dashboard.pipeline.dashboard_body).widgets :
      strcontains(widget.properties.title, "whose names begin with ocr") if strcontains(jsonencode(widget), "SEARCH")
    ] == [true, true]
    error_message = "A search takes in the jobs of a neighbour named ocr-eu: the title says so."
  }
}

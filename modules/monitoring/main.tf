# Who hears of trouble, and what counts as trouble. The dashboard is in dashboard.tf.

locals {
  # What the jobs write as embedded metric format; the same name stands in metrics.py.
  metrics_namespace = "DistributedOCRPipeline"
  job_log_group     = "/aws/sagemaker/ProcessingJobs"

  # From its name, so that a plan shows the topic's policy in full.
  topic_arn = "arn:${var.aws.partition}:sns:${var.aws.region}:${var.aws.account_id}:${aws_sns_topic.alarms.name}"

  execution_alarms = {
    ExecutionsFailed   = "A run failed. Its execution's error says why."
    ExecutionsTimedOut = "A run timed out."
    ExecutionsAborted  = "A run was aborted; look for jobs that still run."
  }
}

# ---- the topic -------------------------------------------------------------------------------------------------

resource "aws_sns_topic" "alarms" {
  name              = "${var.name_prefix}-alarms"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.topic.json
}

data "aws_iam_policy_document" "topic" {
  # A policy of one's own replaces the default: without this the account could no longer manage its topic.
  statement {
    sid = "AccountThroughItsRoles"
    actions = [
      "sns:AddPermission",
      "sns:DeleteTopic",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
      "sns:Publish",
      "sns:RemovePermission",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
    ]
    resources = [local.topic_arn]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.aws.partition}:iam::${var.aws.account_id}:root"]
    }
  }

  statement {
    sid       = "Alarms"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.aws.partition}:cloudwatch:${var.aws.region}:${var.aws.account_id}:alarm:*"]
    }
  }

  # EventBridge cannot meet a condition in the policy of a topic: with one its messages would vanish.
  statement {
    sid       = "Events"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

# ---- runs that ended badly -------------------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "executions" {
  for_each = local.execution_alarms

  alarm_name          = "${var.name_prefix}-${each.key}"
  alarm_description   = each.value
  namespace           = "AWS/States"
  metric_name         = each.key
  dimensions          = { StateMachineArn = var.state_machine_arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

# ---- documents that fail by the pipeline's own fault -----------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  alarm_name          = "${var.name_prefix}-ErrorRate"
  alarm_description   = "In a shard, more documents than max_error_rate failed by a fault of the processing: timeouts, memory, crashes."
  namespace           = local.metrics_namespace
  metric_name         = "ErrorRate"
  dimensions          = { Pipeline = var.name_prefix }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 100 * var.max_error_rate
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

# ---- jobs that failed or were stopped --------------------------------------------------------------------------

resource "aws_cloudwatch_event_rule" "failed_jobs" {
  name        = "${var.name_prefix}-failed-jobs"
  description = "Processing jobs of ${var.name_prefix} that failed or were stopped"

  event_pattern = jsonencode({
    source      = ["aws.sagemaker"]
    detail-type = ["SageMaker Processing Job State Change"]
    detail = {
      ProcessingJobStatus = ["Failed", "Stopped"]
      ProcessingJobName   = [{ prefix = "${var.name_prefix}-" }]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed_jobs" {
  rule = aws_cloudwatch_event_rule.failed_jobs.name
  arn  = aws_sns_topic.alarms.arn

  input_transformer {
    input_paths = {
      job    = "$.detail.ProcessingJobName"
      status = "$.detail.ProcessingJobStatus"
      reason = "$.detail.FailureReason"
    }
    input_template = "\"Job <job>: <status>. <reason> Its log: ${local.job_log_group}, stream <job>.\""
  }
}

# ---- the jobs' log group, which all processing jobs of the account share ---------------------------------------

resource "aws_cloudwatch_log_group" "jobs" {
  #checkov:skip=CKV_AWS_158:The group is shared by all processing jobs of the account; its key is not this deployment's to choose.
  count = var.manage_processing_logs ? 1 : 0

  name              = local.job_log_group
  retention_in_days = var.processing_logs_expiration
  skip_destroy      = true
}

# Who hears of trouble, and what counts as trouble. The dashboard is in dashboard.tf.

locals {
  # What the jobs write as embedded metric format; the same name stands in metrics.py.
  metrics_namespace = "DistributedOCRPipeline"
  job_log_group     = "/aws/sagemaker/ProcessingJobs"

  # From its name, so that a plan shows the topic's policy in full.
  topic_arn = "arn:${var.aws.partition}:sns:${var.aws.region}:${var.aws.account_id}:${aws_sns_topic.alarms.name}"

  # What is counted, and should be 0: one alarm each. Of failed jobs there is none: the workflow tries them again, and a
  # mail for every attempt would hide the one that matters.
  executions = {
    ExecutionsFailed   = "A run failed. Its execution's error says why; docs/errors.md says what to do."
    ExecutionsTimedOut = "A run reached jobs.max_run_days. Start it again: what is finished is kept."
    ExecutionsAborted  = "A run was aborted. `ocr-pipeline stop` without a name stops jobs that it left."
  }

  counts = merge(
    {
      for metric, description in local.executions : metric => {
        description = description
        namespace   = "AWS/States"
        metric      = metric
        dimensions  = { StateMachineArn = var.state_machine_arn }
        statistic   = "Sum"
      }
    },
    {
      ShardsFailed = {
        description = "A shard was given up after its attempts; the others go on. runs/<run_id>/failed/ in the output bucket says why."
        namespace   = "AWS/States"
        metric      = "ExecutionsFailed"
        dimensions  = { StateMachineArn = "${var.state_machine_arn}/ProcessShards" }
        statistic   = "Sum"
      }
    },
    {
      for rule in var.trigger_rules : "NotStarted-${rule}" => {
        description = "The rule ${rule} could not start a run."
        namespace   = "AWS/Events"
        metric      = "FailedInvocations"
        dimensions  = { RuleName = rule }
        statistic   = "Sum"
      }
    },
    var.undelivered_queue == null ? {} : {
      Undelivered = {
        description = "Events that should have started a run wait in the queue ${var.undelivered_queue}. Start the run by hand, then empty it."
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = var.undelivered_queue }
        statistic   = "Maximum"
      }
    },
  )
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
}

# ---- runs, shards and triggers that ended badly -----------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "count" {
  for_each = local.counts

  alarm_name          = "${var.name_prefix}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# ---- documents that fail by the pipeline's own fault -----------------------------------------------------------

# Over all shards that ended within the hour, so that one document of a small shard is no alarm. A shard that died writes
# no metric; the alarm for failed shards is for those.
resource "aws_cloudwatch_metric_alarm" "error_rate" {
  alarm_name          = "${var.name_prefix}-ErrorRate"
  alarm_description   = "More documents than max_error_rate failed by a fault of the processing: timeouts, memory, crashes."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 100 * var.max_error_rate
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "rate"
    expression  = "100 * FILL(errors, 0) / documents"
    label       = "Documents with a processing fault, %"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "ProcessingErrors", documents = "DocumentsProcessed" }

    content {
      id = metric_query.key

      metric {
        namespace   = local.metrics_namespace
        metric_name = metric_query.value
        dimensions  = { Pipeline = var.name_prefix }
        stat        = "Sum"
        period      = 3600
      }
    }
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

# What starts runs by itself: a schedule, an S3 event; both only where asked for. Two that meet over one prefix do not
# work twice: the workflow takes turns.

locals {
  triggers = merge(
    var.schedule == null ? {} : { schedule = var.schedule.input_prefix },
    var.s3_trigger == null ? {} : { s3-trigger = var.s3_trigger.input_prefix },
  )

  # As in a .gitignore, in which a pattern that matches a folder takes all of it: the second gives its documents back.
  marker          = var.s3_trigger == null ? "" : "**/*${replace(var.s3_trigger.suffix, "/([][? ])/", "\\$1")}"
  without_markers = var.s3_trigger == null ? {} : { exclude = [local.marker, "!${local.marker}/**"] }

  rules = merge(
    { for rule in aws_cloudwatch_event_rule.schedule : "schedule" => rule },
    { for rule in aws_cloudwatch_event_rule.s3_trigger : "s3-trigger" => rule },
  )
}

resource "aws_cloudwatch_event_rule" "schedule" {
  count = var.schedule == null ? 0 : 1

  name                = "${var.name_prefix}-schedule"
  description         = "Starts a run over s3://${var.input_bucket}/${var.schedule.input_prefix}"
  schedule_expression = var.schedule.expression
}

resource "aws_cloudwatch_event_rule" "s3_trigger" {
  count = var.s3_trigger == null ? 0 : 1

  name        = "${var.name_prefix}-s3-trigger"
  description = "Starts a run when ${var.s3_trigger.input_prefix}*${var.s3_trigger.suffix} is put into ${var.input_bucket}"

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [var.input_bucket] }
      object = { key = [{ wildcard = "${var.s3_trigger.input_prefix}*${var.s3_trigger.suffix}" }] }
    }
  })
}

# The run reads the whole prefix, not the object: what has an up-to-date result is not read again. A prefix that holds
# nothing, or nothing but markers, is nothing to do. Markers are no documents: each time one is put it is new.
resource "aws_cloudwatch_event_target" "run" {
  for_each = local.triggers

  rule     = local.rules[each.key].name
  arn      = aws_sfn_state_machine.pipeline.arn
  role_arn = var.role_arns["trigger"]
  input    = jsonencode(merge({ input_prefix = "s3://${var.input_bucket}/${each.value}", may_be_empty = true }, local.without_markers))

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 60
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered[0].arn
  }
}

# ---- events that started nothing -------------------------------------------------------------------------------

resource "aws_sqs_queue" "undelivered" {
  count = length(local.triggers) == 0 ? 0 : 1

  name                      = "${var.name_prefix}-undelivered"
  kms_master_key_id         = var.kms_key_arn
  message_retention_seconds = 14 * 86400
}

data "aws_iam_policy_document" "undelivered" {
  count = length(local.triggers) == 0 ? 0 : 1

  statement {
    sid       = "RulesOfThisDeployment"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.undelivered[0].arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in local.rules : rule.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "undelivered" {
  count = length(local.triggers) == 0 ? 0 : 1

  queue_url = aws_sqs_queue.undelivered[0].id
  policy    = data.aws_iam_policy_document.undelivered[0].json
}

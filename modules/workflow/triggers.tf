# What starts runs by itself: a schedule, an S3 event; both only where configured.

resource "aws_cloudwatch_event_rule" "schedule" {
  count = var.schedule == null ? 0 : 1

  name                = "${var.name_prefix}-schedule"
  description         = "Starts a run over s3://${var.input_bucket}/${var.schedule.input_prefix}"
  schedule_expression = var.schedule.expression
}

resource "aws_cloudwatch_event_target" "schedule" {
  count = var.schedule == null ? 0 : 1

  rule     = aws_cloudwatch_event_rule.schedule[0].name
  arn      = aws_sfn_state_machine.pipeline.arn
  role_arn = var.role_arns["trigger"]
  input    = jsonencode({ input_prefix = "s3://${var.input_bucket}/${var.schedule.input_prefix}" })
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

# The run reads the whole prefix, not the object: what has an up-to-date result is not read again.
resource "aws_cloudwatch_event_target" "s3_trigger" {
  count = var.s3_trigger == null ? 0 : 1

  rule     = aws_cloudwatch_event_rule.s3_trigger[0].name
  arn      = aws_sfn_state_machine.pipeline.arn
  role_arn = var.role_arns["trigger"]
  input    = jsonencode({ input_prefix = "s3://${var.input_bucket}/${var.s3_trigger.input_prefix}" })
}

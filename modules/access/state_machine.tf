data "aws_iam_policy_document" "state_machine" {
  statement {
    sid       = "RunJobs"
    actions   = ["sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"]
    resources = local.job_arns
  }

  # Creating a job with tags is refused without these two.
  statement {
    sid       = "TagJobs"
    actions   = ["sagemaker:AddTags", "sagemaker:ListTags"]
    resources = local.job_arns
  }

  statement {
    sid       = "GiveJobsTheirRoles"
    actions   = ["iam:PassRole"]
    resources = [for actor in ["planner", "worker", "reporter"] : local.role_arns[actor]]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  # How Step Functions learns that a job has ended; the rule's name is AWS's.
  statement {
    sid       = "HearOfJobsEnding"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["arn:${local.partition}:events:${local.here}:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule"]
  }

  # The distributed Map runs its shards as child executions of the same state machine.
  statement {
    sid       = "StartShards"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  statement {
    sid       = "FollowShards"
    actions   = ["states:DescribeExecution", "states:StopExecution"]
    resources = ["${local.executions_arn}:*", "${local.executions_arn}/*"]
  }

  # A failed run ends in a Fail state, where a redrive fails again: this is for runs that were aborted or timed out.
  statement {
    sid       = "RedriveShards"
    actions   = ["states:RedriveExecution"]
    resources = ["${local.executions_arn}/*"]
  }

  # Whose turn it is over a prefix (FollowShards tells whether that run still goes on).
  statement {
    sid       = "TakeTurns"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.output_bucket_arn}/locks/*"]
  }

  statement {
    sid     = "RecordRun"
    actions = ["s3:PutObject"]
    resources = [
      "${var.output_bucket_arn}/runs/*/run.json",
      "${var.output_bucket_arn}/runs/*/failed/*.json",
      "${var.output_bucket_arn}/runs/*/map_failure.json",
    ]
  }

  # And its own run.json, where S3 stored it but did not say so.
  statement {
    sid     = "ReadPlan"
    actions = ["s3:GetObject"]
    resources = [
      "${var.output_bucket_arn}/runs/*/run.json",
      "${var.output_bucket_arn}/runs/*/plan.json",
      "${var.output_bucket_arn}/runs/*/shards.json",
    ]
  }

  # A report that is not there is no proof.
  statement {
    sid       = "FindReport"
    actions   = ["s3:GetObject"]
    resources = ["${var.output_bucket_arn}/runs/*/report.json"]
  }

  statement {
    sid       = "WriteMapResults"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${var.output_bucket_arn}/runs/*/map/*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${local.partition}:logs:${local.here}:log-group:/aws/vendedlogs/states/${var.name_prefix}:*"]
  }

  # Log delivery is set up per account: AWS knows no resource for these actions.
  statement {
    sid = "DeliverLogs"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"]
  }
}

locals {
  # Spelled out to the last character, so that the jobs of a deployment `ocr-eu` are none of the deployment `ocr`. Shards
  # are called s00000 to s999999.
  uuid     = "????????-????-????-????-????????????"
  job_arns = [for kind in ["plan", "s?????", "s??????", "check", "report"] : "arn:${local.partition}:sagemaker:${local.here}:processing-job/${var.name_prefix}-${kind}-${local.uuid}"]
}

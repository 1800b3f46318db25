# What people may need: to run, and to read results. Documents only: whom to attach them to is the account's business.
# (Who deploys needs the right to make all of this: docs/permissions.md.)

locals {
  runs_of_tables = [for table in ["pages", "documents", "images", "outputs"] : "${var.output_bucket_arn}/${table}/*"]
}

# `ocr-pipeline` and `make run-pipeline`: plan, start, follow, stop, fetch the results.
data "aws_iam_policy_document" "run" {
  source_policy_documents = [data.aws_iam_policy_document.read.json]

  statement {
    sid       = "StartRuns"
    actions   = ["states:DescribeStateMachine", "states:ListExecutions", "states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  # Whose turn it is over a prefix: who plans must know that no other run goes on there.
  statement {
    sid       = "SeeTurns"
    actions   = ["s3:GetObject"]
    resources = ["${var.output_bucket_arn}/locks/*"]
  }

  statement {
    sid       = "FollowRuns"
    actions   = ["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"]
    resources = ["${local.executions_arn}:*", "${local.executions_arn}/*"]
  }

  # What the shards of a run wait for: the Map's child executions, and the ends of their histories (FollowRuns).
  statement {
    sid       = "SeeShards"
    actions   = ["states:ListExecutions", "states:ListMapRuns"]
    resources = ["${local.executions_arn}:*", "${local.map_runs_arn}/*"]
  }

  statement {
    sid       = "StopJobs"
    actions   = ["sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"]
    resources = local.job_arns
  }

  # A list of jobs, and the account's quotas: AWS knows no resource for these actions.
  statement {
    sid       = "FindJobsAndQuotas"
    actions   = ["sagemaker:ListProcessingJobs", "servicequotas:ListAWSDefaultServiceQuotas", "servicequotas:ListServiceQuotas"]
    resources = ["*"]
  }

  # `ocr-pipeline doctor`: whether the image that the workflow names is there.
  statement {
    sid       = "FindImage"
    actions   = ["ecr:DescribeImages"]
    resources = [var.repository_arn]
  }

  statement {
    sid       = "FollowProgress"
    actions   = ["logs:FilterLogEvents", "logs:GetLogEvents"]
    resources = [local.log_group_arn, "${local.log_group_arn}:*"]
  }

  statement {
    sid       = "PutDocuments"
    actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = ["${var.input_bucket_arn}/*"]
  }

  statement {
    sid       = "ListDocuments"
    actions   = ["s3:ListBucket"]
    resources = [var.input_bucket_arn]
  }

  # The heads and tails of some documents, for their page counts, as in planner.tf.
  statement {
    sid       = "LookIntoDocuments"
    actions   = ["s3:GetObject"]
    resources = ["${var.input_bucket_arn}/*"]
  }

  dynamic "statement" {
    for_each = var.input_kms_key_arn == null ? [] : [var.input_kms_key_arn]

    content {
      sid       = "UseDocumentsKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }

  # `ocr-pipeline report`: a copy of the report to look at, for a link that is given to others.
  statement {
    sid       = "ShareReport"
    actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = ["${var.output_bucket_arn}/runs/*/report.html"]
  }

  # The plan is all else that is written, and nobody but the workflow says what a run's options or its outcome were.
  statement {
    sid     = "WritePlan"
    actions = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = [
      "${var.output_bucket_arn}/runs/*/plan.json",
      "${var.output_bucket_arn}/runs/*/shards.json",
      "${var.output_bucket_arn}/runs/*/documents.parquet",
      "${var.output_bucket_arn}/runs/*/kept_parts.json",
      "${var.output_bucket_arn}/runs/*/shards/*",
    ]
  }

  statement {
    sid       = "EncryptPlan"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

# Results in S3; for Athena, the workgroup and the catalog come on top (docs/permissions.md).
data "aws_iam_policy_document" "read" {
  statement {
    sid       = "ListResults"
    actions   = ["s3:ListBucket"]
    resources = [var.output_bucket_arn]
  }

  statement {
    sid       = "ReadResults"
    actions   = ["s3:GetObject"]
    resources = concat(local.runs_of_tables, ["${var.output_bucket_arn}/runs/*"])
  }

  statement {
    sid       = "DecryptResults"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "planner" {
  source_policy_documents = [data.aws_iam_policy_document.job.json]

  statement {
    sid       = "ListDocuments"
    actions   = ["s3:ListBucket"]
    resources = [var.input_bucket_arn]
  }

  # The heads and tails of some documents, for their page counts: without them a plan knows the bytes only.
  statement {
    sid       = "LookIntoDocuments"
    actions   = ["s3:GetObject"]
    resources = ["${var.input_bucket_arn}/*"]
  }

  dynamic "statement" {
    for_each = var.input_kms_key_arn == null ? [] : [var.input_kms_key_arn]

    content {
      sid       = "DecryptDocuments"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }

  # How many jobs may run at the same time. Neither action can be narrowed to a resource.
  statement {
    sid       = "ReadQuotas"
    actions   = ["sagemaker:ListProcessingJobs", "servicequotas:ListAWSDefaultServiceQuotas", "servicequotas:ListServiceQuotas"]
    resources = ["*"]
  }

  # Of all prefixes: a run that goes on has no report yet, and S3 says so only to those who may list without a condition.
  statement {
    sid       = "ListRuns"
    actions   = ["s3:ListBucket"]
    resources = [var.output_bucket_arn]
  }

  # Earlier ledgers tell which documents have an up-to-date result. A report proves them, or else the list of pages
  # files; their content is nothing that planning needs.
  statement {
    sid     = "ReadRuns"
    actions = ["s3:GetObject"]
    resources = [
      "${var.output_bucket_arn}/runs/*/ledger.parquet",
      "${var.output_bucket_arn}/runs/*/run.json",
      "${var.output_bucket_arn}/runs/*/report.json",
      "${var.output_bucket_arn}/documents/*",
    ]
  }

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
}

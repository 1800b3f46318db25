# SageMaker itself uses this role: the container that opens the documents has no credentials (network isolation). One job
# has them, the one that asks for a byte of each document of a shard whose download failed; it opens none.

data "aws_iam_policy_document" "worker" {
  source_policy_documents = [data.aws_iam_policy_document.job.json]

  statement {
    sid       = "ListDocuments"
    actions   = ["s3:ListBucket"]
    resources = [var.input_bucket_arn]
  }

  statement {
    sid       = "ReadDocuments"
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

  statement {
    sid       = "ListShard"
    actions   = ["s3:ListBucket"]
    resources = [var.output_bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["runs/*"]
    }
  }

  statement {
    sid     = "ReadShard"
    actions = ["s3:GetObject"]
    resources = [
      "${var.output_bucket_arn}/runs/*/run.json",
      "${var.output_bucket_arn}/runs/*/shards/*",
    ]
  }

  # Of the job that finds the documents which cannot be downloaded.
  statement {
    sid       = "CorrectShard"
    actions   = ["s3:PutObject"]
    resources = ["${var.output_bucket_arn}/runs/*/shards/*/manifest.json", "${var.output_bucket_arn}/runs/*/shards/*/undeliverable.json"]
  }

  statement {
    sid     = "WriteResults"
    actions = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = [
      "${var.output_bucket_arn}/pages/*",
      "${var.output_bucket_arn}/documents/*",
      "${var.output_bucket_arn}/images/*",
      "${var.output_bucket_arn}/outputs/*",
    ]
  }
}

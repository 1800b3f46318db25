data "aws_iam_policy_document" "reporter" {
  source_policy_documents = [data.aws_iam_policy_document.job.json]

  statement {
    sid       = "ListResults"
    actions   = ["s3:ListBucket"]
    resources = [var.output_bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["runs/*", "pages/*", "documents/*", "outputs/*"]
    }
  }

  statement {
    sid     = "ReadResults"
    actions = ["s3:GetObject"]
    resources = [
      "${var.output_bucket_arn}/runs/*",
      "${var.output_bucket_arn}/pages/*",
      "${var.output_bucket_arn}/documents/*",
    ]
  }

  # joined.parquet: documents that several shards read in parts, their rows and what an earlier run has read of them.
  statement {
    sid     = "WriteReport"
    actions = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = [
      "${var.output_bucket_arn}/runs/*/report.json",
      "${var.output_bucket_arn}/runs/*/failures.csv",
      "${var.output_bucket_arn}/runs/*/ledger.parquet",
      "${var.output_bucket_arn}/pages/*/joined.parquet",
      "${var.output_bucket_arn}/documents/*/joined.parquet",
    ]
  }
}

# The bucket with the documents (made here, or one that exists), the bucket for results, and the key for both.

locals {
  creates_input = var.existing_input == null

  buckets = merge(
    { output = aws_s3_bucket.output },
    { for bucket in aws_s3_bucket.input : "input" => bucket },
  )
}

# ---- the documents ---------------------------------------------------------------------------------------------

resource "aws_s3_bucket" "input" {
  #checkov:skip=CKV_AWS_18:Access logs belong to the account's own trail, which sees every bucket.
  #checkov:skip=CKV_AWS_144:A copy in another region is the owner's decision; it doubles the bill.
  count = local.creates_input ? 1 : 0

  bucket        = "${var.name_prefix}-input-${var.aws.account_id}-${var.aws.region}"
  force_destroy = var.force_destroy_documents

  # A bucket that cannot be deleted, because it holds something, keeps the key that it is encrypted with.
  depends_on = [aws_kms_key.pipeline]
}

data "aws_s3_bucket" "input" {
  count = local.creates_input ? 0 : 1

  bucket = var.existing_input.name

  lifecycle {
    postcondition {
      condition     = self.region == var.aws.region
      error_message = "input_bucket: ${self.bucket} lies in ${self.region}, but the deployment in ${var.aws.region}; SageMaker reads only its own region. Set region = \"${self.region}\"."
    }
  }
}

resource "aws_s3_bucket_notification" "input" {
  count = local.creates_input && var.publish_input_events ? 1 : 0

  bucket      = aws_s3_bucket.input[0].id
  eventbridge = true
}

# ---- the results -----------------------------------------------------------------------------------------------

resource "aws_s3_bucket" "output" {
  #checkov:skip=CKV_AWS_18:Access logs belong to the account's own trail, which sees every bucket.
  #checkov:skip=CKV_AWS_144:Results can be made again from the documents.
  #checkov:skip=CKV2_AWS_62:Nothing listens to new results; the execution's end is the event.
  bucket        = "${var.name_prefix}-output-${var.aws.account_id}-${var.aws.region}"
  force_destroy = var.force_destroy

  depends_on = [aws_kms_key.pipeline]
}

# ---- both: private, encrypted, versioned -----------------------------------------------------------------------

resource "aws_s3_bucket_public_access_block" "private" {
  for_each = local.buckets

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "owner" {
  for_each = local.buckets

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "kms" {
  for_each = local.buckets

  bucket = each.value.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = local.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "kept" {
  for_each = local.buckets

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

data "aws_iam_policy_document" "tls_only" {
  for_each = local.buckets

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "tls_only" {
  for_each = local.buckets

  bucket = each.value.id
  policy = data.aws_iam_policy_document.tls_only[each.key].json

  # S3 refuses a policy while it changes the public access block.
  depends_on = [aws_s3_bucket_public_access_block.private]
}

# ---- what is deleted, and when ---------------------------------------------------------------------------------

locals {
  results_expire = var.retention.results_days != null

  # Without its row of the ledger a document is new and is processed again; and where the pages are gone, it is the
  # run's report (runs/) that vouches for the row. So both stay when the results go.
  run_files_days = local.results_expire ? max(var.retention.run_files_days, var.retention.ledger_days) : var.retention.run_files_days

  # Prefix in the output bucket => days until it is deleted.
  expiring = merge(
    { "runs/" = local.run_files_days, "locks/" = 365, "athena/" = var.retention.query_results_days },
    !local.results_expire ? {} : {
      "pages/"     = var.retention.results_days
      "images/"    = var.retention.results_days
      "outputs/"   = var.retention.results_days
      "documents/" = var.retention.ledger_days
    },
  )
}

resource "aws_s3_bucket_lifecycle_configuration" "kept" {
  for_each = local.buckets

  bucket = each.value.id

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "overwritten"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = var.retention.noncurrent_days
    }

    # What is left of a deleted object once its versions are gone.
    expiration {
      expired_object_delete_marker = true
    }
  }

  dynamic "rule" {
    for_each = each.key == "output" ? local.expiring : {}

    content {
      id     = "old-${trimsuffix(rule.key, "/")}"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }
    }
  }

  # S3 wants versioning settled before a rule speaks of noncurrent versions.
  depends_on = [aws_s3_bucket_versioning.kept]
}

# One key for buckets, images, logs and alarms, unless one is given.

locals {
  kms_key_arn = var.kms_key_arn == null ? aws_kms_key.pipeline[0].arn : var.kms_key_arn
}

resource "aws_kms_key" "pipeline" {
  count = var.kms_key_arn == null ? 1 : 0

  description             = "Documents, results, images, logs and alarms of ${var.name_prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "pipeline" {
  count = var.kms_key_arn == null ? 1 : 0

  name          = "alias/${var.name_prefix}"
  target_key_id = aws_kms_key.pipeline[0].key_id
}

# In a key's policy the resource "*" is that key.
data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:In a key's policy the resource "*" is that key alone.
  #checkov:skip=CKV_AWS_111:In a key's policy the resource "*" is that key alone.
  #checkov:skip=CKV_AWS_356:In a key's policy the resource "*" is that key alone.
  statement {
    sid       = "AccountThroughItsRoles"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.aws.partition}:iam::${var.aws.account_id}:root"]
    }
  }

  statement {
    sid       = "CloudWatchLogs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.aws.region}.${var.aws.dns_suffix}"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${var.aws.partition}:logs:${var.aws.region}:${var.aws.account_id}:log-group:*"]
    }
  }

  statement {
    sid       = "AlarmsToEncryptedTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.aws.account_id]
    }
  }

  # For the queue of events that started no run. EventBridge sends no source account or ARN to KMS: with a condition its
  # messages would be lost.
  statement {
    sid       = "EventsToEncryptedQueue"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

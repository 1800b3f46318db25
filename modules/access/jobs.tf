# What SageMaker does with a job's role before and after the container runs.

locals {
  log_group_arn = "arn:${local.partition}:logs:${local.here}:log-group:/aws/sagemaker/ProcessingJobs"
}

data "aws_iam_policy_document" "job" {
  statement {
    sid       = "PullImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.repository_arn]
  }

  # A token belongs to the whole registry: AWS knows no resource for this action.
  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [local.log_group_arn, "${local.log_group_arn}:*"]
  }

  # Metrics have no ARN: the namespace narrows it to the instance metrics that SageMaker itself publishes.
  statement {
    sid       = "PublishInstanceMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["/aws/sagemaker/ProcessingJobs"]
    }
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  # SageMaker lets the disk's service use the key, for this job alone.
  dynamic "statement" {
    for_each = var.volume_kms_key_arn == null ? [] : [var.volume_kms_key_arn]

    content {
      sid       = "EncryptDisk"
      actions   = ["kms:CreateGrant"]
      resources = [statement.value]

      condition {
        test     = "Bool"
        variable = "kms:GrantIsForAWSResource"
        values   = ["true"]
      }
    }
  }

  statement {
    sid       = "LocateBuckets"
    actions   = ["s3:GetBucketLocation"]
    resources = [var.input_bucket_arn, var.output_bucket_arn]
  }

  # SageMaker refuses to create a job in a VPC if any of these is narrowed or has a condition.
  dynamic "statement" {
    for_each = var.jobs_in_vpc ? [1] : []

    content {
      sid = "JoinVpc"
      actions = [
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
      ]
      resources = ["*"]
    }
  }
}

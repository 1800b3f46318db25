# Buckets, key and their policies, without an account: policy documents are computed by the provider itself.

provider "aws" {
  region                      = "us-west-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  aws                     = { account_id = "123456789012", partition = "aws", dns_suffix = "amazonaws.com", region = "us-west-2" }
  name_prefix             = "ocr"
  existing_input          = null
  publish_input_events    = false
  kms_key_arn             = null
  force_destroy           = true
  force_destroy_documents = false
  retention               = { run_files_days = 365, query_results_days = 30, noncurrent_days = 30, results_days = null }
}

override_resource {
  target          = aws_s3_bucket.input
  values          = { arn = "arn:aws:s3:::in", id = "in" }
  override_during = plan
}

override_resource {
  target          = aws_s3_bucket.output
  values          = { arn = "arn:aws:s3:::out", id = "out" }
  override_during = plan
}

override_resource {
  target          = aws_kms_key.pipeline
  values          = { arn = "arn:aws:kms:us-west-2:123456789012:key/1" }
  override_during = plan
}

run "both_buckets_are_private_encrypted_versioned_and_refuse_plain_http" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition = toset(keys(aws_s3_bucket_public_access_block.private)) == toset(["input", "output"]) && alltrue([
      for block in aws_s3_bucket_public_access_block.private :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "No bucket may be public."
  }
  assert {
    condition = toset(keys(aws_s3_bucket_server_side_encryption_configuration.kms)) == toset(["input", "output"]) && alltrue([
      for encryption in aws_s3_bucket_server_side_encryption_configuration.kms :
      one(encryption.rule).bucket_key_enabled &&
      one(one(encryption.rule).apply_server_side_encryption_by_default).kms_master_key_id == "arn:aws:kms:us-west-2:123456789012:key/1"
    ])
    error_message = "Both buckets are encrypted with the key, by bucket keys."
  }
  assert {
    condition     = [for versioning in aws_s3_bucket_versioning.kept : one(versioning.versioning_configuration).status] == ["Enabled", "Enabled"]
    error_message = "Both buckets keep versions."
  }
  assert {
    condition = {
      for name, policy in aws_s3_bucket_policy.tls_only : name => one(jsondecode(policy.policy).Statement)
      } == {
      for name, arn in { input = "arn:aws:s3:::in", output = "arn:aws:s3:::out" } : name => {
        Sid                    = "TlsOnly"
        Effect                 = "Deny"
        Action                 = "s3:*"
        Principal              = "*"
        Resource               = ["${arn}/*", arn]
        Condition              = { Bool = { "aws:SecureTransport" = "false" } }
      }
    }
    error_message = "Both buckets must refuse plain HTTP."
  }
}

run "cloudwatch_and_eventbridge_can_publish_to_a_topic_with_the_key" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition = toset([
      for statement in jsondecode(aws_kms_key.pipeline[0].policy).Statement : statement.Principal.Service
      if contains(keys(statement.Principal), "Service") && contains(flatten([statement.Action]), "kms:GenerateDataKey*") && contains(flatten([statement.Action]), "kms:Decrypt")
    ]) == toset(["cloudwatch.amazonaws.com", "events.amazonaws.com", "logs.us-west-2.amazonaws.com"])
    error_message = "CloudWatch, EventBridge and Logs must be able to use the key."
  }
  assert {
    condition = !can([
      for statement in jsondecode(aws_kms_key.pipeline[0].policy).Statement : statement.Condition
      if try(statement.Principal.Service, "") == "events.amazonaws.com"
    ][0])
    error_message = "EventBridge cannot meet a condition in the key's policy."
  }
}

run "results_are_kept_unless_told_otherwise" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition = { for rule in aws_s3_bucket_lifecycle_configuration.kept["output"].rule : one(rule.filter).prefix => one(rule.expiration).days if try(one(rule.expiration).days, 0) > 0 } == {
      "runs/"   = 365
      "locks/"  = 365
      "athena/" = 30
    }
    error_message = "Only run files and query results expire."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.kept["input"].rule : rule.id if try(one(rule.expiration).days, 0) > 0] == []
    error_message = "Documents never expire."
  }
}

run "results_expire_when_told" {
  command = plan
  module { source = "./modules/storage" }

  variables {
    retention = { run_files_days = 365, query_results_days = 30, noncurrent_days = 30, results_days = 90 }
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.kept["output"].rule : one(rule.filter).prefix if try(one(rule.expiration).days, 0) == 90] == ["images/", "outputs/", "pages/"]
    error_message = "Pages, images and files of documents expire together."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.kept["output"].rule : one(rule.filter).prefix if try(one(rule.expiration).days, 0) == 3650] == ["documents/", "runs/"]
    error_message = "A document whose row of the ledger is gone would be processed and paid for again; without the report its row is not trusted."
  }
}

run "unfinished_uploads_are_cleared_away" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition = alltrue([
      for configuration in aws_s3_bucket_lifecycle_configuration.kept :
      anytrue([for rule in configuration.rule : try(one(rule.abort_incomplete_multipart_upload).days_after_initiation, 0) == 7])
    ])
    error_message = "What an aborted upload leaves behind costs money for ever."
  }
  assert {
    condition = alltrue([
      for configuration in aws_s3_bucket_lifecycle_configuration.kept :
      anytrue([for rule in configuration.rule : try(one(rule.expiration).expired_object_delete_marker, false)])
    ])
    error_message = "Delete markers without versions make every listing slower."
  }
}

run "an_existing_bucket_is_used_and_not_touched" {
  command = plan
  module { source = "./modules/storage" }

  variables {
    existing_input = { name = "documents", kms_key_arn = null }
  }

  override_data {
    target = data.aws_s3_bucket.input
    values = { id = "documents", arn = "arn:aws:s3:::documents", bucket = "documents", region = "us-west-2" }
  }

  assert {
    condition     = output.input_bucket == "documents" && output.input_kms_key_arn == null
    error_message = "The given bucket must be the input."
  }
  assert {
    condition     = length(aws_s3_bucket.input) == 0 && keys(aws_s3_bucket_policy.tls_only) == ["output"] && keys(aws_s3_bucket_lifecycle_configuration.kept) == ["output"]
    error_message = "Nothing about the given bucket may be managed."
  }
}

run "refuses_a_bucket_of_another_region" {
  command = plan
  module { source = "./modules/storage" }

  variables {
    existing_input = { name = "documents", kms_key_arn = null }
  }

  override_data {
    target = data.aws_s3_bucket.input
    values = { id = "documents", arn = "arn:aws:s3:::documents", bucket = "documents", region = "eu-central-1" }
  }

  expect_failures = [data.aws_s3_bucket.input]
}

run "a_given_key_is_used" {
  command = plan
  module { source = "./modules/storage" }

  variables {
    kms_key_arn = "arn:aws:kms:us-west-2:123456789012:key/given"
  }

  assert {
    condition     = length(aws_kms_key.pipeline) == 0 && output.kms_key_arn == "arn:aws:kms:us-west-2:123456789012:key/given"
    error_message = "No second key may be made."
  }
}

run "events_are_published_only_where_something_listens" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition     = length(aws_s3_bucket_notification.input) == 0
    error_message = "Nothing listens by default."
  }
}

run "results_may_be_destroyed_and_documents_need_a_word_of_their_own" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition     = aws_s3_bucket.output.force_destroy && !aws_s3_bucket.input[0].force_destroy
    error_message = "force_destroy is about the results only."
  }
}

run "the_key_serves_the_logs_of_its_partition" {
  command = plan
  module { source = "./modules/storage" }

  variables {
    aws = { account_id = "123456789012", partition = "aws-cn", dns_suffix = "amazonaws.com.cn", region = "cn-north-1" }
  }

  assert {
    condition     = contains(flatten([for statement in jsondecode(data.aws_iam_policy_document.key.json).Statement : try(statement.Principal.Service, [])]), "logs.cn-north-1.amazonaws.com.cn")
    error_message = "CloudWatch Logs has another name in China."
  }
}

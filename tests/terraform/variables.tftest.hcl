# Every value that AWS or the pipeline would refuse later is refused at plan, by the variable's own message.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_s3_bucket" {
    defaults = { region = "us-west-2", arn = "arn:aws:s3:::documents" }
  }

  mock_data "aws_servicequotas_service_quota" {
    defaults = { value = 1000000, quota_code = "L-1" }
  }
}

run "accepts_the_defaults" {
  command = plan
}

run "accepts_values_at_their_limits" {
  command = plan

  variables {
    name_prefix  = "a23456789-12345678"
    input_bucket = { name = "documents", kms_key_arn = "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
    ocr          = { languages = "eng+deu+chi_sim", dpi = 1200, tesseract_config = { tessedit_char_whitelist = "0123456789" } }
    run          = { instance_type = "ml.c6i.4xlarge", max_parallel_jobs = 10000, tolerated_failed_shards = 0, tolerated_failed_shards_percent = 0, max_error_rate = 0 }
    jobs         = { volume_size_gb = 16384, max_runtime_seconds = 432000, max_run_days = 365, volume_kms_key_arn = "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
    vpc          = { subnet_ids = ["subnet-0a"], security_group_ids = ["sg-0a"] }
    retention    = { log_days = 3653, results_days = 1 }
    schedule     = { expression = "cron(0 3 ? * MON-FRI *)" }
    s3_trigger   = {}
    alarm_email  = "ops@example.org"
  }
}

# ---- refused ---------------------------------------------------------------------------------------------------

run "refuses_name_prefix_longer_than_18_characters" {
  command = plan

  variables {
    name_prefix = "a23456789-123456789"
  }

  expect_failures = [var.name_prefix]
}

run "refuses_name_prefix_with_capitals" {
  command = plan

  variables {
    name_prefix = "Ocr"
  }

  expect_failures = [var.name_prefix]
}

run "refuses_name_prefix_ending_in_a_hyphen" {
  command = plan

  variables {
    name_prefix = "ocr-"
  }

  expect_failures = [var.name_prefix]
}

run "refuses_name_prefix_with_two_hyphens_in_a_row" {
  command = plan

  variables {
    name_prefix = "o--cr"
  }

  expect_failures = [var.name_prefix]
}

run "refuses_region_that_is_a_zone" {
  command = plan

  variables {
    region = "us-west-2a"
  }

  expect_failures = [var.region]
}

run "refuses_tags_that_jobs_cannot_carry" {
  command = plan

  variables {
    tags = { Owner = "Ops (EU)!" }
  }

  expect_failures = [var.tags]
}

run "refuses_a_tag_that_every_job_has_already" {
  command = plan

  variables {
    tags = { runid = "mine" }
  }

  expect_failures = [var.tags]
}

run "refuses_tags_that_differ_in_case_alone" {
  command = plan

  variables {
    tags = { Owner = "a", owner = "b" }
  }

  expect_failures = [var.tags]
}

run "refuses_to_delete_the_files_of_runs_that_go_on" {
  command = plan

  variables {
    retention = { run_files_days = 29 }
  }

  expect_failures = [var.retention]
}

run "refuses_rates_that_eventbridge_does_not_know" {
  command = plan

  variables {
    schedule = { expression = "rate(1 days)" }
  }

  expect_failures = [var.schedule]
}

run "refuses_times_without_a_question_mark" {
  command = plan

  variables {
    schedule = { expression = "cron(0 3 * * * *)" }
  }

  expect_failures = [var.schedule]
}

run "takes_times_by_the_week" {
  command = plan

  variables {
    schedule = { expression = "cron(0 3 ? * MON-FRI *)" }
  }
}

run "takes_tags_of_any_script" {
  command = plan

  variables {
    tags = { "Kostenstelle/Süd" = "Öffentliche Hand: a+b=c_1@x.org" }
  }
}

run "refuses_tags_with_aws_own_key" {
  command = plan

  variables {
    tags = { "aws:owner" = "me" }
  }

  expect_failures = [var.tags]
}

run "refuses_input_bucket_with_a_scheme" {
  command = plan

  variables {
    input_bucket = { name = "s3://documents" }
  }

  expect_failures = [var.input_bucket]
}

run "refuses_input_bucket_whose_key_is_an_alias" {
  command = plan

  variables {
    input_bucket = { name = "documents", kms_key_arn = "alias/documents" }
  }

  expect_failures = [var.input_bucket]
}

run "refuses_ocr_output_type" {
  command = plan

  variables {
    ocr = { output_type = "html" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_output_format" {
  command = plan

  variables {
    ocr = { output_format = "csv" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_partition_key" {
  command = plan

  variables {
    ocr = { partition_key = "status" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_image_format" {
  command = plan

  variables {
    ocr = { image_format = "png" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_engine" {
  command = plan

  variables {
    ocr = { engine = "abbyy" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_second_opinion" {
  command = plan

  variables {
    ocr = { second_opinion = "perhaps" }
  }

  expect_failures = [var.ocr]
}

run "refuses_a_second_opinion_of_the_same_engine" {
  command = plan

  variables {
    ocr = { engine = "rapidocr", second_opinion = "always" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_languages" {
  command = plan

  variables {
    ocr = { languages = "eng,deu" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_text_layer" {
  command = plan

  variables {
    ocr = { text_layer = "maybe" }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_dpi" {
  command = plan

  variables {
    ocr = { dpi = 1201 }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_page_timeout_seconds" {
  command = plan

  variables {
    ocr = { page_timeout_seconds = 0 }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_document_timeout_seconds" {
  command = plan

  variables {
    ocr = { document_timeout_seconds = 86401 }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_engine_memory_mb" {
  command = plan

  variables {
    ocr = { engine_memory_mb = 64 }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_max_page_pixels" {
  command = plan

  variables {
    ocr = { max_page_pixels = 999999 }
  }

  expect_failures = [var.ocr]
}

run "refuses_ocr_max_document_mb" {
  command = plan

  variables {
    ocr = { max_document_mb = 0 }
  }

  expect_failures = [var.ocr]
}

run "refuses_run_instance_type" {
  command = plan

  variables {
    run = { instance_type = "c6i.large" }
  }

  expect_failures = [var.run]
}

run "refuses_run_max_parallel_jobs" {
  command = plan

  variables {
    run = { max_parallel_jobs = 10001 }
  }

  expect_failures = [var.run]
}

run "refuses_run_files_per_job" {
  command = plan

  variables {
    run = { files_per_job = 0 }
  }

  expect_failures = [var.run]
}

run "refuses_run_target_shard_minutes" {
  command = plan

  variables {
    run = { target_shard_minutes = 0.5 }
  }

  expect_failures = [var.run]
}

run "refuses_run_max_cost_usd" {
  command = plan

  variables {
    run = { max_cost_usd = 0 }
  }

  expect_failures = [var.run]
}

run "refuses_run_max_cost_usd_below_0" {
  command = plan

  variables {
    run = { max_cost_usd = -1 }
  }

  expect_failures = [var.run]
}

run "refuses_run_max_cost_usd_that_limits_nothing" {
  command = plan

  variables {
    run = { max_cost_usd = 1e300 }
  }

  expect_failures = [var.run]
}

run "refuses_run_tolerated_failed_shards_percent" {
  command = plan

  variables {
    run = { tolerated_failed_shards_percent = 101 }
  }

  expect_failures = [var.run]
}

run "refuses_run_max_error_rate" {
  command = plan

  variables {
    run = { max_error_rate = 5 }
  }

  expect_failures = [var.run]
}

run "refuses_run_max_input_error_rate" {
  command = plan

  variables {
    run = { max_input_error_rate = -0.1 }
  }

  expect_failures = [var.run]
}

run "refuses_run_max_poor_pages" {
  command = plan

  variables {
    run = { max_poor_pages = -0.1 }
  }

  expect_failures = [var.run]
}

run "refuses_jobs_volume_size_gb" {
  command = plan

  variables {
    jobs = { volume_size_gb = 16385 }
  }

  expect_failures = [var.jobs]
}

run "refuses_jobs_volume_size_gb_without_room_for_a_shard" {
  command = plan

  variables {
    jobs = { volume_size_gb = 15 }
  }

  expect_failures = [var.jobs]
}

run "refuses_jobs_volume_size_gb_without_room_for_the_largest_document" {
  command = plan

  variables {
    jobs = { volume_size_gb = 50 }
    ocr  = { max_document_mb = 30000 }
  }

  expect_failures = [var.jobs]
}

run "refuses_jobs_planner_volume_size_gb" {
  command = plan

  variables {
    jobs = { planner_volume_size_gb = 0 }
  }

  expect_failures = [var.jobs]
}

run "refuses_jobs_max_runtime_seconds" {
  command = plan

  variables {
    jobs = { max_runtime_seconds = 432001 }
  }

  expect_failures = [var.jobs]
}

run "refuses_jobs_planner_instance_type" {
  command = plan

  variables {
    jobs = { planner_instance_type = "t3.medium" }
  }

  expect_failures = [var.jobs]
}

run "refuses_retention_log_days" {
  command = plan

  variables {
    retention = { log_days = 8 }
  }

  expect_failures = [var.retention]
}

run "refuses_retention_run_files_days" {
  command = plan

  variables {
    retention = { run_files_days = 0 }
  }

  expect_failures = [var.retention]
}

run "refuses_retention_query_results_days" {
  command = plan

  variables {
    retention = { query_results_days = 1.5 }
  }

  expect_failures = [var.retention]
}

run "refuses_retention_noncurrent_days" {
  command = plan

  variables {
    retention = { noncurrent_days = 0 }
  }

  expect_failures = [var.retention]
}

run "refuses_retention_results_days" {
  command = plan

  variables {
    retention = { results_days = 0 }
  }

  expect_failures = [var.retention]
}

run "refuses_ocr_dpi_with_a_fraction" {
  command = plan

  variables {
    ocr = { dpi = 300.5 }
  }

  expect_failures = [var.ocr]
}

run "refuses_vpc_without_subnets" {
  command = plan

  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-0a"] }
  }

  expect_failures = [var.vpc]
}

run "refuses_vpc_with_a_vpc_for_a_subnet" {
  command = plan

  variables {
    vpc = { subnet_ids = ["vpc-0a"], security_group_ids = ["sg-0a"] }
  }

  expect_failures = [var.vpc]
}

run "refuses_vpc_with_six_security_groups" {
  command = plan

  variables {
    vpc = { subnet_ids = ["subnet-0a"], security_group_ids = ["sg-01", "sg-02", "sg-03", "sg-04", "sg-05", "sg-06"] }
  }

  expect_failures = [var.vpc]
}

run "refuses_kms_key_arn_that_is_an_alias" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-west-2:123456789012:alias/ocr"
  }

  expect_failures = [var.kms_key_arn]
}

run "refuses_permissions_boundary_arn_that_is_a_role" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:role/boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "refuses_schedule_in_plain_words" {
  command = plan

  variables {
    schedule = { expression = "every day" }
  }

  expect_failures = [var.schedule]
}

run "refuses_schedule_with_five_fields_of_cron" {
  command = plan

  variables {
    schedule = { expression = "cron(0 3 * * *)" }
  }

  expect_failures = [var.schedule]
}

run "refuses_schedule_whose_prefix_begins_with_a_slash" {
  command = plan

  variables {
    schedule = { expression = "rate(1 day)", input_prefix = "/documents/" }
  }

  expect_failures = [var.schedule]
}

run "refuses_s3_trigger_whose_prefix_has_an_asterisk" {
  command = plan

  variables {
    s3_trigger = { input_prefix = "documents/*" }
  }

  expect_failures = [var.s3_trigger]
}

run "refuses_s3_trigger_with_an_empty_suffix" {
  command = plan

  variables {
    s3_trigger = { suffix = "" }
  }

  expect_failures = [var.s3_trigger]
}

run "refuses_alarm_email_without_an_at" {
  command = plan

  variables {
    alarm_email = "ops.example.org"
  }

  expect_failures = [var.alarm_email]
}

run "refuses_run_tolerated_failed_shards_percent_with_a_fraction" {
  command = plan

  variables {
    run = { tolerated_failed_shards_percent = 2.5 }
  }

  expect_failures = [var.run]
}

run "refuses_run_tolerated_failed_shards" {
  command = plan

  variables {
    run = { tolerated_failed_shards = -1 }
  }

  expect_failures = [var.run]
}

run "refuses_jobs_max_run_days" {
  command = plan

  variables {
    jobs = { max_run_days = 366 }
  }

  expect_failures = [var.jobs]
}

run "refuses_keys_of_another_region" {
  command = plan

  variables {
    kms_key_arn  = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
    input_bucket = { name = "documents", kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd" }
    jobs         = { volume_kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd" }
  }

  expect_failures = [var.kms_key_arn, var.input_bucket, var.jobs]
}

run "refuses_jobs_volume_kms_key_arn_that_is_an_alias" {
  command = plan

  variables {
    jobs = { volume_kms_key_arn = "alias/disk" }
  }

  expect_failures = [var.jobs]
}

run "refuses_retention_of_the_ledger_that_ends_before_the_results" {
  command = plan

  variables {
    retention = { results_days = 90, ledger_days = 30 }
  }

  expect_failures = [var.retention]
}

run "refuses_s3_trigger_that_every_document_would_fire" {
  command = plan

  variables {
    s3_trigger = { suffix = ".PDF" }
  }

  expect_failures = [var.s3_trigger]
}

run "refuses_max_query_gb" {
  command = plan

  variables {
    max_query_gb = 0
  }

  expect_failures = [var.max_query_gb]
}

run "refuses_name_prefix_whose_jobs_look_like_anothers" {
  command = plan

  variables {
    name_prefix = "ocr-s1"
  }

  expect_failures = [var.name_prefix]
}

# Documents in S3 -> plan -> one SageMaker Processing job per shard -> report -> Parquet tables in S3.
# The modules below stand in the order in which the data meets them.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # Where everything lives; modules build ARNs from it.
  aws = {
    account_id = data.aws_caller_identity.current.account_id
    partition  = data.aws_partition.current.partition
    dns_suffix = data.aws_partition.current.dns_suffix
    region     = var.region
  }

  # The image's tag is a hash of its files, so code and definition cannot drift apart. The files are those that
  # .dockerignore lets in: what its rules with a `!` name, without what the other rules name.
  image_rules = [for line in split("\n", file("${path.root}/.dockerignore")) : line if can(regex("^[^#*]", line))]
  files_named = { for rule in local.image_rules : rule => flatten([
    for pattern in ["", "/**"] : tolist(fileset(path.root, "${trimprefix(rule, "!")}${pattern}"))
  ]) }
  image_sources = sort(setsubtract(
    flatten([for rule, files in local.files_named : files if startswith(rule, "!")]),
    flatten([for rule, files in local.files_named : files if !startswith(rule, "!")]),
  ))
  image_tag = substr(sha256(join("\n", [
    for file in local.image_sources : "${file} ${filesha256("${path.root}/${file}")}"
  ])), 0, 16)
}

# ---- where the documents lie, and where their text goes --------------------------------------------------------

module "storage" {
  source = "./modules/storage"

  aws                     = local.aws
  name_prefix             = var.name_prefix
  existing_input          = var.input_bucket
  kms_key_arn             = var.kms_key_arn
  retention               = var.retention
  force_destroy           = var.force_destroy
  force_destroy_documents = var.force_destroy_documents
  publish_input_events    = var.s3_trigger != null
}

# ---- the program that reads them -------------------------------------------------------------------------------

module "registry" {
  source = "./modules/registry"

  name        = var.name_prefix
  kms_key_arn = module.storage.kms_key_arn
  tag         = local.image_tag
  required    = var.require_image
  kept_images = 10
}

# ---- who may do what: one role per actor -----------------------------------------------------------------------

module "access" {
  source = "./modules/access"

  aws                      = local.aws
  name_prefix              = var.name_prefix
  input_bucket_arn         = module.storage.input_bucket_arn
  input_kms_key_arn        = module.storage.input_kms_key_arn
  output_bucket_arn        = module.storage.output_bucket_arn
  kms_key_arn              = module.storage.kms_key_arn
  volume_kms_key_arn       = var.jobs.volume_kms_key_arn
  repository_arn           = module.registry.repository_arn
  jobs_in_vpc              = var.vpc != null
  triggered                = var.schedule != null || var.s3_trigger != null
  permissions_boundary_arn = var.permissions_boundary_arn
}

# ---- the workflow: plan, process, report -----------------------------------------------------------------------

module "workflow" {
  source = "./modules/workflow"

  aws                = local.aws
  name_prefix        = var.name_prefix
  role_arns          = module.access.role_arns
  image_uri          = module.registry.image_uri
  input_bucket       = module.storage.input_bucket
  output_bucket      = module.storage.output_bucket
  kms_key_arn        = module.storage.kms_key_arn
  default_options    = jsonencode(merge(var.ocr, var.run, { planned = false }))
  tags               = var.tags
  jobs               = var.jobs
  vpc                = var.vpc
  schedule           = var.schedule
  s3_trigger         = var.s3_trigger
  log_retention_days = var.retention.log_days
}

# ---- the results as tables -------------------------------------------------------------------------------------

module "catalog" {
  source = "./modules/catalog"

  name_prefix   = var.name_prefix
  output_bucket = module.storage.output_bucket
  kms_key_arn   = module.storage.kms_key_arn
  max_query_gb  = var.max_query_gb
}

# ---- how it is doing -------------------------------------------------------------------------------------------

module "monitoring" {
  source = "./modules/monitoring"

  aws                        = local.aws
  name_prefix                = var.name_prefix
  state_machine_arn          = module.workflow.state_machine_arn
  trigger_rules              = module.workflow.trigger_rules
  undelivered_queue          = module.workflow.undelivered_queue
  kms_key_arn                = module.storage.kms_key_arn
  alarm_email                = var.alarm_email
  max_error_rate             = var.run.max_error_rate
  manage_processing_logs     = var.manage_processing_log_group
  processing_logs_expiration = var.retention.log_days
}

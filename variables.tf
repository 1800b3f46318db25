# ---- names and place -------------------------------------------------------------------------------------------

variable "name_prefix" {
  description = "First part of every name this deployment makes. At most 18 characters, because a job is called <prefix>-<shard>-<uuid> and AWS allows 63."
  type        = string
  default     = "ocr"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){1,17}$", var.name_prefix)) && length(var.name_prefix) <= 18
    error_message = "name_prefix: 2 to 18 lower-case letters, digits and single hyphens, beginning with a letter and not ending with a hyphen."
  }

  # The job `ocr-s1-plan-<uuid>` of a deployment `ocr-s1` would look like one of a shard of the deployment `ocr`.
  validation {
    condition     = !can(regex("-s[a-z0-9]?$", var.name_prefix))
    error_message = "name_prefix: may not end in -s, or -s and one more character: its jobs could be taken for those of another deployment."
  }
}

variable "region" {
  description = "AWS region. SageMaker reads and writes only buckets of its own region."
  type        = string
  default     = "us-west-2"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: a region name such as us-west-2 or eu-central-1."
  }
}

variable "tags" {
  description = "Tags on everything that can have tags, besides Project = name_prefix."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:") && length(key) <= 128]) && length(var.tags) <= 40
    error_message = "tags: at most 40, keys of at most 128 characters that do not begin with 'aws:'."
  }

  # What SageMaker takes, whose jobs carry them: it would refuse every job for the others.
  validation {
    condition     = alltrue([for text in concat(keys(var.tags), values(var.tags)) : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$", text))])
    error_message = "tags: keys and values have letters, digits, spaces and _ . : / = + - @ only."
  }

  # IAM knows no difference between upper and lower case in them.
  validation {
    condition     = alltrue([for key in keys(var.tags) : !contains(["project", "runid"], lower(key))]) && length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags: Project and RunId are set already, and keys differ in more than upper and lower case."
  }

  validation {
    condition     = alltrue([for value in values(var.tags) : length(value) <= 256])
    error_message = "tags: values of at most 256 characters."
  }
}

# ---- where the documents lie -----------------------------------------------------------------------------------

variable "input_bucket" {
  description = "An existing bucket with the documents, in the same region, and the ARN of its KMS key if it has one of its own. Null: a bucket is made."
  type = object({
    name        = string
    kms_key_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.input_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.input_bucket.name))
    error_message = "input_bucket.name: a bucket's name (3 to 63 lower-case letters, digits, dots and hyphens), without s3://."
  }

  validation {
    condition     = try(var.input_bucket.kms_key_arn, null) == null || can(regex("^arn:aws[a-z-]*:kms:${var.region}:[0-9]{12}:key/[a-z0-9-]+$", var.input_bucket.kms_key_arn))
    error_message = "input_bucket.kms_key_arn: the ARN of a key of ${var.region}, such as arn:aws:kms:${var.region}:123456789012:key/1234abcd-..., not an alias."
  }
}

# ---- how documents become text: the defaults of every run ------------------------------------------------------

variable "ocr" {
  description = "How documents become text. An execution's input can override each."
  type = object({
    output_type              = optional(string, "text")
    output_format            = optional(string, "parquet")
    partition_key            = optional(string, "document_id")
    image_format             = optional(string, "jpeg")
    engine                   = optional(string, "pytesseract")
    languages                = optional(string, "eng")
    tesseract_config         = optional(map(string))
    second_opinion           = optional(string, "none")
    text_layer               = optional(string, "auto")
    words                    = optional(bool, false)
    outputs                  = optional(list(string), [])
    dpi                      = optional(number, 300)
    page_timeout_seconds     = optional(number, 120)
    document_timeout_seconds = optional(number, 3600)
    engine_memory_mb         = optional(number, 2048)
    max_page_pixels          = optional(number, 100000000)
    max_document_mb          = optional(number, 2048)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["text", "image", "both"], var.ocr.output_type)
    error_message = "ocr.output_type: text, image or both."
  }

  validation {
    condition     = var.ocr.output_format == "parquet"
    error_message = "ocr.output_format: parquet is the only one."
  }

  validation {
    condition     = contains(["document_id", "run_id", "language", "media_type", "text_source"], var.ocr.partition_key)
    error_message = "ocr.partition_key: document_id, run_id, language, media_type or text_source."
  }

  validation {
    condition     = contains(["webp", "jpeg"], var.ocr.image_format)
    error_message = "ocr.image_format: webp or jpeg."
  }

  validation {
    condition     = contains(["pytesseract", "tesserocr", "rapidocr"], var.ocr.engine)
    error_message = "ocr.engine: pytesseract, tesserocr or rapidocr."
  }

  validation {
    condition     = contains(["none", "doubtful", "always"], var.ocr.second_opinion)
    error_message = "ocr.second_opinion: none, doubtful or always."
  }

  validation {
    condition     = var.ocr.engine != "rapidocr" || var.ocr.second_opinion == "none"
    error_message = "ocr.second_opinion: it is the engine rapidocr's, which reads all pages already; use none."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_/]+([+][A-Za-z0-9_/]+)*$", var.ocr.languages))
    error_message = "ocr.languages: Tesseract's language codes joined by +, such as eng or eng+deu; or auto."
  }

  validation {
    condition     = contains(["auto", "ignore", "only"], var.ocr.text_layer)
    error_message = "ocr.text_layer: auto, ignore or only."
  }

  validation {
    condition     = length(setsubtract(var.ocr.outputs, ["searchable_pdf", "pdfa", "text", "markdown", "hocr", "alto", "tsv", "jsonl"])) == 0
    error_message = "ocr.outputs: any of searchable_pdf, pdfa, text, markdown, hocr, alto, tsv and jsonl."
  }

  validation {
    condition     = length(var.ocr.outputs) == 0 || var.ocr.output_type != "image"
    error_message = "ocr.outputs: they are made of text, and ocr.output_type is image."
  }

  validation {
    condition     = var.ocr.dpi >= 50 && var.ocr.dpi <= 1200 && floor(var.ocr.dpi) == var.ocr.dpi
    error_message = "ocr.dpi: a whole number from 50 to 1200."
  }

  validation {
    condition     = var.ocr.page_timeout_seconds >= 1 && var.ocr.page_timeout_seconds <= 3600 && floor(var.ocr.page_timeout_seconds) == var.ocr.page_timeout_seconds
    error_message = "ocr.page_timeout_seconds: a whole number from 1 to 3600."
  }

  validation {
    condition     = var.ocr.document_timeout_seconds >= 1 && var.ocr.document_timeout_seconds <= 86400 && floor(var.ocr.document_timeout_seconds) == var.ocr.document_timeout_seconds
    error_message = "ocr.document_timeout_seconds: a whole number from 1 to 86400."
  }

  validation {
    condition     = var.ocr.engine_memory_mb >= 128 && floor(var.ocr.engine_memory_mb) == var.ocr.engine_memory_mb
    error_message = "ocr.engine_memory_mb: a whole number, at least 128."
  }

  validation {
    condition     = var.ocr.max_page_pixels >= 1000000 && floor(var.ocr.max_page_pixels) == var.ocr.max_page_pixels
    error_message = "ocr.max_page_pixels: a whole number, at least 1000000."
  }

  validation {
    condition     = var.ocr.max_document_mb >= 1 && floor(var.ocr.max_document_mb) == var.ocr.max_document_mb
    error_message = "ocr.max_document_mb: a whole number, at least 1."
  }
}

variable "run" {
  description = "How wide a run is and when it counts as failed. An execution's input can override each."
  type = object({
    reprocess                       = optional(bool, false)
    retry_failed                    = optional(bool, false)
    instance_type                   = optional(string, "ml.t3.xlarge")
    max_parallel_jobs               = optional(number, 10)
    target_shard_minutes            = optional(number, 30)
    files_per_job                   = optional(number)
    max_cost_usd                    = optional(number)
    tolerated_failed_shards         = optional(number, 10)
    tolerated_failed_shards_percent = optional(number, 10)
    max_error_rate                  = optional(number, 0.05)
    max_input_error_rate            = optional(number, 1)
    max_poor_pages                  = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^ml\\.[a-z0-9-]+\\.[a-z0-9]+$", var.run.instance_type))
    error_message = "run.instance_type: a SageMaker instance type such as ml.c6i.4xlarge."
  }

  validation {
    condition     = var.run.max_parallel_jobs >= 1 && var.run.max_parallel_jobs <= 10000 && floor(var.run.max_parallel_jobs) == var.run.max_parallel_jobs
    error_message = "run.max_parallel_jobs: a whole number from 1 to 10000, the most that Step Functions runs at a time."
  }

  validation {
    condition     = var.run.target_shard_minutes >= 1 && var.run.target_shard_minutes <= 1440
    error_message = "run.target_shard_minutes: a number from 1 to 1440."
  }

  validation {
    condition     = var.run.files_per_job == null ? true : var.run.files_per_job >= 1 && var.run.files_per_job <= 100000 && floor(var.run.files_per_job) == var.run.files_per_job
    error_message = "run.files_per_job: a whole number from 1 to 100000; leave it out to let the work decide alone."
  }

  validation {
    condition     = var.run.max_cost_usd == null ? true : var.run.max_cost_usd > 0 && var.run.max_cost_usd <= 1000000000
    error_message = "run.max_cost_usd: a number of dollars over 0, a billion at most; leave it out to start runs of any price."
  }

  validation {
    condition     = var.run.tolerated_failed_shards >= 0 && floor(var.run.tolerated_failed_shards) == var.run.tolerated_failed_shards
    error_message = "run.tolerated_failed_shards: a whole number, at least 0."
  }

  validation {
    condition     = var.run.tolerated_failed_shards_percent >= 0 && var.run.tolerated_failed_shards_percent <= 100 && floor(var.run.tolerated_failed_shards_percent) == var.run.tolerated_failed_shards_percent
    error_message = "run.tolerated_failed_shards_percent: a whole number from 0 to 100."
  }

  validation {
    condition     = var.run.max_error_rate >= 0 && var.run.max_error_rate <= 1
    error_message = "run.max_error_rate: a share from 0 to 1, such as 0.05."
  }

  validation {
    condition     = var.run.max_input_error_rate >= 0 && var.run.max_input_error_rate <= 1
    error_message = "run.max_input_error_rate: a share from 0 to 1; 1 turns it off."
  }

  validation {
    condition     = var.run.max_poor_pages >= 0 && var.run.max_poor_pages <= 1
    error_message = "run.max_poor_pages: a share from 0 to 1; 1 turns it off."
  }
}

# ---- the jobs --------------------------------------------------------------------------------------------------

variable "jobs" {
  description = "The SageMaker Processing jobs: disk (and a key for it, where an organisation demands one) and time limit of each, the small instance that plans and reports, whether the jobs that open documents are cut off from every network, and how long a whole run may take."
  type = object({
    volume_size_gb         = optional(number, 50)
    max_runtime_seconds    = optional(number, 14400)
    planner_instance_type  = optional(string, "ml.t3.medium")
    planner_volume_size_gb = optional(number, 20)
    network_isolation      = optional(bool, true)
    max_run_days           = optional(number, 30)
    volume_kms_key_arn     = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for size in [var.jobs.volume_size_gb, var.jobs.planner_volume_size_gb] : size >= 1 && size <= 16384 && floor(size) == size
    ])
    error_message = "jobs.volume_size_gb and jobs.planner_volume_size_gb: a whole number from 1 to 16384."
  }

  # A shard holds up to 8 GiB of documents, or one that is larger by itself (planning.py, MAX_SHARD_BYTES).
  validation {
    condition     = var.jobs.volume_size_gb >= 16 && var.jobs.volume_size_gb * 1024 >= 2 * var.ocr.max_document_mb
    error_message = "jobs.volume_size_gb: at least 16, and at least twice ocr.max_document_mb, so that documents and results fit on the disk."
  }

  validation {
    condition     = var.jobs.max_runtime_seconds >= 600 && var.jobs.max_runtime_seconds <= 432000 && floor(var.jobs.max_runtime_seconds) == var.jobs.max_runtime_seconds
    error_message = "jobs.max_runtime_seconds: a whole number from 600 to 432000 (5 days, the default quota for a processing job)."
  }

  validation {
    condition     = var.jobs.max_run_days >= 1 && var.jobs.max_run_days <= 365 && floor(var.jobs.max_run_days) == var.jobs.max_run_days
    error_message = "jobs.max_run_days: a whole number from 1 to 365; Step Functions keeps no execution longer than a year."
  }

  validation {
    condition     = var.jobs.volume_kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:${var.region}:[0-9]{12}:key/[a-z0-9-]+$", var.jobs.volume_kms_key_arn))
    error_message = "jobs.volume_kms_key_arn: the ARN of a key of ${var.region}, such as arn:aws:kms:${var.region}:123456789012:key/1234abcd-..., not an alias."
  }

  validation {
    condition     = can(regex("^ml\\.[a-z0-9-]+\\.[a-z0-9]+$", var.jobs.planner_instance_type))
    error_message = "jobs.planner_instance_type: a SageMaker instance type such as ml.t3.medium."
  }
}

variable "vpc" {
  description = "Subnets and security groups for the jobs, which then need a way to S3, ECR, KMS, STS and CloudWatch Logs (endpoints or NAT). Null: SageMaker's own network."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition = var.vpc == null || (
      try(length(var.vpc.subnet_ids), 0) >= 1 && try(length(var.vpc.subnet_ids), 0) <= 16 &&
      alltrue([for id in try(var.vpc.subnet_ids, []) : can(regex("^subnet-[0-9a-f]+$", id))])
    )
    error_message = "vpc.subnet_ids: 1 to 16 ids such as subnet-0123456789abcdef0."
  }

  validation {
    condition = var.vpc == null || (
      try(length(var.vpc.security_group_ids), 0) >= 1 && try(length(var.vpc.security_group_ids), 0) <= 5 &&
      alltrue([for id in try(var.vpc.security_group_ids, []) : can(regex("^sg-[0-9a-f]+$", id))])
    )
    error_message = "vpc.security_group_ids: 1 to 5 ids such as sg-0123456789abcdef0."
  }
}

# ---- keys, roles, retention ------------------------------------------------------------------------------------

variable "kms_key_arn" {
  description = "An existing key for buckets, images, logs and alarms; docs/deploy.md lists what its policy must allow. Null: a key is made (about 1 USD a month)."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:${var.region}:[0-9]{12}:key/[a-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a key of ${var.region}, such as arn:aws:kms:${var.region}:123456789012:key/1234abcd-..., not an alias."
  }
}

variable "permissions_boundary_arn" {
  description = "A policy that bounds every role of this deployment, where an organisation demands one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn: a policy's ARN such as arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "retention" {
  description = "Days until things are deleted: logs, a run's working files and report (runs/), query results, overwritten objects; and, only if given, the results (pages, images and files of documents). The ledger then stays for ledger_days, and the reports as long: a document whose row is gone is processed and paid for again."
  type = object({
    log_days           = optional(number, 90)
    run_files_days     = optional(number, 365)
    query_results_days = optional(number, 30)
    noncurrent_days    = optional(number, 30)
    results_days       = optional(number)
    ledger_days        = optional(number, 3650)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.retention.log_days)
    error_message = "retention.log_days: one of the spans CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }

  validation {
    condition = alltrue([
      for days in [var.retention.run_files_days, var.retention.query_results_days, var.retention.noncurrent_days, var.retention.ledger_days, coalesce(var.retention.results_days, 1)] :
      days >= 1 && floor(days) == days
    ])
    error_message = "retention: each span of days is a whole number, at least 1."
  }

  validation {
    condition     = var.retention.run_files_days >= var.jobs.max_run_days
    error_message = "retention.run_files_days: at least jobs.max_run_days, or a run that goes on loses its plan."
  }

  validation {
    condition     = var.retention.ledger_days >= coalesce(var.retention.results_days, 1)
    error_message = "retention.ledger_days: at least results_days; without their rows in the ledger, all documents are processed and paid for again."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may delete the results with their bucket. `make destroy DELETE_DATA=yes` sets it."
  type        = bool
  default     = false
  nullable    = false
}

variable "force_destroy_documents" {
  description = "Whether `terraform destroy` may delete the documents, in every version, with a bucket that was made here. `make destroy DELETE_DOCUMENTS=yes` sets it."
  type        = bool
  default     = false
  nullable    = false
}

variable "require_image" {
  description = "Whether nothing is deployed before its image is in the repository. `make deploy` pushes it first; false only where that is taken care of otherwise."
  type        = bool
  default     = true
  nullable    = false
}

# ---- what starts a run by itself (both off) --------------------------------------------------------------------

variable "schedule" {
  description = "Start a run over a prefix of the input bucket at set times, such as { expression = \"rate(1 day)\" }. What has an up-to-date result is not read again; an empty prefix is nothing to do."
  type = object({
    expression   = string
    input_prefix = optional(string, "documents/")
  })
  default = null

  validation {
    condition     = var.schedule == null || can(regex("^(rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)|cron\\(\\S+( \\S+){5}\\))$", var.schedule.expression))
    error_message = "schedule.expression: such as rate(1 day), rate(2 days) or cron(0 3 * * ? *)."
  }

  validation {
    condition     = var.schedule == null || can(regex("^(rate.*|cron\\(\\S+ \\S+ (\\? \\S+ [^? ]+|[^? ]+ \\S+ \\?) \\S+\\))$", var.schedule.expression))
    error_message = "schedule.expression: of the day of the month and the day of the week in cron(...), one is a question mark."
  }

  validation {
    condition     = var.schedule == null || can(regex("^[^/*\"\\\\][^*\"\\\\]*$", var.schedule.input_prefix))
    error_message = "schedule.input_prefix: a prefix of keys within the input bucket such as documents/, without s3://, a leading slash, quotes or asterisks."
  }
}

variable "s3_trigger" {
  description = "Start a run over a prefix of the input bucket when an object whose key ends in the suffix is put there. The default suffix suits a marker file that is put last, and is no document. An existing bucket must send its events to EventBridge."
  type = object({
    input_prefix = optional(string, "documents/")
    suffix       = optional(string, "_READY")
  })
  default = null

  validation {
    condition     = var.s3_trigger == null || can(regex("^[^/*\"\\\\][^*\"\\\\]*$", var.s3_trigger.input_prefix))
    error_message = "s3_trigger.input_prefix: a prefix of keys within the input bucket such as documents/, without s3://, a leading slash, quotes or asterisks."
  }

  validation {
    condition     = var.s3_trigger == null || can(regex("^[^*\"\\\\]+$", var.s3_trigger.suffix))
    error_message = "s3_trigger.suffix: the end of a key such as _READY, without quotes or asterisks."
  }

  validation {
    condition     = var.s3_trigger == null || !can(regex("(?i)(^|\\.)(pdf|tiff?|png|jpe?g|jp2|webp|avif|hei[cf]|bmp|gif)$", var.s3_trigger.suffix))
    error_message = "s3_trigger.suffix: the end of a marker's key, such as _READY, that is put once when all documents are there. With a suffix of documents every one of them would start a run over the whole prefix."
  }
}

# ---- asking the results -------------------------------------------------------------------------------------------

variable "max_query_gb" {
  description = "Athena ends a query that has read so many gigabytes (5 USD for a thousand): a search in the text reads all pages there are."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.max_query_gb >= 1 && floor(var.max_query_gb) == var.max_query_gb
    error_message = "max_query_gb: a whole number, at least 1."
  }
}

# ---- watching --------------------------------------------------------------------------------------------------

variable "alarm_email" {
  description = "Who gets the alarms by mail; AWS asks that address to confirm. Null: the topic is made and nobody is subscribed."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email: a mail address such as ops@example.org."
  }
}

variable "manage_processing_log_group" {
  description = "Whether to own /aws/sagemaker/ProcessingJobs, the one log group of all processing jobs of the account and region: gives it a retention. If it is there already, import it first (docs/deploy.md)."
  type        = bool
  default     = false
  nullable    = false
}

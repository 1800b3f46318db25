# The Parquet results as tables for Athena.
#
# Each data set is there twice, because neither way alone answers both questions:
#   pages, documents           all runs. Not partitioned: Athena reads every file below the prefix, so a run is there
#                              as soon as its files are, and nothing has to be registered. The run of a row is in "$path".
#   run_pages, run_documents   one run. run_id is an injected partition: a query must say `where run_id = '...'`, and
#                              reads that run's folder and no other.
# Partitions listed in the catalog would do both, but somebody must add one for every run, and a run whose last step
# failed would be invisible just when one wants to look at it.

locals {
  database = replace(var.name_prefix, "-", "_")

  tables = merge([
    for table, columns in local.columns : {
      (table)        = { data_set = table, columns = columns, partitioned = false, description = "${local.descriptions[table]}, of all runs" }
      "run_${table}" = { data_set = table, columns = columns, partitioned = true, description = "${local.descriptions[table]}, of the run that the query names" }
    }
  ]...)

  descriptions = {
    pages     = "A row per page"
    documents = "The ledger: a row per input object"
  }
}

resource "aws_glue_catalog_database" "results" {
  name        = local.database
  description = "Results of ${var.name_prefix}"
}

resource "aws_glue_catalog_table" "results" {
  for_each = local.tables

  database_name = aws_glue_catalog_database.results.name
  name          = each.key
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"

  parameters = merge(
    { EXTERNAL = "TRUE", classification = "parquet" },
    !each.value.partitioned ? {} : {
      "projection.enabled"        = "true"
      "projection.run_id.type"    = "injected"
      "storage.location.template" = "s3://${var.output_bucket}/${each.value.data_set}/run_id=$${run_id}/"
    },
  )

  dynamic "partition_keys" {
    for_each = each.value.partitioned ? ["run_id"] : []

    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = "s3://${var.output_bucket}/${each.value.data_set}/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
      parameters            = { "serialization.format" = "1" }
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name = columns.value[0]
        type = columns.value[1]
      }
    }
  }
}

# ---- asking them -----------------------------------------------------------------------------------------------

resource "aws_athena_workgroup" "results" {
  name        = var.name_prefix
  description = "Queries over the results of ${var.name_prefix}"

  # It holds saved queries and a history; results of queries lie in the bucket.
  force_destroy = true

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = false
    bytes_scanned_cutoff_per_query     = var.max_query_gb * pow(1000, 3)

    result_configuration {
      output_location = "s3://${var.output_bucket}/athena/"

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}

resource "aws_athena_named_query" "example" {
  for_each = local.queries

  name        = each.key
  description = each.value.description
  workgroup   = aws_athena_workgroup.results.name
  database    = aws_glue_catalog_database.results.name
  query       = each.value.sql
}

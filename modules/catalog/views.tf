# Views for Athena over the tables of all runs, for readers who want one result for each document, whatever run made it.
# The SQL of each view is the file of its name; docs/tables.md has the rule.

locals {
  views = {
    documents_latest = { data_set = "documents", description = "The current row of every document, with the run that wrote it" }
    pages_latest     = { data_set = "pages", description = "The pages of every document from the run of its current row" }
  }

  view_columns = { for table, columns in local.columns : table => concat([["run_id", "string"]], columns) }

  view_texts = {
    for name, view in local.views : name => jsonencode({
      catalog = "awsdatacatalog"
      schema  = aws_glue_catalog_database.results.name
      columns = [for column in local.view_columns[view.data_set] : { name = column[0], type = local.presto_types[column[1]] }]
      originalSql = templatefile("${path.module}/${name}.sql", {
        columns = join(", ", [for column in local.columns[view.data_set] : column[0]])
      })
    })
  }

  # The Hive types of columns.tf, as Athena's SQL calls them. There `left` is a keyword, so the fields' names are quoted.
  presto_types = {
    "string"    = "varchar"
    "int"       = "integer"
    "bigint"    = "bigint"
    "float"     = "real"
    "timestamp" = "timestamp"

    "array<struct<text:string,left:int,top:int,width:int,height:int,confidence:float,line:int>>" = "array(row(\"text\" varchar, \"left\" integer, \"top\" integer, \"width\" integer, \"height\" integer, \"confidence\" real, \"line\" integer))"
    "array<struct<format:string,uri:string,size_bytes:bigint,error:string>>"                     = "array(row(\"format\" varchar, \"uri\" varchar, \"size_bytes\" bigint, \"error\" varchar))"
  }
}

# Athena keeps a view as a table of the catalog whose text is a comment with JSON in base64. AWS does not document it;
# others have found it out: https://stackoverflow.com/a/56347331
resource "aws_glue_catalog_table" "view" {
  for_each = local.views

  database_name = aws_glue_catalog_database.results.name
  name          = each.key
  description   = each.value.description
  table_type    = "VIRTUAL_VIEW"

  parameters = { presto_view = "true", comment = "Presto View" }

  view_expanded_text = "/* Presto View */"
  view_original_text = "/* Presto View: ${base64encode(local.view_texts[each.key])} */"

  storage_descriptor {
    # A view reads no file of its own, but Athena refuses one without this block:
    # https://github.com/hashicorp/terraform-provider-aws/issues/28517
    ser_de_info {
      name                  = "-"
      serialization_library = "-"
    }

    dynamic "columns" {
      for_each = local.view_columns[each.value.data_set]

      content {
        name = columns.value[0]
        type = columns.value[1]
      }
    }
  }
}

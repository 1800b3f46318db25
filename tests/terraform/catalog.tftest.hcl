# Tables and workgroup. That the columns are those of the files is tested in tests/unit/local/test_workflow.py.

mock_provider "aws" {}

variables {
  name_prefix   = "my-ocr"
  output_bucket = "out"
  kms_key_arn   = "arn:aws:kms:us-west-2:123456789012:key/1"
  max_query_gb  = 1000
}

run "each_data_set_has_a_table_of_all_runs_and_one_of_one_run" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition = { for name, table in aws_glue_catalog_table.results : name => one(table.storage_descriptor).location } == {
      pages         = "s3://out/pages/"
      run_pages     = "s3://out/pages/"
      documents     = "s3://out/documents/"
      run_documents = "s3://out/documents/"
    }
    error_message = "Two tables over pages/, two over documents/."
  }
}

run "a_query_over_one_run_reads_that_runs_folder_only" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition = {
      for name, table in aws_glue_catalog_table.results : name => table.parameters["storage.location.template"] if length(table.partition_keys) == 1
      } == {
      run_pages     = "s3://out/pages/run_id=$${run_id}/"
      run_documents = "s3://out/documents/run_id=$${run_id}/"
    }
    error_message = "The partition must be the run's folder, with the name of the column left for Athena to fill in."
  }
  assert {
    condition     = alltrue([for name in ["run_pages", "run_documents"] : aws_glue_catalog_table.results[name].parameters["projection.run_id.type"] == "injected"])
    error_message = "Every partition key needs a projection."
  }
}

run "a_query_over_all_runs_needs_no_partition" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition = alltrue([
      for name in ["pages", "documents"] :
      length(aws_glue_catalog_table.results[name].partition_keys) == 0 && !contains(keys(aws_glue_catalog_table.results[name].parameters), "projection.enabled")
    ])
    error_message = "A projected run_id would make every query name its run."
  }
}

run "query_results_are_encrypted_and_nobody_can_send_them_elsewhere" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition = (
      one(aws_athena_workgroup.results.configuration).enforce_workgroup_configuration &&
      one(one(aws_athena_workgroup.results.configuration).result_configuration).output_location == "s3://out/athena/" &&
      one(one(one(aws_athena_workgroup.results.configuration).result_configuration).encryption_configuration).kms_key_arn == var.kms_key_arn
    )
    error_message = "Results hold text of documents: the workgroup decides where they go."
  }
  assert {
    condition     = one(aws_athena_workgroup.results.configuration).bytes_scanned_cutoff_per_query == 1000 * 1000 * 1000 * 1000
    error_message = "A query over everything must not cost without end."
  }
}

run "the_database_has_a_name_that_sql_can_say" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition     = aws_glue_catalog_database.results.name == "my_ocr"
    error_message = "A hyphen would have to be quoted in every query."
  }
}

run "saved_queries_of_one_run_name_it" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition     = alltrue([for query in aws_athena_named_query.example : strcontains(query.query, "where run_id = 'RUN_ID'") if strcontains(query.query, "from run_")])
    error_message = "Athena refuses a query over an injected partition that does not name it."
  }
}

run "a_view_has_the_columns_of_its_table_after_run_id" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition = {
      for name, view in aws_glue_catalog_table.view : name => [for column in one(view.storage_descriptor).columns : [column.name, column.type]]
      } == {
      documents_latest = concat([["run_id", "string"]], [for column in one(aws_glue_catalog_table.results["documents"].storage_descriptor).columns : [column.name, column.type]])
      pages_latest     = concat([["run_id", "string"]], [for column in one(aws_glue_catalog_table.results["pages"].storage_descriptor).columns : [column.name, column.type]])
    }
    error_message = "What the catalog shows of a view must be what its query gives."
  }
}

run "athena_can_read_a_views_definition" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition = alltrue([
      for view in aws_glue_catalog_table.view :
      view.table_type == "VIRTUAL_VIEW" && view.parameters["presto_view"] == "true" && view.view_expanded_text == "/* Presto View */" &&
      can(regex("^/\\* Presto View: [A-Za-z0-9+/=]+ \\*/$", view.view_original_text)) && length(one(view.storage_descriptor).ser_de_info) == 1
    ])
    error_message = "Athena knows a view by all of these."
  }
  assert {
    condition = alltrue([
      for view in aws_glue_catalog_table.view :
      [for column in jsondecode(base64decode(split(" ", view.view_original_text)[3])).columns : column.name] == [for column in one(view.storage_descriptor).columns : column.name]
    ])
    error_message = "Athena refuses a view as stale whose columns are not those of its query."
  }
  assert {
    condition = toset(flatten([
      for view in aws_glue_catalog_table.view : [for column in jsondecode(base64decode(split(" ", view.view_original_text)[3])).columns : column.type]
      ])) == toset([
      "varchar", "integer", "bigint", "real", "timestamp",
      "array(row(\"text\" varchar, \"left\" integer, \"top\" integer, \"width\" integer, \"height\" integer, \"confidence\" real, \"line\" integer))",
      "array(row(\"format\" varchar, \"uri\" varchar, \"size_bytes\" bigint, \"error\" varchar))",
    ])
    error_message = "The definition has the types of Athena's SQL, not those of Hive."
  }
  assert {
    condition = alltrue([
      for view in aws_glue_catalog_table.view :
      jsondecode(base64decode(split(" ", view.view_original_text)[3])).catalog == "awsdatacatalog" && jsondecode(base64decode(split(" ", view.view_original_text)[3])).schema == "my_ocr"
    ])
    error_message = "The tables that the SQL names are looked for in this database."
  }
}

# That the SQL does what it says is tested in tests/unit/tables/test_views.py, on these files with the columns filled in.
run "a_view_is_the_sql_of_its_file" {
  command = plan
  module { source = "./modules/catalog" }

  assert {
    condition = {
      for name, view in aws_glue_catalog_table.view : name => jsondecode(base64decode(split(" ", view.view_original_text)[3])).originalSql
      } == {
      documents_latest = templatefile("modules/catalog/documents_latest.sql", { columns = join(", ", [for column in one(aws_glue_catalog_table.results["documents"].storage_descriptor).columns : column.name]) })
      pages_latest     = templatefile("modules/catalog/pages_latest.sql", { columns = join(", ", [for column in one(aws_glue_catalog_table.results["pages"].storage_descriptor).columns : column.name]) })
    }
    error_message = "The columns are those of the table, and run_id comes before them."
  }
  assert {
    condition     = strcontains(jsondecode(base64decode(split(" ", aws_glue_catalog_table.view["documents_latest"].view_original_text)[3])).originalSql, "order by status = 'deferred', processed_at desc, run_id desc")
    error_message = "The rule of docs/tables.md: not deferred, newest, greater run_id."
  }
  assert {
    condition     = strcontains(jsondecode(base64decode(split(" ", aws_glue_catalog_table.view["pages_latest"].view_original_text)[3])).originalSql, "from documents_latest")
    error_message = "The pages that count are those of the run of the current row."
  }
}

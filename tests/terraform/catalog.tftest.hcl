# Tables and workgroup. That the columns are those of the files is tested in tests/unit/test_definition.py.

mock_provider "aws" {}

variables {
  name_prefix   = "my-ocr"
  output_bucket = "out"
  kms_key_arn   = "arn:aws:kms:us-west-2:123456789012:key/1"
  force_destroy = false
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

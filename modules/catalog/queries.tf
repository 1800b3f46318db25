# Queries saved in the workgroup. Those over one run have a run's id to fill in.

locals {
  queries = {
    "runs" = {
      description = "All runs: documents by outcome"
      sql         = <<-SQL
        select regexp_extract("$path", 'run_id=([^/]+)', 1) as run_id,
               min(processed_at)                            as first_document_at,
               count(*)                                     as documents,
               sum(page_count)                              as pages,
               count_if(status = 'succeeded')               as succeeded,
               count_if(status = 'partial')                 as partial,
               count_if(status = 'failed')                  as failed,
               count_if(status = 'skipped')                 as skipped,
               count_if(status = 'deferred')                as deferred
        from documents
        group by 1
        order by first_document_at desc
      SQL
    }

    "latest-result-of-every-document" = {
      description = "All runs: the current ledger row of each document, with the run that wrote it"
      sql         = <<-SQL
        select *
        from documents_latest
      SQL
    }

    "text-of-a-document" = {
      description = "All runs: the current pages of one document"
      sql         = <<-SQL
        select run_id, page_number, confidence, text
        from pages_latest
        where document_id = 'DOCUMENT_ID'
        order by page_number
      SQL
    }

    "failures-of-a-run" = {
      description = "One run: documents without a full result, and why"
      sql         = <<-SQL
        select status, error_class, error_message, source_uri, size_bytes, pages_failed, page_count
        from run_documents
        where run_id = 'RUN_ID' and status <> 'succeeded'
        order by status, error_class, source_uri
      SQL
    }

    "doubtful-pages-of-a-run" = {
      description = "One run: pages to look at, the least certain first"
      sql         = <<-SQL
        select source_uri, page_number, confidence, status, error_class, note, substr(text, 1, 200) as beginning
        from run_pages
        where run_id = 'RUN_ID' and (status = 'failed' or confidence < 60)
        order by confidence nulls first
        limit 1000
      SQL
    }
  }
}

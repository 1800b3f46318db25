-- The pages that count: of each document those that the run of its current row wrote.
with pages_of_all_runs as (
  select regexp_extract("$path", 'run_id=([^/]+)', 1) as run_id, *
  from pages
),
current_documents as (
  select run_id, document_id
  from documents_latest
)
select run_id, ${columns}
from pages_of_all_runs
join current_documents using (run_id, document_id)

-- The current row of every document: one that is not deferred before one that is, among those the newest, and of two as
-- new the one with the greater run_id.
with ledger as (
  select regexp_extract("$path", 'run_id=([^/]+)', 1) as run_id, *
  from documents
),
ranked as (
  select *, row_number() over (
    partition by document_id
    order by status = 'deferred', processed_at desc, run_id desc
  ) as place
  from ledger
)
select run_id, ${columns}
from ranked
where place = 1

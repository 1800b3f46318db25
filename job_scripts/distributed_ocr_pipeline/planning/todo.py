"""Which documents a run processes: the listing less what has an up-to-date result, joined in SQL.

The rule for the current row of a document is that of tables/latest.py: a row that is not deferred beats one that is,
then the newest processed_at wins, then the greater run_id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distributed_ocr_pipeline.config import ANY_FAILURE
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.planning.database import Database, literal
from distributed_ocr_pipeline.records import MAX_ATTEMPTS

_ANY_FAILURE = "status in ('failed', 'partial')"  # a file of another kind, which is skipped, is no failure

_LISTED = """
create or replace view listed as
select left(sha256(source_uri), 32) as document_id, source_uri, key, etag, size_bytes, archived from listing
"""

_LATEST = """
with trusted as (
  select *, status = 'deferred' as deferred, hash(document_id) as number
  from ledger anti join untrusted using (run_id, shard_id)
),
several as (select number from trusted group by number having count(*) > 1),
ranked as (
  select *, 1 as place, deferred::bigint as deferrals from trusted anti join several using (number)
  union all
  select *,
    row_number() over (partition by document_id order by deferred, processed_at desc, run_id desc) as place,
    count(*) filter (deferred and options_fingerprint = $fingerprint) over (partition by document_id) as deferrals
  from trusted semi join several using (number)
)
select document_id, source_etag, status, error_class, attempts, page_count, options_fingerprint, deferrals
from ranked where place = 1
"""
"""Current rows. Only documents with several rows, or with the hash of another one, are sorted."""

_NONE_LATEST = """
create or replace table latest (
  document_id varchar, source_etag varchar, status varchar, error_class varchar, attempts integer, page_count integer,
  options_fingerprint varchar, deferrals bigint
)
"""

_TODO = """
with earlier as (from latest where options_fingerprint = $fingerprint),
joined as (
  select l.document_id, l.source_uri, l.key, l.etag, l.size_bytes, l.archived,
    e.document_id is not null and e.source_etag = l.etag as unchanged,
    e.error_class is not null and $retry_failed as insisted,
    e.status = 'deferred' or (e.error_class in ({retryable}) and e.attempts < $max_attempts) as again,
    e.attempts, e.deferrals, e.page_count
  from listed l left join earlier e using (document_id)
)
select document_id, source_uri, key, etag, size_bytes, archived, {kind} as kind,
  case when unchanged and not insisted then attempts else 0 end::integer as attempts,
  case when unchanged then deferrals else 0 end::integer as deferrals,
  case when unchanged and page_count > 0 then page_count end::bigint as pages,
  null::boolean as text_layer
from joined
where not unchanged or insisted or again
"""

_KIND = """
case
  when regexp_matches(key, '\\.pdf$', 'i') then 'pdf'
  when regexp_matches(key, '\\.tiff?$', 'i') then 'tiff'
  when regexp_matches(key, '\\.(png|jpe?g|webp|bmp|jp2|j2k|avif|hei[cf])$', 'i') then 'picture'
  else 'unknown'
end
"""


@dataclass(frozen=True)
class Choice:
    """What decides which documents are processed."""

    fingerprint: str
    reprocess: bool = False
    retry_failed: bool = False
    only_failed: Sequence[str] = ()  # error classes of the documents that are listed at all, or `any`


@dataclass(frozen=True)
class Counts:
    """Documents of the listing; with `only_failed`, those of them that failed."""

    listed: int
    todo: int
    todo_bytes: int

    @property
    def up_to_date(self) -> int:
        """Documents that have a result."""
        return self.listed - self.todo


def choose_documents(database: Database, listing: Path, ledger: Path | None, choice: Choice) -> Counts:
    """Make the view `todo` of the documents to process; `chosen` is the same.

    Args:
        database: Where they are made.
        listing: Parquet of `listing.NAMED_SCHEMA`.
        ledger: Folder of earlier ledgers, by run (`run_id=…/`); None if there are none.
        choice: What decides.

    Where a ledger is given, the table `untrusted` (run_id, shard_id) names results that count for nothing.
    """
    database.view("listing", listing)
    database.execute(_LISTED)
    if ledger is None or choice.reprocess:
        database.execute(_NONE_LATEST)
    else:
        database.view("ledger", ledger, by_run=True)
        database.view("latest", database.write(_LATEST, "latest", fingerprint=choice.fingerprint))
    if choice.only_failed:
        database.execute(f"{_LISTED} where document_id in (select document_id from latest where {_failure(choice)})")
    retryable = ", ".join(literal(error.value) for error in ErrorClass if error.retryable)
    sql = _TODO.format(retryable=retryable, kind=_KIND)
    values = {
        "fingerprint": choice.fingerprint,
        "retry_failed": choice.retry_failed or bool(choice.only_failed),
        "max_attempts": MAX_ATTEMPTS,
    }
    database.view("chosen", database.write(sql, "chosen", **values))
    database.execute("create or replace view todo as from chosen")
    (listed,) = database.row("select count(*) from listed")
    return Counts(listed, *database.row("select count(*), coalesce(sum(size_bytes), 0)::bigint from todo"))


def _failure(choice: Choice) -> str:
    """Whether a current row, with whatever options, is one of the failures that are wanted, as SQL."""
    if ANY_FAILURE in choice.only_failed:
        return _ANY_FAILURE
    return f"error_class in ({', '.join(map(literal, choice.only_failed))})"

"""Which documents a run processes: the listing less what has an up-to-date result, joined in SQL.

The rule for the current row of a document is that of tables/latest.py: a row that is not deferred beats one that is,
then the newest processed_at wins, then the greater run_id.

What is chosen is sorted by id a piece at a time: whoever then asks for a range of ids reads a row group or two of each
piece, and sorts in memory (`database.id_ranges`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.config import ANY_FAILURE
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.planning.database import Database, literal
from distributed_ocr_pipeline.records import MAX_ATTEMPTS

_ANY_FAILURE = "status in ('failed', 'partial')"  # a file of another kind, which is skipped, is no failure

_LISTED = """
create or replace view listed as
select left(sha256(source_uri), 32) as document_id, source_uri, key, etag, size_bytes, archived from listing
"""

_PIECE_ROWS = 400_000
"""Are sorted in memory. More, smaller pieces make readers of a range of ids read more that is beside it."""
_PIECE_GROUP_ROWS = 4096

_SORTED = """
select * exclude (file_row_number) from ({rows})
where file_row_number >= {first} and file_row_number < {after} order by document_id
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

_NEW = """
select left(sha256(source_uri), 32) as document_id, source_uri, key, etag, size_bytes, archived, {kind} as kind,
  file_row_number
from {source}
"""

_UNTRIED = "0::integer as attempts, 0::integer as deferrals, null::bigint as pages"

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
  case when unchanged and page_count > 0 then page_count end::bigint as pages
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
    (listed,) = database.row("select count(*) from listing")
    if ledger is None or choice.reprocess:
        listed = 0 if choice.only_failed else listed  # nothing has failed yet
        _sort(database, _NEW.format(kind=_KIND, source=_numbered(listing)), listed, _UNTRIED)
    else:
        database.view("ledger", ledger, by_run=True)
        database.view("latest", database.write(_LATEST, "latest", fingerprint=choice.fingerprint))
        listed = _join(database, choice)
    database.execute("create or replace view todo as from chosen")
    return Counts(listed, *database.row("select count(*), coalesce(sum(size_bytes), 0)::bigint from todo"))


def _join(database: Database, choice: Choice) -> int:
    """Make the view `chosen` of `listing` and `latest`; returns of how many documents."""
    only = f"where document_id in (select document_id from latest where {_failure(choice)})"
    database.execute(f"{_LISTED} {only if choice.only_failed else ''}")
    retryable = ", ".join(literal(error.value) for error in ErrorClass if error.retryable)
    sql = _TODO.format(retryable=retryable, kind=_KIND)
    values: dict[str, Any] = {
        "fingerprint": choice.fingerprint,
        "retry_failed": choice.retry_failed or bool(choice.only_failed),
        "max_attempts": MAX_ATTEMPTS,
    }
    path = database.write(sql, "joined", **values)
    (listed,) = database.row("select count(*) from listed")
    _sort(database, f"from {_numbered(path)}", database.row(f"select count(*) from {_numbered(path)}")[0])
    return int(listed)


def _numbered(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, file_row_number = true)"


def _sort(database: Database, rows: str, count: int, same: str = "") -> None:
    """Make the view `chosen` of rows with a column file_row_number, in files that are sorted by id.

    Args:
        database: Where it is made.
        rows: SQL.
        count: So many they are.
        same: Columns more, which have the same value in all rows and need not be stored.
    """
    shutil.rmtree(database.folder / "chosen", ignore_errors=True)  # of an earlier plan in the same folder
    for number, first in enumerate(range(0, max(1, count), _PIECE_ROWS)):
        piece = _SORTED.format(rows=rows, first=first, after=min(count, first + _PIECE_ROWS))
        path = database.write(piece, f"chosen/{number:05d}", group_rows=_PIECE_GROUP_ROWS)
    database.view("sorted", path.parent)
    database.execute(f"create or replace view chosen as select * {', ' if same else ''}{same} from sorted")


def _failure(choice: Choice) -> str:
    """Whether a current row, with whatever options, is one of the failures that are wanted, as SQL."""
    if ANY_FAILURE in choice.only_failed:
        return _ANY_FAILURE
    return f"error_class in ({', '.join(map(literal, choice.only_failed))})"

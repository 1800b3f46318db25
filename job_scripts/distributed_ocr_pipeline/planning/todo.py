"""Which documents a run processes: the listing less what has an up-to-date result, joined in SQL.

The rule for the current row of a document is that of tables/latest.py: a row that is not deferred beats one that is,
then the newest processed_at wins, then the greater run_id.

What is chosen is sorted by id a piece at a time: whoever then asks for a range of ids reads a row group or two of each
piece, and sorts in memory (`database.id_ranges`).
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from distributed_ocr_pipeline.config import ANY_FAILURE
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.planning.database import Database, id_ranges, literal
from distributed_ocr_pipeline.records import MAX_ATTEMPTS
from distributed_ocr_pipeline.tables.memory import release_memory

_ANY_FAILURE = "status in ('failed', 'partial')"  # a file of another kind, which is skipped, is no failure

_PIECE_ROWS = 200_000
"""Are sorted in memory. More, smaller pieces make readers of a range of ids read more that is beside it."""
_LEDGER_ROWS = 200_000  # are looked through at once for rows of the same document
_PIECE_GROUP_ROWS = 4096

_SORTED = """
select * exclude (file_row_number) from ({rows})
where file_row_number >= {first} and file_row_number < {after} order by document_id
"""

_LATEST = """
with trusted as (
  select *, status = 'deferred' as deferred, hash(document_id) as number
  from ledger anti join untrusted using (run_id, shard_id) where {ids}
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
from ranked where place = 1 order by document_id
"""
"""Current rows of a range of ids. Only documents with several rows, or with the hash of another one, are sorted."""

_NEW = """
select left(sha256(source_uri), 32) as document_id, source_uri, key, etag, size_bytes, archived, {kind} as kind,
  file_row_number
from {source}
"""

_HASHED_ROWS = 1_000_000
_TWICE = """
with several as (
  select number from (select hash(key) as number from listing) where number % $parts = $part
  group by number having count(*) > 1
)
select key from listing where hash(key) in (from several) group by key having count(*) > 1 order by key limit 1
"""

_UNTRIED = "0::integer as attempts, 0::integer as deferrals, null::bigint as pages"

_TODO = """
with earlier as (from latest_rows where options_fingerprint = $fingerprint and {ids}),
joined as (
  select l.*,
    e.document_id is not null and e.source_etag = l.etag as unchanged,
    e.error_class is not null and $retry_failed as insisted,
    e.status = 'deferred' or (e.error_class in ({retryable}) and e.attempts < $max_attempts) as again,
    e.attempts, e.deferrals, e.page_count
  from (from listed where {ids}) l left join earlier e using (document_id)
)
select document_id, source_uri, key, etag, size_bytes, archived, kind,
  case when unchanged and not insisted then attempts else 0 end::integer as attempts,
  case when unchanged then deferrals else 0 end::integer as deferrals,
  case when unchanged and page_count > 0 then page_count end::bigint as pages
from joined
where not unchanged or insisted or again
order by document_id
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


def find_twice(database: Database, listing: Path) -> str | None:
    """A key that a listing has more than once; None where there is none.

    Keys are counted by their hashes, a share of them at a time, so that no more than a million are held.
    """
    database.view("listing", listing)
    (rows,) = database.row("select count(*) from listing")
    parts = rows // _HASHED_ROWS + 1
    for part in range(parts):
        found = list(database.rows(_TWICE, parts=parts, part=part))
        if found:
            return str(found[0][0])
    return None


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
    more = "size_bytes is null as sizeless"
    if ledger is None or choice.reprocess:
        listed = 0 if choice.only_failed else listed  # nothing has failed yet
        _sort(database, "chosen", listing, listed)
        more = f"{more}, {_UNTRIED}"
    else:
        database.view("ledger", ledger, by_run=True)
        _find_latest(database, choice.fingerprint)
        _sort(database, "listed", listing, listed)
        listed = _join(database, listed, choice)
    database.execute(f"create or replace view chosen as select *, {more} from chosen_rows")
    database.execute("create or replace view todo as from chosen")
    return Counts(listed, *database.row("select count(*), coalesce(sum(size_bytes), 0)::bigint from todo"))


def _sort(database: Database, name: str, listing: Path, count: int) -> None:
    """Make the view `<name>_rows` of the first rows of a listing, in files that are sorted by id."""
    source = f"read_parquet({literal(str(listing))}, file_row_number = true)"
    rows = _NEW.format(kind=_KIND, source=source)
    starts = range(0, max(1, count), _PIECE_ROWS)
    _write_pieces(
        database,
        name,
        (_SORTED.format(rows=rows, first=first, after=min(count, first + _PIECE_ROWS)) for first in starts),
    )


def _find_latest(database: Database, fingerprint: str) -> None:
    """Make the view `latest_rows` of the current rows of all documents in the ledger."""
    (rows,) = database.row("select count(*) from ledger")
    ranges = id_ranges(rows, _LEDGER_ROWS)
    _write_pieces(database, "latest", (_LATEST.format(ids=ids) for ids in ranges), fingerprint=fingerprint)


def _join(database: Database, count: int, choice: Choice) -> int:
    """Make the view `chosen_rows` of `listed_rows` and `latest_rows`; returns of how many documents."""
    only = f"where document_id in (select document_id from latest_rows where {_failure(choice)})"
    database.execute(f"create or replace view listed as from listed_rows {only if choice.only_failed else ''}")
    retryable = ", ".join(literal(error.value) for error in ErrorClass if error.retryable)
    _write_pieces(
        database,
        "chosen",
        (_TODO.format(retryable=retryable, ids=ids) for ids in id_ranges(count)),
        fingerprint=choice.fingerprint,
        retry_failed=choice.retry_failed or bool(choice.only_failed),
        max_attempts=MAX_ATTEMPTS,
    )
    return int(database.row("select count(*) from listed")[0]) if choice.only_failed else count


def _write_pieces(database: Database, name: str, queries: Iterable[str], **values: object) -> None:
    """Make the view `<name>_rows` of the results of queries, a file for each."""
    folder = database.folder / name
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier plan in the same folder
    for number, query in enumerate(queries):
        database.write(query, f"{name}/{number:05d}", group_rows=_PIECE_GROUP_ROWS, **values)
        release_memory()  # or the heap grows from piece to piece
    database.view(f"{name}_rows", folder, alike=True)


def _failure(choice: Choice) -> str:
    """Whether a current row, with whatever options, is one of the failures that are wanted, as SQL."""
    if ANY_FAILURE in choice.only_failed:
        return _ANY_FAILURE
    return f"error_class in ({', '.join(map(literal, choice.only_failed))})"

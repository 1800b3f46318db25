"""The results that count over all runs: the current row of every document, and its pages.

A document that was processed in several runs has a row of the ledger in each. For every document_id,

1. a row whose status is not `deferred` beats one that is: a run that did not reach a document takes nothing away;
2. among those the newest processed_at wins;
3. ties are broken by the greater run_id, compared as text.

Athena's views documents_latest and pages_latest (modules/catalog) follow the same rule.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow.fs import FileSystem, LocalFileSystem

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import DOCUMENTS, PAGES
from distributed_ocr_pipeline.records import DocumentStatus, S3Location, require_known
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.schema import ALL_PAGES_SCHEMA, LEDGER_SCHEMA

_BATCH_ROWS = 1024  # of pages with all their words, which are large
_SURROGATE = re.compile("[\ud800-\udfff]")
_RULE_COLUMNS = ["document_id", "status", "processed_at", "run_id"]


def current_rows(ledger: pa.Table) -> pa.Table:
    """The current row of every document: exactly one per document_id, in the ledger's order.

    Args:
        ledger: Rows of any number of runs, at most one per document and run. Needs the columns document_id, status,
            processed_at and run_id; others are kept.
    """
    deferred = pc.equal(ledger["status"], DocumentStatus.DEFERRED.value)
    numbers = pa.array(range(ledger.num_rows), pa.int64())
    ranked = ledger.select(_RULE_COLUMNS).append_column("deferred", deferred).append_column("row", numbers)
    best_first = ranked.sort_by([("deferred", "ascending"), ("processed_at", "descending"), ("run_id", "descending")])
    current = best_first.group_by("document_id", use_threads=False).aggregate([("row", "first")])
    return ledger.filter(pc.is_in(numbers, value_set=current["row_first"].combine_chunks()))


def latest_documents(output: str | Path) -> pa.Table:
    """The current ledger row of every document that any run processed.

    Args:
        output: What runs wrote to: a local folder, or an address `s3://bucket`, which is read with the usual AWS
            settings.

    Returns:
        run_id and the columns of `documents` (docs/tables.md: sizes in bytes, durations in ms, times in UTC).

    Raises:
        BadInput: There is no such folder or bucket, it may not be read, or no run has written results there.
        ServiceFault: S3 did not answer.
    """
    return current_rows(_open(output, DOCUMENTS, LEDGER_SCHEMA).to_table())


def latest_pages(output: str | Path) -> pa.Table:
    """The pages that count: of each document those that the run of its current row wrote.

    Only these are held in memory, in the order of the files.

    Args:
        output: As for `latest_documents`.

    Returns:
        run_id and the columns of `pages` (docs/tables.md: pages counted from 1, confidence 0-100, sizes in pixels of
        the rendered page, durations in ms).

    Raises:
        BadInput, ServiceFault: As for `latest_documents`.
    """
    counts = counting(_open(output, DOCUMENTS, LEDGER_SCHEMA))
    return _open(output, PAGES, ALL_PAGES_SCHEMA).to_table(filter=counts)


def document_batches(output: str | Path) -> Iterator[pa.RecordBatch]:
    """`latest_documents` batch by batch; raises the same."""
    ledger = _open(output, DOCUMENTS, LEDGER_SCHEMA)
    return _current_batches(ledger, ledger)


def page_batches(output: str | Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """`latest_pages` batch by batch, for more pages than memory holds; raises the same.

    Args:
        output: As for `latest_documents`.
        columns: Those that are read; None for all. One that there is not is a `BadInput`.
    """
    names = None if columns is None else list(dict.fromkeys(columns))
    require_known("column", names or (), ALL_PAGES_SCHEMA.names)
    ledger = _open(output, DOCUMENTS, LEDGER_SCHEMA)
    return _current_batches(_open(output, PAGES, ALL_PAGES_SCHEMA), ledger, names)


def _current_batches(
    table: ds.Dataset, ledger: ds.Dataset, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    for batch in table.to_batches(columns=columns, filter=counting(ledger), batch_size=_BATCH_ROWS):
        if batch.num_rows:
            yield batch


def counting(ledger: ds.Dataset) -> ds.Expression:
    """Whether a row of either table counts: for readers that take batch after batch.

    Run, document, status and time of all rows of the ledger are held in memory meanwhile, some 350 bytes for each.
    """
    return _belongs_to(current_rows(ledger.to_table(columns=_RULE_COLUMNS)))


def _belongs_to(current: pa.Table) -> ds.Expression:
    """Whether a row is of the document and run of one of these. (Acero's joins cannot carry a list column.)"""
    documents = pc.binary_join_element_wise(current["run_id"], current["document_id"], "/").combine_chunks()
    document = pc.binary_join_element_wise(ds.field("run_id"), ds.field("document_id"), pa.scalar("/"))
    return ds.field("run_id").isin(pc.unique(current["run_id"])) & document.isin(documents)


def _open(output: str | Path, table: str, schema: pa.Schema) -> ds.Dataset:
    filesystem, paths = _list_files(output, table)
    files = [path for path in paths if path.endswith(".parquet")]
    if not files:
        raise BadInput(
            f"There are no results in {output}: it has no Parquet files below {table}/.",
            "Name the folder or the s3://bucket that runs wrote to.",
        )
    return ds.dataset(files, schema, "parquet", filesystem, "hive")


def local_filesystem(folder: str | Path) -> LocalFileSystem:
    """Arrow's reader of this machine's files; raises `BadInput` for a folder whose path it does not take."""
    if not is_text(str(folder)):
        raise BadInput(f"The name of the folder {str(folder)!r} is not UTF-8: its tables cannot be read.", "Rename it.")
    return LocalFileSystem()


def is_text(name: str) -> bool:
    """Whether Arrow takes it: a name may have bytes that are not UTF-8, which Python keeps as surrogates."""
    return not _SURROGATE.search(name)


def _list_files(output: str | Path, table: str) -> tuple[FileSystem, list[str]]:
    """Every file of a table, and the file system that reads it."""
    if not str(output).startswith("s3://"):
        return local_filesystem(output), [str(path) for path in sorted(Path(output, table).rglob("*"))]
    storage, location = Storage(), S3Location.parse(str(output)).below(f"{table}/")
    keys = [item.key for item in storage.list_objects(location)]
    return storage.arrow_filesystem(), [f"{location.bucket}/{key}" for key in keys]

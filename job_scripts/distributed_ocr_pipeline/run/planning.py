"""From a prefix to a plan: which documents a run processes, and in which shards.

A plan is a folder of files (`layout` draws it), written the same way by the planning job and by the command line.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import BadInput, ErrorClass
from distributed_ocr_pipeline.layout import DOCUMENTS, PLAN_FILE, SHARDS_FILE, SHARDS_FOLDER, all_runs
from distributed_ocr_pipeline.records import MAX_ATTEMPTS, Document, DocumentStatus, S3Location
from distributed_ocr_pipeline.run.manifests import write_shard
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.integrity import find_untrusted_shards
from distributed_ocr_pipeline.tables.latest import current_rows
from distributed_ocr_pipeline.tables.schema import LEDGER_SCHEMA

MAX_SHARD_BYTES = 8 * 1024**3
"""A shard's documents must fit on the job's volume several times over."""

_LEDGER_COLUMNS = [
    "run_id",
    "shard_id",
    "document_id",
    "source_etag",
    "status",
    "error_class",
    "attempts",
    "options_fingerprint",
    "processed_at",
]


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """What earlier runs made of a document: its current row of the ledger."""

    etag: str
    status: str
    error_class: str | None
    attempts: int

    @property
    def worth_another_try(self) -> bool:
        """Whether another attempt can end differently, and is still allowed."""
        if self.status == DocumentStatus.DEFERRED.value:
            return True
        retryable = self.error_class is not None and ErrorClass(self.error_class).retryable
        return retryable and self.attempts < MAX_ATTEMPTS


@dataclass(frozen=True)
class Shard:
    """The documents of one processing job, sorted by id."""

    shard_id: str
    documents: tuple[Document, ...]

    @property
    def size_bytes(self) -> int:
        """Sum of the documents' sizes."""
        return sum(document.size_bytes for document in self.documents)


@dataclass(frozen=True)
class Plan:
    """What a run will do."""

    input_prefix: S3Location
    shards: tuple[Shard, ...]
    up_to_date: int  # documents left out because they have a result
    tolerated_failed_shards: int = 0  # so many may fail before the workflow stops the others

    @property
    def documents(self) -> int:
        """How many documents the run processes."""
        return sum(len(shard.documents) for shard in self.shards)

    @property
    def size_bytes(self) -> int:
        """Sum of the planned documents' sizes."""
        return sum(shard.size_bytes for shard in self.shards)


def plan_run(
    storage: Storage, output_bucket: str, options: RunOptions, uri_of: Callable[[S3Location], str] = str
) -> Plan:
    """List the documents, leave out what is up to date, and cut the rest into shards.

    `uri_of` gives the `source_uri` of a document, from which its id is made.

    Raises:
        BadInput: Nothing lies below `input_prefix`, or it cannot be listed.
    """
    prefix = S3Location.parse(options.input_prefix)
    found = list(list_documents(storage, prefix, uri_of))
    if not found:
        raise BadInput(f"There are no documents under {prefix}.", "Check the bucket and the prefix.")
    earlier = {} if options.reprocess else read_earlier(storage, output_bucket, options, uri_of(prefix))
    documents = list(still_to_do(found, earlier, options.retry_failed))
    shards = tuple(make_shards(documents, options.files_per_job))
    return Plan(prefix, shards, len(found) - len(documents), options.tolerated_of(len(shards)))


def list_documents(
    storage: Storage, prefix: S3Location, uri_of: Callable[[S3Location], str] = str
) -> Iterator[Document]:
    """Every object below a prefix as a document; the empty "folders" that S3 consoles create are left out."""
    for item in storage.list_objects(prefix):
        if not (item.key.endswith("/") and item.size_bytes == 0):
            uri = uri_of(S3Location(prefix.bucket, item.key))
            yield Document(document_id_of(uri), uri, item.key, item.etag, item.size_bytes)


def document_id_of(source_uri: str) -> str:
    """32 hex digits that stay the same as long as bucket and key do."""
    return hashlib.sha256(source_uri.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read_earlier(
    storage: Storage, output_bucket: str, options: RunOptions, uri_prefix: str
) -> dict[str, EarlierResult]:
    """What earlier runs made of the documents whose URI begins with a prefix, by document id (see `earlier_results`).

    Rows of shards with missing files do not count.
    """
    below_prefix = pc.starts_with(pc.field("source_uri"), uri_prefix)
    ledger = storage.read_table(all_runs(output_bucket, DOCUMENTS), LEDGER_SCHEMA, _LEDGER_COLUMNS, below_prefix)
    return earlier_results(_trusted(ledger, storage, output_bucket), options.fingerprint)


def earlier_results(ledger: pa.Table, fingerprint: str) -> dict[str, EarlierResult]:
    """The current row of every document, by document id, if it was made with the same options."""
    rows = current_rows(ledger)
    rows = rows.filter(pc.equal(rows["options_fingerprint"], fingerprint))
    values = zip(*(rows[name].to_pylist() for name in ("source_etag", "status", "error_class", "attempts")))
    return dict(zip(rows["document_id"].to_pylist(), (EarlierResult(*value) for value in values)))


def still_to_do(
    documents: Iterable[Document], earlier: Mapping[str, EarlierResult], retry_failed: bool
) -> Iterator[Document]:
    """The documents that have no up-to-date result, each with the attempts made so far."""
    for document in documents:
        before = earlier.get(document.document_id)
        if before is None or before.etag != document.etag or (retry_failed and before.error_class):
            yield document
        elif before.worth_another_try:
            yield replace(document, attempts=before.attempts)


def _trusted(ledger: pa.Table, storage: Storage, output_bucket: str) -> pa.Table:
    untrusted = find_untrusted_shards(storage, output_bucket, set(pc.unique(ledger["run_id"]).to_pylist()))
    if not untrusted:
        return ledger
    shards = zip(ledger["run_id"].to_pylist(), ledger["shard_id"].to_pylist())
    return ledger.filter(pa.array([shard not in untrusted for shard in shards], pa.bool_()))


def make_shards(documents: Iterable[Document], files_per_job: int) -> Iterator[Shard]:
    """Cut documents into shards, in the order of their ids: each file of results then covers a range of ids."""
    batch: list[Document] = []
    size = index = 0
    for document in sorted(documents, key=lambda item: item.document_id):
        if batch and (len(batch) == files_per_job or size + document.size_bytes > MAX_SHARD_BYTES):
            yield Shard(f"s{index:05d}", tuple(batch))
            batch, size, index = [], 0, index + 1
        batch.append(document)
        size += document.size_bytes
    if batch:
        yield Shard(f"s{index:05d}", tuple(batch))


def write_plan(plan: Plan, folder: Path) -> None:
    """Write the plan's files below `folder`."""
    for shard in plan.shards:
        write_shard(plan.input_prefix, shard.documents, folder / SHARDS_FOLDER / shard.shard_id)
    entries = [
        {"shard_id": shard.shard_id, "documents": len(shard.documents), "bytes": shard.size_bytes}
        for shard in plan.shards
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SHARDS_FILE).write_text(json.dumps(entries), encoding="utf-8")
    (folder / PLAN_FILE).write_text(json.dumps(summarise(plan)), encoding="utf-8")


def summarise(plan: Plan) -> dict[str, str | int]:
    """The plan in numbers: the content of plan.json."""
    return {
        "input_prefix": str(plan.input_prefix),
        "documents": plan.documents,
        "bytes": plan.size_bytes,
        "shards": len(plan.shards),
        "up_to_date": plan.up_to_date,
        "tolerated_failed_shards": plan.tolerated_failed_shards,
    }

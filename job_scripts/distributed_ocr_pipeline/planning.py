"""From a prefix to a plan: which documents a run processes, and in which shards.

A plan is a folder of files, written the same way by the planning job and by the command line:

    plan.json                          what the run will do, in numbers
    shards.json                        one small object per shard, for the workflow's Map
    shards/<shard_id>/documents.jsonl  the shard's documents, one `Document` per line
    shards/<shard_id>/manifest.json    the same keys as a SageMaker manifest, which tells it what to download
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.dataset as ds

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import BadInput, ErrorClass
from distributed_ocr_pipeline.manifests import write_shard
from distributed_ocr_pipeline.records import Document, DocumentStatus, S3Location
from distributed_ocr_pipeline.storage import Storage

MAX_SHARD_BYTES = 8 * 1024**3
"""A shard's documents must fit on the job's volume several times over."""


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

    @property
    def documents(self) -> int:
        """How many documents the run processes."""
        return sum(len(shard.documents) for shard in self.shards)

    @property
    def size_bytes(self) -> int:
        """Sum of the planned documents' sizes."""
        return sum(shard.size_bytes for shard in self.shards)


def plan_run(storage: Storage, output_bucket: str, options: RunOptions) -> Plan:
    """List the documents, leave out what is up to date, and cut the rest into shards.

    Raises:
        BadInput: Nothing lies below `input_prefix`, or it cannot be listed.
    """
    prefix = S3Location.parse(options.input_prefix)
    found = list(list_documents(storage, prefix))
    if not found:
        raise BadInput(f"There are no documents under {prefix}.", "Check the bucket and the prefix.")
    done = set() if options.reprocess else read_up_to_date(storage, output_bucket, options.fingerprint)
    documents = [document for document in found if (document.document_id, document.etag) not in done]
    return Plan(prefix, tuple(make_shards(documents, options.files_per_job)), up_to_date=len(found) - len(documents))


def list_documents(storage: Storage, prefix: S3Location) -> Iterator[Document]:
    """Every object below a prefix as a document; the empty "folders" that S3 consoles create are left out."""
    for item in storage.list_objects(prefix):
        if not (item.key.endswith("/") and item.size_bytes == 0):
            uri = f"s3://{prefix.bucket}/{item.key}"
            yield Document(document_id_of(uri), uri, item.key, item.etag, item.size_bytes)


def document_id_of(source_uri: str) -> str:
    """32 hex digits that stay the same as long as bucket and key do."""
    return hashlib.sha256(source_uri.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read_up_to_date(storage: Storage, output_bucket: str, fingerprint: str) -> set[tuple[str, str]]:
    """(document_id, etag) of all earlier results made with these options, but those worth another try."""
    columns = ["document_id", "source_etag", "status", "error_class"]
    same_options = ds.field("options_fingerprint") == fingerprint
    rows = storage.read_parquet(S3Location(output_bucket, "documents/"), columns, same_options)
    return {(row["document_id"], row["source_etag"]) for row in rows if _is_final(row["status"], row["error_class"])}


def _is_final(status: str, error_class: str | None) -> bool:
    return status != DocumentStatus.DEFERRED.value and not (error_class and ErrorClass(error_class).retryable)


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
        write_shard(plan.input_prefix, shard.documents, folder / "shards" / shard.shard_id)
    entries = [
        {"shard_id": shard.shard_id, "documents": len(shard.documents), "bytes": shard.size_bytes}
        for shard in plan.shards
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shards.json").write_text(json.dumps(entries), encoding="utf-8")
    (folder / "plan.json").write_text(json.dumps(summarise(plan)), encoding="utf-8")


def summarise(plan: Plan) -> dict[str, str | int]:
    """The plan in numbers: the content of plan.json."""
    return {
        "input_prefix": str(plan.input_prefix),
        "documents": plan.documents,
        "bytes": plan.size_bytes,
        "shards": len(plan.shards),
        "up_to_date": plan.up_to_date,
    }

"""Documents that SageMaker cannot download: found one by one, taken out of the manifest, and made rows by the worker.

SageMaker downloads all documents of a manifest before the container starts, or fails the job without saying which of
them it was. So the checking job asks for one byte of each, with the permissions that SageMaker uses, and writes
beside the shard's list of documents:

    manifest.json        again, without those that cannot be read
    undeliverable.json   {document_id: {error_class, message}}, which the next job of the shard finds among its inputs

The planner writes the second file as well, for documents that it need not try: archived ones, for example.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed_ocr_pipeline.errors import BadInput, ErrorClass
from distributed_ocr_pipeline.json_files import read_json
from distributed_ocr_pipeline.layout import SHARD_DOCUMENTS_FILE, SHARD_MANIFEST_FILE, SHARD_UNDELIVERABLE_FILE
from distributed_ocr_pipeline.log_context import ContextLogger, log_context
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, S3Location, Undeliverable
from distributed_ocr_pipeline.run.delivery.manifests import make_manifest, parse_documents
from distributed_ocr_pipeline.run.delivery.passwords import passwords_key
from distributed_ocr_pipeline.wording import count_of

if TYPE_CHECKING:  # the worker reads the reasons, and has no use for S3
    from distributed_ocr_pipeline.storage import Storage

logger = ContextLogger(__name__)

_PERMISSION_CODES = ("AccessDenied", "403", "Forbidden", "KMS.")


def check_shard(
    storage: "Storage", shard: S3Location, input_prefix: S3Location, passwords: str | None = None
) -> Mapping[str, str]:
    """Leave the documents that cannot be read out of a shard's manifest; returns those it found, by document id.

    What the plan left out stays out, with the plan's reason.

    Args:
        storage: With the permissions of the role that downloads the documents.
        shard: Prefix of the shard's files, with a slash at its end.
        input_prefix: The run's.
        passwords: The run's file of passwords, which is left out as well if it cannot be read.

    Raises:
        BadInput: The role may read none of the documents: that is no fault of theirs.
    """
    documents = parse_documents(storage.get_bytes(shard.below(SHARD_DOCUMENTS_FILE)).decode("utf-8"))
    stored = shard.below(SHARD_UNDELIVERABLE_FILE)
    known: dict[str, Any] = storage.get_json(stored) if storage.exists(stored) else {}
    listed = [document for document in documents if document.document_id not in known]
    found = storage.find_unreadable(S3Location(input_prefix.bucket, document.key) for document in listed)
    reasons = {document.document_id: found[document.key] for document in listed if document.key in found}
    _require_permission(reasons, len({document.document_id for document in listed}))
    deliverable = [document for document in listed if document.document_id not in reasons]
    # SageMaker refuses a manifest that lists nothing, and ours must not: the shard's own list is something.
    beside = _readable(storage, input_prefix, passwords)
    manifest = (
        make_manifest(input_prefix, deliverable, beside)
        if deliverable
        else [{"prefix": str(shard)}, SHARD_DOCUMENTS_FILE]
    )
    storage.put_json(stored, known | _as_json(reasons))
    storage.put_json(shard.below(SHARD_MANIFEST_FILE), manifest)
    return reasons


def _readable(storage: "Storage", input_prefix: S3Location, name: str | None) -> Sequence[str]:
    """The name of a file below the prefix, if there is one and it can be read."""
    if not name:
        return ()
    key = passwords_key(input_prefix, name)
    return () if storage.find_unreadable([S3Location(input_prefix.bucket, key)]) else (name,)


def _as_json(reasons: Mapping[str, str]) -> dict[str, Any]:
    return {
        document_id: asdict(Undeliverable(ErrorClass.MISSING, f"SageMaker cannot download it: {reason}"))
        for document_id, reason in reasons.items()
    }


def _require_permission(reasons: Mapping[str, str], documents: int) -> None:
    refused = [reason for reason in reasons.values() if reason.startswith(_PERMISSION_CODES)]
    if refused and len(refused) == documents:
        raise BadInput(
            f"The worker's role may read none of the shard's {count_of(documents, 'document')}: {refused[0]}",
            "Allow it in the bucket's policy and in the policy of the key that the documents are encrypted with.",
        )


def read_reasons(folder: Path) -> Mapping[str, Undeliverable]:
    """The reasons by document id, from the job's `shard` input; none if the shard has no such file."""
    path = folder / SHARD_UNDELIVERABLE_FILE
    reasons: dict[str, Any] = read_json(path) if path.exists() else {}
    return {
        document_id: Undeliverable(ErrorClass(reason["error_class"]), reason["message"])
        for document_id, reason in reasons.items()
    }


def undelivered(documents: Iterable[Document], reasons: Mapping[str, Undeliverable]) -> Iterator[DocumentResult]:
    """The rows of the documents that have a reason."""
    for document in documents:
        if reason := reasons.get(document.document_id):
            with log_context(document_id=document.document_id):
                logger.debug("failed: %s", reason.error_class)
            yield DocumentResult(
                document,
                DocumentStatus.FAILED,
                error_class=reason.error_class,
                error_message=reason.message,
            )

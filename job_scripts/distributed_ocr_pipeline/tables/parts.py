"""Parts of huge documents: what a shard's job says of one, and the document's row that is made of all of them.

A document that is more work than a shard is read in parts by page range, by several jobs. Each writes its pages as
pages of the document, and says in the footer of its ledger, where no reader of the table meets it, what became of its
part. The reporting job makes the document's only row of them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import DocumentStatus

JOINED_SHARD = "joined"
"""In place of a shard's id: the files of documents that were read in parts."""

_PAGE_COUNTS = ("pages_succeeded", "pages_failed", "pages_blank")


@dataclass(frozen=True)
class Part:
    """What became of a part: the ledger's row (tables/schema.py) for its pages alone."""

    run_id: str
    first_page: int
    last_page: int | None  # None: to the document's end
    digest: str  # SHA-256 of the file; empty if it could not be opened
    row: Mapping[str, Any]
    qualities: Mapping[str, int] = field(default_factory=dict)  # its pages by quality

    @property
    def document_id(self) -> str:
        """The document's."""
        return str(self.row["document_id"])

    @property
    def shard_id(self) -> str:
        """Of the job that read it."""
        return str(self.row["shard_id"])

    @property
    def name(self) -> tuple[str, int]:
        """What tells it from other parts of a run."""
        return self.document_id, self.first_page

    @property
    def pages(self) -> int:
        """Rows of the pages table."""
        return sum(int(self.row[name]) for name in _PAGE_COUNTS)

    def is_done(self, *, without_fault: bool = False) -> bool:
        """Whether another run need not read it: it has a final outcome, or even one without any fault."""
        error_class = self.row["error_class"]
        if self.row["status"] == DocumentStatus.DEFERRED.value:
            return False
        return error_class is None or not (without_fault or ErrorClass(error_class).retryable)


def encode_parts(parts: Iterable[Part]) -> str:
    """As JSON."""
    return json.dumps([asdict(part) for part in parts], default=datetime.isoformat)


def decode_parts(text: str | bytes) -> tuple[Part, ...]:
    """The parts in a footer or a file."""
    parts = [Part(**values) for values in json.loads(text)]
    return tuple(
        Part(**{**vars(part), "row": {**part.row, "processed_at": datetime.fromisoformat(part.row["processed_at"])}})
        for part in parts
    )


def are_whole(parts: Sequence[Part]) -> bool:
    """Whether parts, in the order of their pages, cover a document from page 1 to its end, each page once."""
    ends = [part.last_page for part in parts]
    return (
        bool(parts)
        and ends[-1] is None
        and all(end is not None and part.first_page == end + 1 for end, part in zip([0, *ends], parts))
    )


def agree(parts: Iterable[Part]) -> bool:
    """Whether all jobs that could open the document read the same file."""
    return len({(part.digest, part.row["page_count"]) for part in parts if part.digest}) <= 1


def join(parts: Sequence[Part]) -> dict[str, Any]:
    """The ledger's row of a document, from all its parts in the order of their pages."""
    rows = [part.row for part in parts]
    newest = max(rows, key=lambda row: row["processed_at"])
    counts = {name: sum(row[name] for row in rows) for name in _PAGE_COUNTS}
    return {
        **newest,
        **counts,
        **_outcome(parts, counts["pages_succeeded"] + counts["pages_blank"]),
        "shard_id": JOINED_SHARD,
        "media_type": next((row["media_type"] for row in rows if row["media_type"]), ""),
        "page_count": max(row["page_count"] for row in rows),
        "duration_ms": sum(row["duration_ms"] for row in rows),
        "attempts": max(row["attempts"] for row in rows),
        "outputs": next((row["outputs"] for row in rows if row.get("outputs")), None),
    }


def _outcome(parts: Sequence[Part], pages_done: int) -> dict[str, str | None]:
    """Status and error: those of the first part that has a fault."""
    statuses = {part.row["status"] for part in parts}
    fault = next((part for part in parts if part.row["error_class"]), None)
    status, error_class, message = DocumentStatus.SUCCEEDED.value, None, None
    if DocumentStatus.DEFERRED.value in statuses:
        status = DocumentStatus.DEFERRED.value
    elif not agree(parts):
        status = (DocumentStatus.PARTIAL if pages_done else DocumentStatus.FAILED).value
        error_class, message = ErrorClass.CHANGED.value, "The file changed while its parts were read."
    elif fault:
        status = (DocumentStatus.PARTIAL if pages_done else DocumentStatus.FAILED).value
        status = statuses.pop() if len(statuses) == 1 else status
        error_class, message = fault.row["error_class"], fault.row["error_message"]
    return {"status": status, "error_class": error_class, "error_message": message}

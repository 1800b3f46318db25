"""Parts of a document with the id `d`."""

from datetime import timedelta
from typing import Any

from distributed_ocr_pipeline.tables.parts import Part
from tests.support.runs import NOON


def part(first: int, last: int | None, status: str = "succeeded", error: str | None = None, **values: Any) -> Part:
    """A part of a document of six pages; `values` are other values of its row, `digest` and `qualities`."""
    done = 0 if status in ("failed", "deferred") else (last or 6) - first + 1
    row: dict[str, Any] = {
        **{"document_id": "d", "shard_id": f"s0000{first}", "source_uri": "s3://b/d.pdf", "source_etag": "etag"},
        **{"media_type": "application/pdf", "page_count": 6, "status": status, "error_class": error},
        **{"pages_succeeded": done, "pages_failed": 0, "pages_blank": 0, "error_message": error and "It says why."},
        **{
            "duration_ms": 5,
            "attempts": 1,
            "options_fingerprint": "f",
            "processed_at": NOON + timedelta(minutes=first),
        },
    }
    digest, qualities = values.pop("digest", "a"), values.pop("qualities", {})
    return Part("run1", first, last, digest, row | values, qualities)

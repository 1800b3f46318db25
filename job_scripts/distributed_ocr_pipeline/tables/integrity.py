"""Whether a shard's files are all there: the footers of its ledger and its pages vouch for each other."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

from distributed_ocr_pipeline.records import Quality
from distributed_ocr_pipeline.tables.parts import Part, decode_parts


class ListedPage(Protocol):
    """Some objects of a listing."""

    @property
    def keys(self) -> list[str]:
        """Their keys."""

    @property
    def sizes(self) -> list[int]:
        """Their sizes in bytes, in the same order."""


@dataclass(frozen=True)
class LedgerFooter:
    """What the footer of a shard's ledger says."""

    name: str  # of the file
    rows: int  # that the file has
    documents: int  # rows that it should have
    pages: int  # rows of the shard's pages
    pages_bytes: int  # size of the shard's files of pages
    proved: bool  # whether the writer compared pages and ledger document by document
    seconds: float  # of wall time that the shard's job took
    cpu_seconds: float  # that it used
    parts: tuple[Part, ...] = ()  # of huge documents, which other shards read as well
    qualities: Mapping[str, int] = field(default_factory=dict)  # pages of its rows; older versions' do not say


def read_footers(ledger: Path) -> Iterator[LedgerFooter]:
    """The footers of a run's ledger, in a folder."""
    for path in sorted(ledger.glob("*.parquet")):
        metadata = pq.read_metadata(path)
        texts = metadata.metadata or {}
        words = {key.decode(): value.decode() for key, value in texts.items() if len(value) < 100}
        yield LedgerFooter(
            name=path.name,
            rows=metadata.num_rows,
            documents=int(words.get("documents", -1)),
            pages=int(words.get("pages", -1)),
            pages_bytes=int(words.get("pages_bytes", -1)),
            proved=words.get("proved") == "true",
            seconds=float(words.get("seconds", 0)),
            cpu_seconds=float(words.get("cpu_seconds", 0)),
            qualities={quality.value: int(words.get(_word(quality), 0)) for quality in Quality},
            parts=decode_parts(texts.get(b"parts", b"[]")),
        )


def quality_words(qualities: Mapping[str, int]) -> dict[str, str]:
    """What `read_footers` finds of the pages by quality."""
    return {_word(quality): str(qualities.get(quality.value, 0)) for quality in Quality}


def _word(quality: Quality) -> str:
    return f"pages_{quality.value}"


def sum_sizes(pages: Iterable[ListedPage]) -> Counter[str]:
    """Bytes of all files of the same name: a shard's pages may lie in several folders."""
    sizes: Counter[str] = Counter()
    for page in pages:
        for key, size in zip(page.keys, page.sizes):
            sizes[key.rpartition("/")[2]] += size
    return sizes


def incomplete(footers: Iterable[LedgerFooter], sizes: Counter[str]) -> frozenset[str]:
    """File names (`<shard_id>.parquet`) of a run's shards whose files are not those that the ledger's footer promises.

    Half an upload is one table without the other, or with that of another attempt. The pages need not be opened: their
    files are listed, and S3 shows no file that is not whole.

    Args:
        footers: Of the run's ledger.
        sizes: Bytes of the run's pages (`sum_sizes`).
    """
    names = {footer.name for footer in footers}
    wrong = {
        footer.name for footer in footers if (footer.rows, sizes[footer.name]) != (footer.documents, footer.pages_bytes)
    }
    return frozenset(wrong | (sizes.keys() - names))

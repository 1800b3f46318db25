"""A list that says no sizes: those of a sample are asked for, and the plan says so."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import duckdb
import pikepdf
import pyarrow as pa
import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.planning import sampling
from distributed_ocr_pipeline.planning.listing import LISTING_SCHEMA
from distributed_ocr_pipeline.planning.sources import Source
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.planning import plan_source

DOCUMENTS = 700
PAGE_BYTES = 2000


@lru_cache(maxsize=None)
def pdf(pages: int) -> bytes:
    """A PDF of so many pages of some bytes each."""
    document = pikepdf.new()
    for number in range(pages):
        document.add_blank_page()
        document.pages[number].Contents = document.make_stream(b"%" * PAGE_BYTES)
    content = BytesIO()
    document.save(content, compress_streams=False)
    return content.getvalue()


@dataclass
class Bucket:
    """Documents of 1 to 40 pages, and how often their sizes are asked for."""

    pages: dict[str, int] = field(
        default_factory=lambda: {f"in/{number:04d}.pdf": number * 7 % 40 + 1 for number in range(DOCUMENTS)}
    )
    missing: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    def size_of(self, key: str) -> int:
        self.asked.append(key)
        if key in self.missing:
            raise BadInput(f"There is no {key}.")
        return len(pdf(self.pages[key]))

    def plan(self, folder: Path, known: int = 0, **options: object) -> Plan:
        """A plan of a list that says the sizes of so many documents."""
        keys = list(self.pages)
        sizes = [len(pdf(self.pages[key])) if number < known else None for number, key in enumerate(keys)]

        def batches() -> Iterator[pa.RecordBatch]:
            yield pa.record_batch([keys, ["e"] * len(keys), sizes, [False] * len(keys)], LISTING_SCHEMA)

        def fetch(key: str, offset: int, length: int) -> bytes:
            return pdf(self.pages[key])[offset : offset + length]

        source = Source(batches(), fetch, self.size_of)
        return plan_source(source, parse_options({"input_prefix": "s3://bucket/in/", **options}), folder)

    @property
    def bytes(self) -> int:
        """Of all documents."""
        return sum(len(pdf(count)) for count in self.pages.values())


def test_documents_without_a_size_are_priced_by_a_sample(tmp_path: Path) -> None:
    bucket = Bucket()
    plan = bucket.plan(tmp_path)
    assert len(bucket.asked) == sampling.SAMPLE
    assert plan.pages.expected == pytest.approx(sum(bucket.pages.values()), rel=0.15)
    assert plan.pages.low <= sum(bucket.pages.values()) <= plan.pages.high
    assert plan.size_bytes == pytest.approx(bucket.bytes, rel=0.15)


def test_the_plan_says_on_what_it_rests(tmp_path: Path) -> None:
    plan = Bucket().plan(tmp_path)
    asked = f"the list has no size of {DOCUMENTS} documents, and S3 was asked for 200 of them"
    assert plan.basis == f"the pages of 200 documents were counted; {asked}"
    assert Plan.from_dict(plan.as_dict()).looked == plan.looked


def test_sizes_that_are_known_are_kept_and_not_asked_for(tmp_path: Path) -> None:
    bucket = Bucket()
    plan = bucket.plan(tmp_path, known=DOCUMENTS - 50)
    assert sorted(bucket.asked) == list(bucket.pages)[-50:]
    assert plan.looked.without_size == 50
    rows = duckdb.execute("select key, size_bytes from read_parquet(?)", [str(tmp_path / "documents.parquet")])
    sizes = dict(rows.fetchall())
    assert all(sizes[key] == len(pdf(bucket.pages[key])) for key in list(bucket.pages)[:-50])


def test_of_a_list_with_all_sizes_nothing_is_asked(tmp_path: Path) -> None:
    bucket = Bucket()
    plan = bucket.plan(tmp_path, known=DOCUMENTS)
    assert not bucket.asked and plan.size_bytes == bucket.bytes
    assert plan.basis == "the pages of 207 documents were counted"  # the largest 1 %, and 200 of the others


def test_an_object_that_is_not_there_is_left_to_its_job(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bucket = Bucket(missing=frozenset(f"in/{number:04d}.pdf" for number in range(0, DOCUMENTS, 2)))
    with caplog.at_level(logging.WARNING):
        plan = bucket.plan(tmp_path)
    assert plan.documents == DOCUMENTS
    assert 50 < plan.looked.asked_for_size < 150
    assert "documents are not known: There is no in/" in caplog.text


def test_asking_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling.look_into, "__defaults__", (None, -1.0))
    bucket = Bucket()
    plan = bucket.plan(tmp_path)
    assert not bucket.asked
    assert (plan.documents, plan.size_bytes) == (DOCUMENTS, DOCUMENTS * 60_000)


def test_a_size_that_is_guessed_is_no_reason_to_leave_a_document_alone(tmp_path: Path) -> None:
    """The mean of some is above the limit; which of the others are, their jobs find out."""
    pages = {f"in/{number:04d}.pdf": 600 for number in range(300)}
    Bucket(pages).plan(tmp_path, max_document_mb=1)
    query = "select count(*), count(obstacle) from read_parquet(?)"
    assert duckdb.execute(query, [str(tmp_path / "documents.parquet")]).fetchall() == [(300, 0)]

"""Plans of more documents than are sorted at once: the same as if they were."""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import ServiceFault
from distributed_ocr_pipeline.planning import database, shards, todo
from distributed_ocr_pipeline.planning.database import id_ranges
from distributed_ocr_pipeline.planning.listing import LISTING_SCHEMA
from distributed_ocr_pipeline.planning.sources import Source
from distributed_ocr_pipeline.run.planning import plan_source
from tests.support.documents import document_id_of

DOCUMENTS = 500


def _source() -> Source:
    chance = random.Random(3)
    keys = [f"in/{number:04d}.pdf" for number in range(DOCUMENTS)]
    sizes = [round(chance.lognormvariate(12, 3)) for _ in keys]

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([keys, ["e"] * len(keys), sizes, [False] * len(keys)], LISTING_SCHEMA)

    def refuse(key: str, offset: int, length: int) -> bytes:
        raise ServiceFault(f"no {length} bytes of {key} at {offset}")

    return Source(batches(), refuse)


def _planned(folder: Path) -> tuple[list[tuple[object, ...]], str]:
    folder.mkdir()
    options = parse_options({"input_prefix": "s3://bucket/in/", "target_shard_minutes": 5})
    plan_source(_source(), options, folder)
    rows = duckdb.execute("from read_parquet(?)", [str(folder / "documents.parquet")]).fetchall()
    return rows, (folder / "shards.json").read_text()


def test_shards_do_not_depend_on_how_many_documents_are_sorted_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = _planned(tmp_path / "at once")
    monkeypatch.setattr(todo, "_PIECE_ROWS", 70)
    monkeypatch.setattr(database, "_RANGE_ROWS", 30)
    in_pieces = _planned(tmp_path / "in pieces")
    assert len(list((tmp_path / "in pieces" / "chosen").iterdir())) == 8
    assert in_pieces == at_once
    assert len(at_once[0]) >= DOCUMENTS and at_once[1].count("shard_id") > 1


def test_what_a_piece_or_range_took_is_given_back_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[str] = []
    for module in (todo, shards):
        monkeypatch.setattr(module, "release_memory", lambda name=module.__name__: given_back.append(name))
    monkeypatch.setattr(todo, "_PIECE_ROWS", 70)
    monkeypatch.setattr(database, "_RANGE_ROWS", 30)
    _planned(tmp_path / "in pieces")
    assert given_back.count(todo.__name__) == 8 and given_back.count(shards.__name__) >= DOCUMENTS // 30


RANGES = [(0, 1), (25_000, 1), (25_001, 2), (100_000, 4), (200_001, 4), (1_040_001, 9), (10**8, 770)]


@pytest.mark.parametrize(("rows", "count"), RANGES)
def test_every_id_is_in_one_range(rows: int, count: int) -> None:
    ids = sorted(document_id_of(str(number)) for number in range(100)) + ["0" * 32, "f" * 32, "0400"]
    ranges = id_ranges(rows)
    assert len(ranges) == count
    chosen = [
        duckdb.execute(f"select list(id order by id) from (select unnest(?) as id) t where {ids_in}", [ids]).fetchall()
        for ids_in in (condition.replace("document_id", "id") for condition in ranges)
    ]
    found = [list(rows[0][0] or []) for rows in chosen]
    assert sorted(id_ for part in found for id_ in part) == sorted(ids)
    assert all(one[-1] < other[0] for one, other in pairwise(part for part in found if part))


def test_what_is_not_fetched_takes_no_work_however_large_it_is(tmp_path: Path) -> None:
    keys = ["in/film.pdf", "in/cold.pdf", "in/a.pdf"]
    columns = [keys, ["e"] * 3, [5 * 10**12, 10**12, 120_000], [False, True, False]]
    source = _source()
    batches = [pa.record_batch(columns, LISTING_SCHEMA)]
    options = parse_options({"input_prefix": "s3://bucket/in/", "max_cost_usd": 1})
    plan = plan_source(replace(source, batches=batches), options, tmp_path)
    assert (plan.documents, plan.shards, plan.pages.expected, plan.size_bytes) == (3, 1, 2, 120_000)
    rows = duckdb.execute(
        "select key, size_bytes, obstacle is null from read_parquet(?) order by key",
        [str(tmp_path / "documents.parquet")],
    ).fetchall()
    assert rows == [("in/a.pdf", 120_000, True), ("in/cold.pdf", 10**12, False), ("in/film.pdf", 5 * 10**12, False)]

"""The packed documents as files: each once in the run's list and in its shard's; downloadable ones in the manifest."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.packing import FULL
from distributed_ocr_pipeline.planning.shards import ShardEntry, ShardWriter, find_obstacles, shard_files
from distributed_ocr_pipeline.planning.splitting import keep_parts
from distributed_ocr_pipeline.planning.todo import Choice
from distributed_ocr_pipeline.records import Document
from distributed_ocr_pipeline.run.delivery.manifests import is_file_name, parse_documents

_ESTIMATED = """
create table todo (document_id varchar, source_uri varchar, key varchar, etag varchar, size_bytes bigint, archived boolean, attempts integer,
  pages bigint, seconds double, wanted_load bigint, kind varchar default 'pdf', guessed boolean default false,
  deferrals integer default 0, sizeless boolean default false)
"""
_GIVEN = "document_id, source_uri, key, etag, size_bytes, archived, attempts, pages, seconds, wanted_load"


class Written:
    """What a plan wrote."""

    def __init__(
        self, folder: Path, documents: list[tuple[str, int]], shards: int, *, archived: bool = False, size: int = 100
    ) -> None:
        with open_database(folder) as database:
            database.execute(_ESTIMATED)
            rows = [
                (f"{index:04d}", f"s3://scans/{key}", key, "e", size, archived, 0, 2, 1.5, load)
                for index, (key, load) in enumerate(documents)
            ]
            database.insert("todo (" + _GIVEN + ")", rows)
            keep_parts(database, (), Choice(""))
            database.execute("create view estimated as select * from todo")
            obstacles = find_obstacles(max_document_mb=2048, folder="in/")
            writer = ShardWriter(database, load="wanted_load", large=FULL // 50, obstacles=obstacles)
            _, self.load = writer.totals()
            self.entries: list[ShardEntry] = writer.write(shards, folder / "documents.parquet")
        self.run = pq.ParquetFile(folder / "documents.parquet")
        self.files = {
            location.key: content
            for location, content in shard_files(
                folder / "documents.parquet", "scans", "in/", RunLayout("out", "run1").shard
            )
        }

    def documents(self, shard_id: str) -> list[Document]:
        return parse_documents(self.files[f"runs/run1/shards/{shard_id}/documents.jsonl"].decode())

    def manifest(self, shard_id: str) -> Any:
        return json.loads(self.files[f"runs/run1/shards/{shard_id}/manifest.json"])

    def reasons(self, shard_id: str) -> Any:
        return json.loads(self.files[f"runs/run1/shards/{shard_id}/undeliverable.json"])


def test_every_document_is_in_one_shard_and_in_the_runs_list(tmp_path: Path) -> None:
    loads = [FULL // 100] * 150 + [FULL // 10] * 5
    written = Written(tmp_path, [(f"in/{index}.pdf", load) for index, load in enumerate(loads)], 2)
    assert written.load == 2 * FULL
    assert sum(entry.documents for entry in written.entries) == 155
    for group, entry in enumerate(written.entries):
        listed = written.run.read_row_group(group)
        documents = written.documents(entry.shard_id)
        assert [document.document_id for document in documents] == sorted(listed["document_id"].to_pylist())
        assert (entry.documents, entry.bytes, entry.pages) == (len(documents), 100 * len(documents), 2 * len(documents))
        names = [document.key.removeprefix("in/") for document in documents]
        assert written.manifest(entry.shard_id) == [{"prefix": "s3://scans/in/"}, *names]
    assert written.run.num_row_groups == 2
    assert len(set(written.run.read()["key"].to_pylist())) == 155


def test_a_shard_is_in_the_order_of_ids_where_all_its_documents_are_large(tmp_path: Path) -> None:
    written = Written(tmp_path, [("in/huge.pdf", 2 * FULL), ("in/b.pdf", FULL // 2), ("in/c.pdf", FULL // 3)], 1)
    order = [(document.document_id, document.first_page) for document in written.documents("s00000")]
    assert order == [("0000", 1), ("0000", 2), ("0001", 1), ("0002", 1)]


def test_shards_without_documents_are_not_written(tmp_path: Path) -> None:
    assert [entry.documents for entry in Written(tmp_path, [("in/a", FULL), ("in/b", FULL)], 5).entries] == [1, 1]


_ODD_NAMES = [
    "a//b",
    "./x",
    "a/../x",
    "a/.",
    "/x",
    "n\x00",
    "ü" * 128,
    "plain.pdf",
    "..pdf",
    "a/...",
    "a b/ü&.pdf",
    'say "a".pdf',
    "a\\b.pdf",
    "a\tb.pdf",
]


@pytest.mark.parametrize("name", _ODD_NAMES)
def test_what_cannot_be_a_file_is_planned_but_not_downloaded(tmp_path: Path, name: str) -> None:
    written = Written(tmp_path, [(f"in/{name}", 5), ("in/good.pdf", 5)], 1)
    planned, _ = written.documents("s00000")
    assert planned == Document("0000", f"s3://scans/in/{name}", f"in/{name}", "e", 100)
    assert (name in written.manifest("s00000")) == is_file_name(name)


def test_a_key_that_is_also_a_folder_does_not_fail_the_download_of_the_others(tmp_path: Path) -> None:
    written = Written(tmp_path, [("in/a", 5), ("in/a/b/c.pdf", 5), ("in/a/b", 5), ("in/ab", 5)], 1)
    assert written.manifest("s00000")[1:] == ["a/b/c.pdf", "ab"]
    assert set(written.reasons("s00000")) == {"0000", "0002"}


def test_archived_documents_are_planned_with_the_reason(tmp_path: Path) -> None:
    archived = Written(tmp_path, [("in/a", 5)], 1, archived=True)
    assert archived.manifest("s00000") == [{"prefix": "s3://out/runs/run1/shards/s00000/"}, "documents.jsonl"]
    assert "archived" in archived.reasons("s00000")["0000"]["message"]


def test_enormous_documents_are_planned_with_the_reason(tmp_path: Path) -> None:
    written = Written(tmp_path, [("in/a", 5)], 1, size=3 * 1024**3)
    reason = written.reasons("s00000")["0000"]
    assert reason["error_class"] == "too_large" and "2048 MB" in reason["message"]


def test_of_several_reasons_the_first_counts(tmp_path: Path) -> None:
    written = Written(tmp_path, [("in/a//b", 5)], 1, archived=True, size=3 * 1024**3)
    assert written.reasons("s00000") == {
        "0000": {"error_class": "missing", "message": "it is archived; restore it from Glacier first"}
    }


def test_two_parts_of_a_document_are_in_one_shards_list_and_once_in_its_manifest(tmp_path: Path) -> None:
    written = Written(tmp_path, [("in/huge.pdf", 2 * FULL), ("in/b.pdf", 5)], 1)
    first, second, small = written.documents("s00000")
    assert [(item.first_page, item.last_page, item.is_part) for item in (first, second)] == [
        (1, 1, True),
        (2, None, True),
    ]
    assert first.document_id == second.document_id and first.key == second.key == "in/huge.pdf"
    assert (small.key, small.is_part) == ("in/b.pdf", False)
    assert written.manifest("s00000")[1:] == ["huge.pdf", "b.pdf"]
    assert [(entry.documents, entry.pages) for entry in written.entries] == [(3, 4)]

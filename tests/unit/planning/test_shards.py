"""The packed documents as files: each once, in the run's list and in its shard's, and downloadable ones in the manifest."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.packing import FULL
from distributed_ocr_pipeline.planning.shards import ShardEntry, ShardWriter, obstacle_sql
from distributed_ocr_pipeline.run.manifests import is_file_name

_ESTIMATED = """
create table todo (document_id varchar, key varchar, etag varchar, size_bytes bigint, archived boolean, attempts integer,
  pages bigint, seconds double, wanted_load bigint)
"""


class Written:
    """What a plan wrote."""

    def __init__(self, folder: Path, documents: list[tuple[str, int]], shards: int, archived: bool = False) -> None:
        self.documents: dict[str, pa.Table] = {}
        self.manifests: dict[str, list[str | dict[str, str]]] = {}
        with open_database(folder) as database:
            database.execute(_ESTIMATED)
            rows = [
                (f"{index:04d}", key, "e", 100, archived, 0, 2, 1.5, load)
                for index, (key, load) in enumerate(documents)
            ]
            database.insert("todo", rows)
            database.execute("create view estimated as select * from todo")
            writer = ShardWriter(
                database, load="wanted_load", large=FULL // 50, obstacle=obstacle_sql(max_document_mb=1, folder="in/")
            )
            self.load = writer.total_load()
            self.entries: list[ShardEntry] = writer.write(shards, folder, "s3://scans/in/", self._store)
        self.run = pq.ParquetFile(folder / "documents.parquet")

    def _store(self, shard_id: str, documents: bytes, manifest: bytes) -> None:
        self.documents[shard_id] = pq.read_table(pa.BufferReader(documents))
        self.manifests[shard_id] = json.loads(manifest)


def test_every_document_is_in_one_shard_and_in_the_runs_list(tmp_path: Path) -> None:
    loads = [FULL // 100] * 150 + [FULL // 10] * 5
    written = Written(tmp_path, [(f"in/{index}.pdf", load) for index, load in enumerate(loads)], 2)
    assert written.load == 2 * FULL
    assert sum(entry.documents for entry in written.entries) == 155
    for group, entry in enumerate(written.entries):
        listed = written.run.read_row_group(group)
        assert listed.equals(written.documents[entry.shard_id])
        assert listed["document_id"].to_pylist() == sorted(listed["document_id"].to_pylist())
        assert (entry.documents, entry.bytes, entry.pages) == (
            listed.num_rows,
            100 * listed.num_rows,
            2 * listed.num_rows,
        )
        keys = [key.removeprefix("in/") for key in listed["key"].to_pylist()]
        assert written.manifests[entry.shard_id] == [{"prefix": "s3://scans/in/"}, *keys]
    assert written.run.num_row_groups == 2
    assert len(set(written.run.read()["key"].to_pylist())) == 155


def test_shards_without_documents_are_not_written(tmp_path: Path) -> None:
    assert [entry.documents for entry in Written(tmp_path, [("in/a", FULL), ("in/b", FULL)], 5).entries] == [1, 1]


_ODD_NAMES = ["a//b", "./x", "a/../x", "a/.", "/x", "n\x00", "ü" * 128, "plain.pdf", "..pdf", "a/...", "a b/ü&.pdf"]


@pytest.mark.parametrize("name", _ODD_NAMES)
def test_what_cannot_be_a_file_is_planned_but_not_downloaded(tmp_path: Path, name: str) -> None:
    written = Written(tmp_path, [(f"in/{name}", 5), ("in/good.pdf", 5)], 1)
    assert written.documents["s00000"].num_rows == 2
    assert (name in written.manifests["s00000"]) == is_file_name(name)


def test_a_key_that_is_also_a_folder_does_not_fail_the_download_of_the_others(tmp_path: Path) -> None:
    written = Written(tmp_path, [("in/a", 5), ("in/a/b/c.pdf", 5), ("in/a/b", 5), ("in/ab", 5)], 1)
    assert written.manifests["s00000"][1:] == ["a/b/c.pdf", "ab"]


def test_archived_documents_are_planned_with_the_reason(tmp_path: Path) -> None:
    written = Written(tmp_path, [("in/a", 5)], 1, archived=True)
    assert written.manifests["s00000"][1:] == []
    assert "archived" in written.documents["s00000"]["obstacle"][0].as_py()

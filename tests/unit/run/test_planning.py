"""Planning: every object is in exactly one shard, or known to be done."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from distributed_ocr_pipeline.records import Document, S3Location
from distributed_ocr_pipeline.run.manifests import is_file_name, make_manifest, parse_documents
from distributed_ocr_pipeline.run.planning import MAX_SHARD_BYTES, Plan, document_id_of, make_shards, write_plan

PREFIX = S3Location("bucket", "docs/")


def document(key: str, size: int = 10) -> Document:
    uri = f"s3://bucket/{key}"
    return Document(document_id_of(uri), uri, key, "etag", size)


SIZES = st.lists(st.integers(0, MAX_SHARD_BYTES * 2), max_size=60)


@given(sizes=SIZES, files_per_job=st.integers(1, 20))
def test_every_document_is_in_exactly_one_shard(sizes: list[int], files_per_job: int) -> None:
    documents = [document(f"docs/{index}.pdf", size) for index, size in enumerate(sizes)]
    shards = list(make_shards(documents, files_per_job))
    planned = [item.document_id for shard in shards for item in shard.documents]
    assert sorted(planned) == sorted(item.document_id for item in documents)
    assert len({shard.shard_id for shard in shards}) == len(shards)
    for shard in shards:
        assert 1 <= len(shard.documents) <= files_per_job
        assert shard.size_bytes <= MAX_SHARD_BYTES or len(shard.documents) == 1


@given(order=st.permutations(range(12)))
def test_shards_do_not_depend_on_the_order_of_the_listing(order: list[int]) -> None:
    documents = [document(f"docs/{index}.pdf") for index in order]
    assert list(make_shards(documents, 5)) == list(make_shards(sorted(documents, key=lambda item: item.key), 5))


def test_document_ids_cover_ranges_that_do_not_overlap() -> None:
    shards = list(make_shards([document(f"docs/{index}.pdf") for index in range(30)], 10))
    ids = [item.document_id for shard in shards for item in shard.documents]
    assert ids == sorted(ids)


def test_a_document_keeps_its_id_and_others_have_another() -> None:
    assert document_id_of("s3://bucket/a.pdf") == document_id_of("s3://bucket/a.pdf")
    assert len({document_id_of(uri) for uri in ("s3://bucket/a.pdf", "s3://bucket/b.pdf", "s3://other/a.pdf")}) == 3


def test_the_manifest_lists_keys_below_their_folder() -> None:
    keys = ["docs/2024-01/a.pdf", "docs/2024-02/b c.pdf"]
    assert make_manifest(S3Location("bucket", "docs/2024"), map(document, keys)) == [
        {"prefix": "s3://bucket/docs/"},
        "2024-01/a.pdf",
        "2024-02/b c.pdf",
    ]


def test_keys_that_cannot_be_files_are_left_out_of_the_manifest_only() -> None:
    keys = ["docs/a.pdf", "docs/../secret.pdf", "docs//b.pdf", f"docs/{'x' * 256}.pdf", "docs/é\n'\".pdf"]
    assert make_manifest(PREFIX, map(document, keys))[1:] == ["a.pdf", "é\n'\".pdf"]
    assert not is_file_name("a\0b")


def test_a_written_plan_can_be_read_back(tmp_path: Path) -> None:
    documents = [document(f"docs/{name}.pdf") for name in ("a", "new\nline", "emoji 😀", "c")]
    write_plan(Plan(PREFIX, tuple(make_shards(documents, 3)), up_to_date=7), tmp_path)
    shards = json.loads((tmp_path / "shards.json").read_text())
    assert [entry["documents"] for entry in shards] == [3, 1]
    read = [
        item
        for entry in shards
        for item in parse_documents((tmp_path / "shards" / entry["shard_id"] / "documents.jsonl").read_text())
    ]
    assert sorted(item.key for item in read) == sorted(item.key for item in documents)
    assert json.loads((tmp_path / "plan.json").read_text()) == {
        "input_prefix": "s3://bucket/docs/",
        "documents": 4,
        "bytes": 40,
        "shards": 2,
        "up_to_date": 7,
        "tolerated_failed_shards": 0,
    }

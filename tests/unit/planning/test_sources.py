"""Lists of the user's own, inventories and folders: what they hold, and one clear line where they are wrong."""

import gzip
import io
import json
import os
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import orc

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.json_files import decode_json
from distributed_ocr_pipeline.layout import MARK
from distributed_ocr_pipeline.planning import todo
from distributed_ocr_pipeline.planning.listing import LISTING_SCHEMA
from distributed_ocr_pipeline.planning.sources import Source, folder_source, s3_source, selected
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.planning import plan_source

PREFIX = S3Location("scans", "in/")


class _Objects:
    """Stands for storage: objects by address."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self._objects = objects

    def get_small(self, objects: Iterable[tuple[S3Location, Path]]) -> None:
        for location, path in objects:
            path.write_bytes(self._objects[str(location)])

    def get_json(self, location: S3Location) -> Any:
        return decode_json(self._objects[str(location)], str(location))


def _rows(source: Source) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in source.batches for row in batch.to_pylist()]


def _listed(name: str, content: str | bytes) -> list[tuple[Any, ...]]:
    data = content.encode() if isinstance(content, str) else content
    storage: Any = _Objects({f"s3://lists/{name}": data})
    unused: Any = None
    return _rows(s3_source(storage, unused, PREFIX, f"s3://lists/{name}"))


def test_a_long_list_is_not_held_in_memory() -> None:
    lines = 200_000  # 4.4 MB of text, and some 60 MB as objects
    content = b"".join(f"s3://scans/in/{number:07d}\n".encode() for number in range(lines))
    storage, unused = cast(Any, _Objects({"s3://lists/l.txt": content})), cast(Any, None)
    source = s3_source(storage, unused, PREFIX, "s3://lists/l.txt")
    tracemalloc.start()
    try:
        assert sum(batch.num_rows for batch in source.batches) == lines
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("s3://scans/in/a\n\ns3://scans/in/b\ns3://scans/in/a\n", "Line 4 of {0} names s3://scans/in/a a second"),
        ("s3://scans/in/" + "\ns3://scans/in/".join(["x", *map(str, range(50)), "x"]), "Line 52 of {0} names "),
    ],
)
@pytest.mark.parametrize("hashed", [1_000_000, 7])
def test_what_a_list_names_twice_is_said_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, place: str, hashed: int
) -> None:
    monkeypatch.setattr(todo, "_HASHED_ROWS", hashed)
    path, unused = tmp_path / "l.txt", cast(Any, None)
    path.write_text(content, encoding="utf-8")
    (tmp_path / "plan").mkdir()
    source = s3_source(unused, unused, PREFIX, str(path))
    with pytest.raises(BadInput, match=place.format(path)):
        plan_source(source, parse_options({"input_prefix": str(PREFIX)}), tmp_path / "plan")
    assert not (tmp_path / "plan" / "plan.json").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.csv", 'uri,etag,size_bytes\ns3://scans/in/a.pdf,"""e1""",10\n"s3://scans/in/b, c.pdf",,20\n'),
        ("l.csv", 'uri,etag,size\ns3://scans/in/a.pdf,e1,10\n"s3://scans/in/b, c.pdf",,20\n'),
        (
            "l.jsonl",
            '{"uri": "s3://scans/in/a.pdf", "etag": "e1", "size_bytes": 10}\n\n'
            '{"uri": "s3://scans/in/b, c.pdf", "size_bytes": 20}\n',
        ),
    ],
)
def test_lists_say_uri_etag_and_size(name: str, content: str) -> None:
    assert _listed(name, content) == [("in/a.pdf", "e1", 10, False), ("in/b, c.pdf", "", 20, False)]


def test_an_empty_file_has_a_size_in_a_list_and_one_without_a_size_has_none() -> None:
    lines = ("0", '"0"', "10.0", '" 10 "', "null", '""')
    rows = "\n".join(f'{{"uri": "s3://scans/in/{n}", "size_bytes": {size}}}' for n, size in enumerate(lines))
    assert [row[2] for row in _listed("l.jsonl", rows)] == [0, 0, 10, 10, None, None]


def test_a_list_may_begin_with_a_byte_order_mark() -> None:
    assert [row[0] for row in _listed("l.csv", "\ufeffuri\ns3://scans/in/a.pdf\n")] == ["in/a.pdf"]


def test_a_plain_list_names_objects_only() -> None:
    rows = _listed("l.txt", "s3://scans/in/a.pdf\r\n\ns3://scans/in/ü b.pdf")
    assert [row[0] for row in rows] == ["in/a.pdf", "in/ü b.pdf"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("l.txt", "s3://scans/in/a\ns3://other/in/b\n", "line 2 of s3://lists/l.txt is not below the run's prefix"),
        ("l.txt", "s3://scans/in/a\nnonsense\n", "'nonsense' in line 2"),
        ("l.txt", b"s3://scans/in/a\ns3://scans/in/\xff\n", "Line 2 of .* is not UTF-8"),
        ("l.txt", "s3://scans/in/a\n" + "s" * 20_000 + "\n", "Line 2 .* is longer than 16384 bytes"),
        ("l.jsonl", '{"uri": "s3://scans/in/a"}\n{"uri": \n', "Line 2 .* cannot be read"),
        ("l.jsonl", '["s3://scans/in/a"]\n', "There is no uri in line 1"),
        ("l.csv", "uri,size_bytes\ns3://scans/in/a,many\n", "size_bytes in line 2 .* is 'many'"),
        ("l.csv", "uri,size_bytes\ns3://scans/in/a,-1\n", "size_bytes in line 2 .* is '-1'"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "size_bytes": [1]}', r"size_bytes in line 1 .* is \[1\]"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "size_bytes": 1e999}', "size_bytes in line 1 .* is inf"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "size_bytes": 1e30}', r"size_bytes in line 1 .* is 1e\+30"),
        ("l.jsonl", '{"uri": "s3://scans/in/\\ud800"}', "in line 1 .* is not UTF-8"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "etag": "\\ud800"}', "in line 1 .* is not UTF-8"),
        ("l.csv", "key\ns3://scans/in/a\n", "Line 1 .* names no column uri"),
        ("l.csv", "s3://scans/in/a\n", "Line 1 .* names no column uri"),
        ("l.csv", "uri,etag,uri\ns3://scans/in/a,x,s3://scans/in/b\n", "Line 1 .* names a column twice"),
        ("l.jsonl", "\n" + "[" * 10_000 + "\n", "Line 2 .* cannot be read: .*recursion"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "etag": ["e1"]}', r"etag in line 1 .* is \['e1'\]"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "size_bytes": true}', "size_bytes in line 1 .* is True"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "size_bytes": 1.5}', "size_bytes in line 1 .* is 1.5"),
        ("l.jsonl", '{"uri": "s3://scans/in/a", "size_bytes": NaN}', "size_bytes in line 1 .* is nan"),
        ("l.csv", "uri,size_bytes\ns3://scans/in/a,1_000\n", "size_bytes in line 2 .* is '1_000'"),
        ("l.csv", "uri,size_bytes\ns3://scans/in/a,٣\n", "size_bytes in line 2 .* is '٣'"),
        ("l.csv", "uri\ns3://scans/in/a, b.pdf\n", "Line 2 .* more values than the header"),
        ("l.csv", 'uri\n"s3://scans/in/a"x\n', "Line .* cannot be read"),
        ("l.xlsx", "x", "of no known form.*txt, .csv"),
    ],
)
def test_a_wrong_line_is_named(name: str, content: str | bytes, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        _listed(name, content)


_INVENTORY = [
    {"bucket": "scans", "key": "in/a b.pdf", "size": 10, "e_tag": "e1", "storage_class": "STANDARD"},
    {"bucket": "scans", "key": "in/cold.pdf", "size": 20, "e_tag": "e2", "storage_class": "DEEP_ARCHIVE"},
    {"bucket": "scans", "key": "other/c.pdf", "size": 30, "e_tag": "e3", "storage_class": "STANDARD"},
    {"bucket": "scans", "key": "in/folder/", "size": 0, "e_tag": "e4", "storage_class": "STANDARD"},
]


def _inventory(form: str, content: bytes, **changes: Any) -> list[tuple[Any, ...]]:
    manifest = {
        "sourceBucket": "scans",
        "destinationBucket": "arn:aws:s3:::lists",
        "fileFormat": form,
        "fileSchema": "Bucket, Key, Size, ETag, StorageClass",
        "files": [{"key": "data/1"}],
        **changes,
    }
    storage: Any = _Objects({"s3://lists/i/manifest.json": json.dumps(manifest).encode(), "s3://lists/data/1": content})
    unused: Any = None
    return _rows(s3_source(storage, unused, PREFIX, "s3://lists/i/manifest.json"))


def _csv_lines() -> list[bytes]:
    rows = [
        [row["bucket"], str(row["key"]).replace(" ", "+"), row["size"], row["e_tag"], row["storage_class"]]
        for row in _INVENTORY
    ]
    return [",".join(f'"{value}"' for value in row).encode() for row in rows]


def _as_csv() -> bytes:
    return gzip.compress(b"\n".join(_csv_lines()), mtime=0)


def _changed(third: bytes) -> bytes:
    """The CSV with another third line."""
    first, second, _, fourth = _csv_lines()
    return gzip.compress(b"\n".join([first, second, third, fourth]), mtime=0)


def _as_parquet(changed: int | None = None, **values: str) -> bytes:
    """The rows; with one of them changed, all sizes are texts."""
    rows = _INVENTORY if changed is None else [row | {"size": str(row["size"])} for row in _INVENTORY]
    rows = [row | values if number == changed else row for number, row in enumerate(rows)]
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), content)
    return content.getvalue()


def _as_orc() -> bytes:
    content = io.BytesIO()
    orc.write_table(pa.Table.from_pylist(_INVENTORY), content)
    return content.getvalue()


@pytest.mark.parametrize(("form", "content"), [("CSV", _as_csv()), ("Parquet", _as_parquet()), ("ORC", _as_orc())])
def test_inventories_of_all_forms_say_the_same(form: str, content: bytes) -> None:
    assert _inventory(form, content) == [("in/a b.pdf", "e1", 10, False), ("in/cold.pdf", "e2", 20, True)]


def test_a_size_that_an_inventory_does_not_say_is_unknown_and_not_0() -> None:
    content = gzip.compress(b'"scans","in/a.pdf"\n"scans","in/b.pdf"', mtime=0)
    found = _inventory("CSV", content, fileSchema="Bucket, Key")
    assert [row[0] for row in found] == ["in/a.pdf", "in/b.pdf"] and all(row[2] is None for row in found)


@pytest.mark.parametrize(
    ("form", "content", "changes", "problem"),
    [
        ("CSV", b"no gzip", {}, "Line 1 of .* s3://lists/data/1 cannot be read"),
        ("CSV", _changed(b'"scans","in/x.pdf"'), {}, "Line 3 of .* s3://lists/data/1 .* 2 values for 5 columns"),
        ("CSV", _changed(b'"scans","in/x.pdf","many","e","STANDARD"'), {}, "Line 3 of .* 'many'"),
        ("CSV", _changed(b'"scans","in/%FF.pdf","1","e","STANDARD"'), {}, "Line 3 of .* can't decode byte 0xff"),
        ("CSV", _changed(b'"scans","in/x.pdf"x,"1","e","STANDARD"'), {}, "Line 3 of .* expected after"),
        ("CSV", _as_csv()[:-20], {}, "s3://lists/data/1 cannot be read: Compressed file ended"),
        ("CSV", _as_csv()[:20] + b"\xff" * 20 + _as_csv()[40:], {}, "Line 1 of .* s3://lists/data/1 cannot be read"),
        ("CSV", _as_csv(), {"fileSchema": "Bucket, VersionId, Size, ETag, StorageClass"}, "Line 1 of .* 'key'"),
        ("Parquet", b"nothing", {}, "s3://lists/data/1 cannot be read"),
        ("Parquet", _as_parquet(2, size="many"), {}, "Row 3 of .* s3://lists/data/1 cannot be read: .*'many'"),
        ("Parquet", _as_parquet(2, key=""), {}, "Row 3 of .* s3://lists/data/1 cannot be read: it has no key"),
        ("Parquet", _as_parquet(1, size="-1"), {}, "Row 2 of .* s3://lists/data/1 cannot be read: a size of -1 bytes"),
        ("ORC", b"nothing", {}, "s3://lists/data/1 cannot be read"),
        ("CSV", _as_csv(), {"sourceBucket": "others"}, "of the bucket others, not of scans"),
        ("CSV", _as_csv(), {"files": "none"}, "not the manifest of an S3 Inventory"),
    ],
)
def test_a_damaged_inventory_is_refused(form: str, content: bytes, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        _inventory(form, content, **changes)


def test_a_manifest_that_is_no_json_is_named_with_its_line() -> None:
    storage: Any = _Objects({"s3://lists/i/manifest.json": b'{"sourceBucket": "scans",\n "files": [}'})
    unused: Any = None
    with pytest.raises(BadInput, match="s3://lists/i/manifest.json cannot be read: .* line 2"):
        _rows(s3_source(storage, unused, PREFIX, "s3://lists/i/manifest.json"))


def test_a_folder_is_listed_and_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.pdf").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to(tmp_path / "sub" / "a.pdf")
    source = folder_source(tmp_path)
    assert source.fetch("sub/a.pdf", 2, 3) == b"234"
    assert _rows(source) == [("sub/a.pdf", "", 10, False)]


def test_results_of_runs_in_a_folder_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "old/pages").mkdir(parents=True)
    for name in ("a.pdf", "old/pages/p.parquet", f"old/{MARK}"):
        (tmp_path / name).write_bytes(b"abc")
    assert _rows(folder_source(tmp_path)) == [("a.pdf", "", 3, False)]


def test_a_file_whose_name_is_not_utf_8_is_listed_and_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with open(os.fsencode(tmp_path) + b"/sub/caf\xe9.pdf", "wb") as file:
        file.write(b"0123456789")
    (tmp_path / "ü.pdf").write_bytes(b"abc")
    source = folder_source(tmp_path)
    assert _rows(source) == [("sub/caf\\xe9.pdf", "", 10, False), ("ü.pdf", "", 3, False)]
    assert source.fetch("sub/caf\\xe9.pdf", 2, 3) == b"234"
    assert source.fetch("ü.pdf", 0, 3) == b"abc"


def _batches(keys: list[str]) -> Iterator[pa.RecordBatch]:
    yield pa.record_batch([keys, [""] * len(keys), [1] * len(keys), [False] * len(keys)], LISTING_SCHEMA)


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ([], [], ["in/a.pdf", "in/b.txt", "in/old/c.pdf"]),
        (["*.pdf"], [], ["in/a.pdf", "in/old/c.pdf"]),
        ([], ["old/"], ["in/a.pdf", "in/b.txt"]),
        (["*.pdf"], ["/old/**"], ["in/a.pdf"]),
        ([], ["*", "!a.pdf"], ["in/a.pdf"]),
    ],
)
def test_patterns_choose_documents_as_in_a_gitignore(
    include: list[str], exclude: list[str], expected: list[str]
) -> None:
    source = Source(_batches(["in/a.pdf", "in/b.txt", "in/old/c.pdf"]), lambda key, offset, length: b"")
    assert [row[0] for row in _rows(selected(source, "in/", include, exclude))] == expected


@pytest.mark.parametrize("suffix", ["_READY", "old/_READY"])
def test_the_patterns_of_a_trigger_leave_out_markers_and_not_the_documents_of_a_folder_of_such_a_name(
    suffix: str,
) -> None:
    marker = f"**/*{suffix}"  # modules/workflow/triggers.tf
    keys = ["in/_READY", "in/a.pdf", "in/old/_READY", "in/x/old/_READY", "in/new_READY/b.pdf", "in/old/_READY/c.pdf"]
    source = Source(_batches(keys), lambda key, offset, length: b"")
    left = [row[0] for row in _rows(selected(source, "in/", [], [marker, f"!{marker}/**"]))]
    assert left == [key for key in keys if not key.endswith(suffix)]


def test_an_inventory_that_names_an_object_twice_is_refused(tmp_path: Path) -> None:
    twice = b"".join(b'"scans","in/a.pdf","1"\n' for _ in range(2))
    manifest = {
        "sourceBucket": "scans",
        "destinationBucket": "arn:aws:s3:::lists",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1"}],
    }
    objects = {"s3://lists/i/manifest.json": json.dumps(manifest).encode(), "s3://lists/data/1": gzip.compress(twice)}
    storage, unused = cast(Any, _Objects(objects)), cast(Any, None)
    source = s3_source(storage, unused, PREFIX, "s3://lists/i/manifest.json")
    with pytest.raises(
        BadInput, match="The inventory's file s3://lists/data/1 names s3://scans/in/a.pdf a second time"
    ):
        plan_source(source, parse_options({"input_prefix": str(PREFIX)}), tmp_path)

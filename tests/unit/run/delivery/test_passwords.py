"""A file of passwords among the documents: no document itself, and beside the documents of every shard."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import PLANNED_FILE
from distributed_ocr_pipeline.planning.shards import shard_files
from distributed_ocr_pipeline.planning.sources import folder_source
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.delivery.passwords import parse_passwords, read_passwords
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.run.planning import plan_source

DOCUMENTS = {"a.pdf": b"%PDF-1.4", "b.pdf": b"%PDF-1.4", "keys/passwords.txt": b"one\ntwo words\n"}


def options(**given: Any) -> RunOptions:
    return parse_options({"input_prefix": "s3://local/"} | given)


def folder_of(path: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def planned(tmp_path: Path, **given: Any) -> Plan:
    folder = folder_of(tmp_path / "in", DOCUMENTS)
    (tmp_path / "plan").mkdir()
    return plan_source(folder_source(folder), options(**given), tmp_path / "plan")


def manifests(tmp_path: Path, plan: Plan) -> list[Any]:
    files = shard_files(
        tmp_path / "plan" / PLANNED_FILE,
        "local",
        "",
        lambda shard: S3Location("o", f"{shard}/"),
        [plan.passwords or ""],
    )
    return [json.loads(content) for location, content in files if location.key.endswith("manifest.json")]


def test_every_shard_gets_the_passwords_and_none_has_them_as_a_document(tmp_path: Path) -> None:
    plan = planned(tmp_path, passwords="keys/passwords.txt", files_per_job=1)
    assert plan.documents == 2
    assert sorted(manifests(tmp_path, plan)) == [
        [{"prefix": "s3://local/"}, "a.pdf", "keys/passwords.txt"],
        [{"prefix": "s3://local/"}, "b.pdf", "keys/passwords.txt"],
    ]


def test_without_the_option_a_file_of_that_name_is_a_document(tmp_path: Path) -> None:
    assert planned(tmp_path).documents == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.txt", "'nowhere.txt' cannot be read"),
        ("../passwords.txt", "is no name of a file"),
        ("/etc/passwords", "is no name of a file"),
        ("empty.txt", "is no list of passwords"),
        ("large.txt", "is no list of passwords"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_before_anything_is_planned(
    name: str, words: str, tmp_path: Path
) -> None:
    folder_of(tmp_path / "in", {"empty.txt": b"\n\n", "large.txt": b"x" * 70_000})
    with pytest.raises(BadInput, match=words):
        planned(tmp_path, passwords=name)


def test_a_line_is_a_password_and_blanks_belong_to_it() -> None:
    assert parse_passwords(b"\xef\xbb\xbfone\r\n two \n\none\n") == ("one", " two ")
    assert parse_passwords("gr\xfc\xdfe\n".encode("latin-1")) == ("gr\xfc\xdfe",)


def test_passwords_that_went_since_the_plan_are_none(tmp_path: Path) -> None:
    folder_of(tmp_path, {"p.txt": b"one"})
    assert read_passwords(tmp_path, "p.txt") == ("one",)
    assert read_passwords(tmp_path, "gone.txt") == read_passwords(tmp_path, None) == ()

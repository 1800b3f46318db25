"""Why a file of this machine did not reach its job: a class for each kind of obstacle, found where the file is."""

import os
import socket
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.local.folders import FileUris
from distributed_ocr_pipeline.records import Document, S3Location
from distributed_ocr_pipeline.run.delivery.local_documents import path_of, reasons_by_place
from local_aws.s3.names import escape


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (folder / "file").write_text("x")
    (folder / "sub/out").symlink_to(tmp_path / "secret")
    (folder / "nowhere").symlink_to("nothing")
    (folder / "loop").symlink_to("loop")
    (folder / "sub/up").symlink_to("..")
    (folder / "to-file").symlink_to("file")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket"))
    return folder


def reason(folder: Path, name: str, delivered: bool = False) -> ErrorClass | None:
    key = escape(name)
    document = Document("d", FileUris(folder)(S3Location("in", key)), key, "etag", 1)
    found = reasons_by_place([(document, folder / "file" if delivered else folder.with_name("undelivered"))])
    return found["d"].error_class if found else None


@pytest.mark.parametrize(
    ("name", "error_class"),
    [
        ("gone", ErrorClass.MISSING),
        ("gone/too", ErrorClass.MISSING),
        ("sub/out", ErrorClass.OUTSIDE),
        ("nowhere", ErrorClass.NOT_A_FILE),
        ("loop", ErrorClass.NOT_A_FILE),
        ("sub/up", ErrorClass.NOT_A_FILE),
        ("pipe", ErrorClass.NOT_A_FILE),
        ("socket", ErrorClass.NOT_A_FILE),
        ("file", ErrorClass.CHANGED),
        ("sub", ErrorClass.CHANGED),
        ("to-file", ErrorClass.CHANGED),
    ],
)
def test_each_obstacle_has_a_class(name: str, error_class: ErrorClass, folder: Path) -> None:
    assert reason(folder, name) is error_class


@pytest.mark.parametrize("name", ["file", "sub", "to-file"])
def test_what_nobody_may_read_is_unreadable(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # to root everything is allowed
    assert reason(folder, name) is ErrorClass.UNREADABLE


def test_what_was_delivered_needs_no_reason_and_an_s3_address_tells_none(folder: Path) -> None:
    assert reason(folder, "file", delivered=True) is None
    assert not reasons_by_place([(Document("d", "s3://in/file", "file", "etag", 1), folder / "nothing")])


@pytest.mark.parametrize("name", [b"caf\xe9.pdf", b"100%.pdf", b"%FF\xff%41", "ü b#?".encode(), b"a\nb"])
def test_a_uri_leads_back_to_the_bytes_of_the_name(name: bytes, tmp_path: Path) -> None:
    uri = FileUris(tmp_path)(S3Location("in", escape(os.fsdecode(name))))
    assert os.fsencode(path_of(uri)) == os.fsencode(tmp_path) + b"/" + name

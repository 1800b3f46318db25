"""Why a file of this machine did not reach its job: a class for each kind of obstacle, found where the file is."""

import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.local.folders import FileUris
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, S3Location
from distributed_ocr_pipeline.run.delivery.local_documents import path_of, reasons_by_place, telling_changes
from local_aws.s3.folder import FolderBucket
from local_aws.s3.names import escape
from local_aws.settings import BucketFolder


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
    sources = [(document, folder / "file" if delivered else folder.with_name("undelivered"))]
    found = reasons_by_place(sources, folder.with_name("job"))
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
    assert not reasons_by_place([(Document("d", "s3://in/file", "file", "etag", 1), folder / "nothing")], folder)


def deep(names: int) -> str:
    return "/".join(["d" * 250] * names) + "/a.pdf"


def test_a_path_that_is_longer_than_the_system_takes_is_unreadable(folder: Path) -> None:
    document = Document("d", FileUris(folder)(S3Location("in", deep(17))), deep(17), "etag", 1)
    [reason] = reasons_by_place([(document, folder.with_name("undelivered"))], folder).values()
    assert reason.error_class is ErrorClass.UNREADABLE
    assert re.match(r"Its path has 4\d\d\d bytes, and the system takes 4095: shorten", reason.message)


def test_a_path_that_is_too_long_in_the_job_is_told_as_that(folder: Path) -> None:
    document = Document("d", FileUris(folder)(S3Location("in", "file")), "file", "etag", 1)
    job = Path("/", *["d" * 255] * 16)
    [reason] = reasons_by_place([(document, folder.with_name("undelivered"))], job).values()
    assert reason.error_class is ErrorClass.UNREADABLE
    assert reason.message.startswith(f"Its path in the job has {len(str(job / 'file'))} bytes")


class Planned:
    """A document of a folder that is the input bucket, as it was planned, and the job's file of it."""

    def __init__(self, folder: Path) -> None:
        self.original, self.delivered = folder / "a.pdf", folder / "job.pdf"
        self.original.write_text("the planned text")
        [item] = [item for item in FolderBucket(BucketFolder(folder, read_only=True)).walk() if item.key == "a.pdf"]
        self.document = Document("d", self.original.as_uri(), "a.pdf", item.etag, item.size_bytes)

    def told(self, pages: int = 1, status: DocumentStatus = DocumentStatus.SUCCEEDED) -> DocumentResult:
        result = DocumentResult(self.document, status, pages_succeeded=pages)
        [told] = telling_changes([result], {"d": self.delivered})
        assert isinstance(told, DocumentResult)
        return told


@pytest.fixture(name="planned")
def fixture_planned(tmp_path: Path) -> Planned:
    return Planned(tmp_path)


@pytest.mark.parametrize(("pages", "status"), [(1, DocumentStatus.PARTIAL), (0, DocumentStatus.FAILED)])
def test_what_was_written_into_a_link_is_changed(pages: int, status: DocumentStatus, planned: Planned) -> None:
    os.link(planned.original, planned.delivered)
    assert planned.told().status is DocumentStatus.SUCCEEDED
    planned.original.write_text("another text, of the same file")
    told = planned.told(pages)
    assert (told.status, told.error_class) == (status, ErrorClass.CHANGED)
    assert planned.told(status=DocumentStatus.DEFERRED).status is DocumentStatus.DEFERRED


def test_a_file_that_is_replaced_was_read_as_it_was_planned(planned: Planned) -> None:
    os.link(planned.original, planned.delivered)
    planned.original.unlink()
    planned.original.write_text("another file")
    assert planned.told().error_class is None


def test_a_copy_is_as_old_as_its_original(planned: Planned) -> None:
    shutil.copyfile(planned.original, planned.delivered)
    assert planned.told().error_class is None
    planned.original.write_text("another text")
    assert planned.told().error_class is ErrorClass.CHANGED


def test_where_the_original_is_out_of_sight_the_link_tells(planned: Planned) -> None:
    os.link(planned.original, planned.delivered)
    planned.original.rename(planned.original.with_name("b.pdf"))
    assert planned.told().error_class is None
    planned.delivered.write_text("the PLANNED text")
    assert planned.told().error_class is ErrorClass.CHANGED
    planned.delivered.unlink()
    planned.delivered.write_text("the planned text")
    assert planned.told().error_class is None
    planned.delivered.write_text("more than the planned text")
    assert planned.told().error_class is ErrorClass.CHANGED


@pytest.mark.parametrize("name", [b"caf\xe9.pdf", b"100%.pdf", b"%FF\xff%41", "ü b#?".encode(), b"a\nb"])
def test_a_uri_leads_back_to_the_bytes_of_the_name(name: bytes, tmp_path: Path) -> None:
    uri = FileUris(tmp_path)(S3Location("in", escape(os.fsdecode(name))))
    assert os.fsencode(path_of(uri)) == os.fsencode(tmp_path) + b"/" + name

"""The folders of a run on this machine: what is checked before it starts, and how documents are named."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote_to_bytes

import pytest

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import MARK
from distributed_ocr_pipeline.local import folders
from distributed_ocr_pipeline.local.deploy import input_folder
from distributed_ocr_pipeline.local.folders import (
    FileUris,
    find_holder,
    has_earlier_ids,
    locked,
    require_documents,
    require_results_alone,
    require_space,
    require_writable,
)
from distributed_ocr_pipeline.records import S3Location
from local_aws.s3.folder import FolderBucket
from tests.support.runs import outcome, write_run

MEGABYTES = 100


def write(folder: Path, **files: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def check(folder: Path) -> None:
    require_documents(input_folder(folder, folder / "output"), MEGABYTES)


def test_one_document_among_noise_is_enough(tmp_path: Path) -> None:
    write(tmp_path, a=b"noise", b=b"", z=b"%PDF-1.4")
    check(tmp_path)


@pytest.mark.parametrize(
    ("files", "words"),
    [({}, "holds no files"), ({"a": b"noise", "b": b""}, "No document is among the 2 files in .*. Documents are PDF")],
)
def test_a_folder_without_documents_is_refused(files: dict[str, bytes], words: str, tmp_path: Path) -> None:
    write(tmp_path, **files)
    write(tmp_path / "output", scan=b"%PDF-1.4")  # results are no documents
    with pytest.raises(BadInput, match=words):
        check(tmp_path)


def test_results_of_earlier_runs_are_no_documents(tmp_path: Path) -> None:
    write(tmp_path / "sub", scan=b"%PDF-1.4")
    with locked(tmp_path / "sub", tmp_path, "r1"):
        pass
    with pytest.raises(BadInput, match="holds no files"):
        check(tmp_path)


@pytest.mark.parametrize(("name", "words"), [("none", "does not exist"), ("file", "is a file, not a folder")])
def test_what_is_no_folder_is_named(name: str, words: str, tmp_path: Path) -> None:
    write(tmp_path, file=b"")
    with pytest.raises(BadInput, match=words):
        check(tmp_path / name)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "os", SimpleNamespace(access=lambda *_: False, R_OK=4, X_OK=1))
    with pytest.raises(BadInput, match="cannot be read"):
        check(tmp_path)


@pytest.mark.parametrize("name", [b"a b&c.pdf", b"100%.pdf", b"a%20b.pdf", b"caf\xe9.pdf", "ü#?.pdf".encode()])
def test_a_documents_uri_leads_back_to_the_bytes_of_its_path(name: bytes, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"sub", name)
    (tmp_path / "sub").mkdir()
    with open(path, "wb"):
        pass
    (item,) = FolderBucket(input_folder(tmp_path, tmp_path / "output")).walk()
    uri = FileUris(tmp_path)(S3Location("bucket", item.key))
    assert unquote_to_bytes(uri.removeprefix("file://")) == path


def test_a_document_has_one_uri_however_its_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "link").symlink_to("docs")
    monkeypatch.chdir(tmp_path / "docs")
    given = (Path("."), Path("../docs"), tmp_path / "docs", tmp_path / "link")
    assert {FileUris(folder)(S3Location("b", "a.pdf")) for folder in given} == {(tmp_path / "docs/a.pdf").as_uri()}


def test_documents_of_two_folders_of_the_same_name_have_different_uris(tmp_path: Path) -> None:
    for parent in ("ada", "bob"):
        write(tmp_path / parent / "scans")
    location = S3Location("bucket", "a.pdf")
    assert len({FileUris(tmp_path / parent / "scans")(location) for parent in ("ada", "bob")}) == 2


def test_an_output_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "output")
    assert not list((tmp_path / "new" / "output").iterdir())


def test_an_output_folder_without_space_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 * 1024**2))
    with pytest.raises(BadInput, match="There are 5 MB free .* Make room: at least 64 MB"):
        require_writable(tmp_path)


@pytest.mark.parametrize(
    "name", ["a.pdf", "letters/2024/a.pdf", "documents/a.pdf", "documents/letters/a.pdf", "runs/a.pdf", "locks/a.pdf"]
)
def test_a_folder_of_documents_is_no_output_folder_and_one_of_results_says_what_is_not_read(
    name: str, tmp_path: Path
) -> None:
    write((tmp_path / name).parent, **{"a.pdf": b"%PDF-1.4"})
    with pytest.raises(BadInput, match=f"'{name}', which is no result of a run.* Choose a new or an empty folder"):
        require_results_alone(tmp_path, MEGABYTES)
    (tmp_path / MARK).touch()
    assert f"holds '{name}'" in require_results_alone(tmp_path, MEGABYTES)


def test_results_and_what_is_no_document_may_be_in_an_output_folder(tmp_path: Path) -> None:
    write_run(tmp_path, "r1", outcome("id"))
    write(tmp_path, **{"notes.txt": b"noise", ".hidden.pdf": b"%PDF-1.4"})
    write(tmp_path / "images/run_id=r1", **{"page.jpg": b"\xff\xd8\xff"})
    write(tmp_path / "runs/r1", **{"report.html": b"<html>"})
    write(tmp_path / "other results/images/run_id=r0", **{"page.jpg": b"\xff\xd8\xff"})
    (tmp_path / "other results" / MARK).touch()
    assert require_results_alone(tmp_path, MEGABYTES) == ""
    assert require_results_alone(tmp_path / "new", MEGABYTES) == ""


@pytest.mark.parametrize(("error", "has_ended"), [(None, True), (BadInput("no"), True), (KeyboardInterrupt(), False)])
def test_how_the_last_run_ended_is_kept(error: BaseException | None, has_ended: bool, tmp_path: Path) -> None:
    with suppress(BadInput, KeyboardInterrupt), locked(tmp_path, Path("/scans"), "r1", {"languages": "deu"}):
        found = find_holder(tmp_path)
        assert found is not None and found.is_at_work and found.options == {"languages": "deu"} and not found.has_ended
        if error:
            raise error
    found = find_holder(tmp_path)
    assert found is not None and found.has_ended is has_ended
    assert (found.run_id, found.documents, found.options) == ("r1", "/scans", {"languages": "deu"})


def test_folders_of_one_disk_share_its_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "output")
    write(tmp_path / "tmp")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000_000))
    require_space({tmp_path / "output": 3_000_000_000, tmp_path / "tmp": 2_000_000_000})
    with pytest.raises(
        BadInput, match="needs about 5,100.0 MB in '.*/output' and '.*/tmp', and 5,000.0 MB are free. Make room"
    ):
        require_space({tmp_path / "output": 3_000_000_000, tmp_path / "tmp": 2_100_000_000})


def test_each_disk_has_to_have_the_space_of_its_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disks = {tmp_path / "output": 1, tmp_path / "tmp": 2}
    free = {tmp_path / "output": 1_000_000_000, tmp_path / "tmp": 9_000_000_000}
    monkeypatch.setattr(folders, "os", SimpleNamespace(stat=lambda path: SimpleNamespace(st_dev=disks[path])))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free[path]))
    require_space(dict.fromkeys(disks, 900_000_000))
    with pytest.raises(BadInput, match="2,000.0 MB in '.*/output', and 1,000.0 MB"):
        require_space(dict.fromkeys(disks, 2_000_000_000))


def test_a_second_run_is_told_who_writes_into_the_folder(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from distributed_ocr_pipeline.local.folders import locked
with locked(Path(sys.argv[1]), Path("my scans"), "r1"):
    print("locked", flush=True)
    sys.stdin.read()
"""
    arguments = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None and first.stdout.readline() == b"locked\n"
        with pytest.raises(BadInput, match=f"process {first.pid} reads '/.*/my scans' since [0-9:]{{5}} UTC"):
            with locked(tmp_path, Path("other"), "r2"):
                pass
        first.kill()
    with locked(tmp_path, Path("other"), "r2"):
        pass


@pytest.mark.parametrize(
    ("uri", "earlier"), [("s3://ocr-local-input/docs/a.pdf", True), ("file:///home/ada/docs/a.pdf", False)]
)
def test_results_whose_documents_have_names_of_an_earlier_version_are_noticed(
    uri: str, earlier: bool, tmp_path: Path
) -> None:
    result = outcome("id")
    object.__setattr__(result.document, "source_uri", uri)
    write_run(tmp_path, "r1", result)
    assert has_earlier_ids(tmp_path) is earlier


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_an_output_folder_with_a_file_in_its_way_is_not_a_matter_of_permissions(name: str, tmp_path: Path) -> None:
    write(tmp_path, file=b"")
    with pytest.raises(BadInput, match="There is a file of this name, or in its way: choose another --output."):
        require_writable(tmp_path / name)


@pytest.mark.skipif(sys.platform != "linux", reason="of /proc")
def test_where_no_folder_can_be_made_permissions_are_no_matter_either() -> None:
    with pytest.raises(BadInput, match=r"No such file or directory\. Choose another --output\."):
        require_writable(Path("/proc/output"))

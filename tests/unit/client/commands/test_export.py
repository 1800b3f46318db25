"""`ocr-pipeline export`: files of the documents of finished runs, from a folder and from a deployment's buckets."""

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.client.exports import exporting
from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.local.deploy import input_folder
from distributed_ocr_pipeline.local.folders import FileUris
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.outputs import document_files
from distributed_ocr_pipeline.outputs.formats import open_text
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageResult,
    S3Location,
    TextSource,
)
from distributed_ocr_pipeline.run.delivery.local_documents import name_of
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables
from local_aws.s3.folder import FolderBucket
from tests.support.aws import OUTPUT_BUCKET, REGION, s3_client, s3_server, session, upload_folder, use_server
from tests.support.outputs import LINES, drawn_page, page_of, poppler_text
from tests.support.reports import at
from tests.support.runs import NOON, outcome, write_run

INPUT_BUCKET = "documents"
EVERY_FORMAT = ("searchable_pdf", "text", "markdown", "hocr", "alto", "tsv", "jsonl")
SUFFIXES = {".pdf", ".txt", ".md", ".hocr", ".alto.xml", ".tsv", ".jsonl"}


def export(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[list[str], str]:
    """The lines of standard output, and standard error."""
    assert main(["export", *arguments]) == code
    shown = capsys.readouterr()
    return shown.out.splitlines(), shown.err


def formats(*names: str) -> list[str]:
    return [part for name in names for part in ("--format", name)]


def store(
    output: Path,
    uri: str,
    content: Path,
    *pages: PageResult,
    run_id: str = "r1",
    etag: str = "",
    partition_key: str = "document_id",
) -> None:
    """A run of one document."""
    document = Document("d1", uri, uri.rpartition("/")[2], etag, content.stat().st_size)
    run = RunLayout("", run_id)
    folders = {"pages": output / run.pages.key, "documents": output / run.documents.key}
    options = parse_options({"input_prefix": "s3://bucket/docs/", "partition_key": partition_key})
    info = ShardInfo(run_id, "s00000", "", "pytesseract", "tesseract 5", "fingerprint")
    with ShardTables(info, options, scratch=output / "scratch", **folders) as tables:
        tables.add_pages(PageChunk(document, "application/pdf", len(pages), pages))
        result = DocumentResult(
            document,
            DocumentStatus.SUCCEEDED,
            media_type="application/pdf",
            page_count=len(pages),
            pages_succeeded=len(pages),
            processed_at=NOON,
        )
        tables.add_document(result)


@pytest.fixture(name="scan")
def fixture_scan(tmp_path: Path) -> Path:
    path = tmp_path / "a scan.pdf"
    drawn_page()[0].save(path, format="PDF", resolution=200)
    return path


@pytest.fixture(name="output")
def fixture_output(tmp_path: Path, scan: Path) -> Path:
    """The results of a run over the scan."""
    store(tmp_path / "output", scan.as_uri(), scan, page_of(drawn_page()[1]))
    return tmp_path / "output"


def test_every_format_of_a_document(output: Path, scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths, said = export(capsys, str(output), *formats(*EVERY_FORMAT))
    folder = output / "outputs/run_id=r1"
    key = str(scan).lstrip("/")  # the plan, which knows the folder, is not there
    assert {Path(path) for path in paths} == {folder / f"{key}{suffix}" for suffix in SUFFIXES}
    assert {path for path in folder.rglob("*") if path.is_file()} == {Path(path) for path in paths}
    assert said == "7 files written, 0 were there already.\n"
    assert poppler_text(folder / f"{key}.pdf").split() == " ".join(LINES).split()
    assert (folder / f"{key}.txt").read_text(encoding="utf-8") == "\n".join(LINES) + "\n\f"
    mask = os.umask(0)
    os.umask(mask)
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in paths} == {0o666 & ~mask}


def test_files_that_are_there_are_not_written_again_but_for_the_asking(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("r1", "--output", str(output), "--to", str(tmp_path / "to"), *formats("text", "text"))
    [path], _ = export(capsys, *arguments)
    Path(path).write_text("mine", encoding="utf-8")
    assert export(capsys, *arguments) == ([path], "0 files written, 1 was there already.\n")
    assert Path(path).read_text(encoding="utf-8") == "mine" and Path(path).is_relative_to(tmp_path / "to")
    assert export(capsys, *arguments, "--overwrite")[1].startswith("1 file written")
    assert Path(path).read_text(encoding="utf-8") != "mine"
    Path(path).write_text("", encoding="utf-8")
    assert export(capsys, *arguments)[1].startswith("1 file written") and Path(path).stat().st_size


def counted(name: str, minute: int, status: str = "succeeded") -> DocumentResult:
    """The outcome of a document with one page."""
    return replace(outcome(name, minute, status), pages_succeeded=1)


@pytest.mark.parametrize(
    "name", [b"a b.pdf", b"100%.pdf", b"Report%20final.pdf", b"caf\xe9.pdf", b"new\nline.pdf", "\u202e.pdf".encode()]
)
@pytest.mark.parametrize("has_plan", [True, False])
def test_a_file_has_the_name_that_the_job_gives_it(
    name: bytes, has_plan: bool, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, run = tmp_path / "docs", RunLayout("", "r1")
    folder.mkdir()
    shutil.copy(scan, folder / os.fsdecode(name))
    (listed,) = FolderBucket(input_folder(folder, None)).walk()
    uri = FileUris(folder)(S3Location("bucket", listed.key))
    store(tmp_path / "output", uri, folder / os.fsdecode(name), page_of(drawn_page()[1]))
    if has_plan:
        (tmp_path / "output" / run.folder.key).mkdir(parents=True)
        planned = {"shard_id": ["s00000"], "document_id": ["d1"], "key": [listed.key]}
        pq.write_table(pa.table(planned), tmp_path / "output" / run.planned.key)
    export(capsys, str(tmp_path / "output"), *formats("text"))
    [made] = (tmp_path / "output" / "outputs").rglob("*.txt")
    of_the_job = tmp_path / "output" / run.output(name_of(listed.key, uri), ".txt").key
    assert made == of_the_job if has_plan else made.name == of_the_job.name


def test_a_target_that_cannot_be_made_is_said_once_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "output", "r1", *[counted(name, 1) for name in "abc"])
    (tmp_path / "file").touch()
    monkeypatch.setattr(exporting, "write_files", lambda *_: pytest.fail("It has begun."))
    for target, why in (("file", "Not a directory"), ("file/below", "Not a directory")):
        paths, said = export(
            capsys, str(tmp_path / "output"), *formats("text"), "--to", str(tmp_path / target), code=ExitCode.BAD_INPUT
        )
        expected = f"No files can be written to {str(tmp_path / target / 'outputs')!r}: {why}. Name another folder"
        assert paths == [] and expected in said and said.count("\n") == 1
    monkeypatch.setattr(os, "access", lambda *_: False)
    _, said = export(
        capsys, str(tmp_path / "output"), *formats("text"), "--to", str(tmp_path / "to"), code=ExitCode.BAD_INPUT
    )
    assert "Permission denied" in said and said.count("\n") == 1


def test_a_target_is_not_asked_for_where_all_files_are_there(
    output: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, _ = export(capsys, str(output), *formats("text"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert export(capsys, str(output), *formats("text"))[0] == paths


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_program_gets_the_path_itself_and_a_terminal_one_that_cannot_steer_it(
    is_terminal: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path, "r1", at(counted("a", 1), "s3://bucket/\u202efdp.exe"))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    [path], _ = export(capsys, str(tmp_path), *formats("text"))
    assert Path(path).is_file() is not is_terminal and ("\\u202efdp" in path) is is_terminal


def test_who_interrupts_an_export_is_told_what_remains(
    output: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, "write_files", interrupt)
    _, said = export(capsys, str(output), *formats("text"), code=ExitCode.INTERRUPTED)
    assert (
        said == "ocr-pipeline: error: Interrupted. The files that were made stay; the same command makes the others.\n"
    )


def test_only_current_rows_of_documents_with_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path, "r1", counted("a", 1), counted("b", 1))
    write_run(tmp_path, "r2", counted("b", 2), counted("c", 2, "failed"), counted("d", 2, "deferred"))
    paths, _ = export(capsys, str(tmp_path), *formats("text"))
    names = [path.removeprefix(f"{tmp_path}/outputs/") for path in paths]
    assert names == ["run_id=r1/a.pdf.txt", "run_id=r2/b.pdf.txt"]
    assert Path(paths[1]).read_text(encoding="utf-8") == "r2 b 1\n\f"
    assert export(capsys, "r2", "--output", str(tmp_path), *formats("text"))[0] == paths[1:]


def test_a_document_whose_pages_lie_in_several_files(
    tmp_path: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = (TextSource.TEXT_LAYER, TextSource.OCR) * 2
    pages = [
        page_of((), text=text, text_source=source, page_number=number)
        for number, (text, source) in enumerate(zip(("one", "two", "three", "four"), sources), start=1)
    ]
    store(tmp_path, scan.as_uri(), scan, *pages, partition_key="text_source")
    assert len(list((tmp_path / "pages").rglob("*.parquet"))) == 2
    [path], _ = export(capsys, str(tmp_path), *formats("text"))
    assert Path(path).read_text(encoding="utf-8") == "one\n\ftwo\n\fthree\n\ffour\n\f"


def test_what_cannot_be_made_is_named_and_takes_nothing_else_with_it(
    tmp_path: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path, scan.as_uri(), scan, page_of((), text="no boxes"))
    paths, said = export(capsys, str(tmp_path), *formats("text", "hocr"), code=ExitCode.RUN_FAILED)
    assert [Path(path).suffix for path in paths] == [".txt"]
    assert "not made: hocr of " in said and "Run with --words" in said and "1 file could not be made" in said
    assert [path.suffix for path in (tmp_path / "outputs").rglob("*") if path.is_file()] == [".txt"]


def remove(path: Path) -> None:
    path.unlink()


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def spoil(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove, "cannot be read"),
        (replace_by_folder, "cannot be read"),
        (lengthen, "has changed since it was read"),
        (spoil, "cannot be given text"),
    ],
)
def test_a_document_that_is_not_what_was_read(
    change: Callable[[Path], None], words: str, output: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(scan)
    paths, said = export(capsys, str(output), *formats("searchable_pdf", "text"), code=ExitCode.RUN_FAILED)
    assert [Path(path).suffix for path in paths] == [".txt"] and words in said


def test_pages_that_are_missing_from_the_table_make_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path, "r1", outcome("a", pages=1))  # whose row counts no page
    assert "not all of its pages" in export(capsys, str(tmp_path), *formats("text"), code=ExitCode.RUN_FAILED)[1]
    assert not [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]


def test_a_document_whose_pages_are_all_gone_is_named(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (output / "pages").rglob("*.parquet"):
        file.unlink()
    paths, said = export(capsys, str(output), *formats("text"), code=ExitCode.RUN_FAILED)
    assert paths == [] and "not all of its pages. Run with --reprocess" in said
    assert not [path for path in (output / "outputs").rglob("*") if path.is_file()]


def test_something_that_has_the_name_of_a_file_is_left_alone(
    output: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = output / f"outputs/run_id=r1/{str(scan).lstrip('/')}.txt"
    there.mkdir(parents=True)
    _, said = export(capsys, str(output), *formats("text"), code=ExitCode.RUN_FAILED)
    assert "cannot be written" in said and there.is_dir() and list(there.parent.iterdir()) == [there]


def test_a_full_disk_leaves_no_piece_of_a_file(
    output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(document_files, "open_text", lambda _: open_text(Path("/dev/full")))
    _, said = export(capsys, str(output), *formats("text"), code=ExitCode.RUN_FAILED)
    assert "No space left on device" in said
    assert not [path for path in (output / "outputs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("key", ["a\n\x1b[2J%.pdf", "../../../escape.pdf", "x" * 300, "a/./b//c"])
def test_any_key_has_its_file_below_the_folder(
    key: str, tmp_path: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "output", f"s3://bucket/{key}", scan, page_of(drawn_page()[1]))
    [line], _ = export(capsys, str(tmp_path / "output"), *formats("text"))
    [made] = [path for path in (tmp_path / "output/outputs").rglob("*") if path.is_file()]
    assert line == str(made) and made.read_text(encoding="utf-8").startswith("The quick")


def test_names_of_files_are_escaped_once_and_can_be_read_back(
    tmp_path: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"r1": b"\xfe.pdf", "r2": b"100%.pdf", "r3": b"Report%20final.pdf", "r4": b"\\%FE.pdf"}
    for run_id, name in names.items():
        store(tmp_path, f"{tmp_path.as_uri()}/{quote(name)}", scan, page_of(drawn_page()[1]), run_id=run_id)
        export(capsys, run_id, "--output", str(tmp_path), *formats("text", "hocr"))
    made = {path.name for path in (tmp_path / "outputs").rglob("*") if path.is_file()}
    escaped = ("%FE.pdf", "100%25.pdf", "Report%2520final.pdf", "%5C%25FE.pdf")
    assert made == {name + suffix for name in escaped for suffix in (".txt", ".hocr")}
    assert {unquote_to_bytes(name.removesuffix(".txt")) for name in made if name.endswith(".txt")} == {*names.values()}


def test_a_document_whose_name_is_not_utf_8_has_its_pdf(
    tmp_path: Path, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = scan.rename(tmp_path / "\udcff.pdf")
    store(tmp_path / "output", odd.as_uri(), odd, page_of(drawn_page()[1]))
    export(capsys, str(tmp_path / "output"), *formats("searchable_pdf"))
    [made] = (tmp_path / "output/outputs").rglob("*.pdf")
    assert poppler_text(made.rename(tmp_path / "made.pdf")).split() == " ".join(LINES).split()


def test_a_reader_that_has_seen_enough_does_not_end_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path, "r1", counted("a", 1), counted("b", 1))
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["export", str(tmp_path), "--to", str(tmp_path / "to"), *formats("text")]) == ExitCode.OK
    made = {path.name for path in (tmp_path / "to").rglob("*") if path.is_file()}
    assert made == {"a.pdf.txt", "b.pdf.txt"}


def test_json_says_what_became_of_each_file(output: Path, scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan.unlink()
    shown, _ = export(capsys, str(output), *formats("text", "searchable_pdf"), "--json", code=ExitCode.RUN_FAILED)
    first, second = json.loads("\n".join(shown))["files"]
    assert (first["state"], first["format"], first["failure"]) == ("written", "text", None)
    assert (second["state"], second["path"]) == ("failed", None) and "cannot be read" in second["failure"]
    assert {file["document_id"] for file in (first, second)} == {"d1"}


@pytest.fixture(name="deployed")
def fixture_deployed(tmp_path: Path, scan: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A deployment whose buckets hold the scan and its results; yields S3's client."""
    with s3_server() as endpoint:
        client = s3_client(endpoint)
        for bucket in (INPUT_BUCKET, OUTPUT_BUCKET):
            client.create_bucket(Bucket=bucket)
        etag = client.put_object(Bucket=INPUT_BUCKET, Key="in/ä scan.pdf", Body=scan.read_bytes())["ETag"].strip('"')
        store(tmp_path / "run", f"s3://{INPUT_BUCKET}/in/ä scan.pdf", scan, page_of(drawn_page()[1]), etag=etag)
        upload_folder(Storage(session(), endpoint), tmp_path / "run", S3Location(OUTPUT_BUCKET, ""))
        use_server(monkeypatch, endpoint)
        monkeypatch.setenv("OCR_STATE_MACHINE_ARN", "arn:aws:states:us-east-1:123456789012:stateMachine:ocr")
        monkeypatch.setenv("OCR_OUTPUT_BUCKET", OUTPUT_BUCKET)
        monkeypatch.chdir(tmp_path)
        yield client


@pytest.mark.parametrize("what", [["r1"], [], [f"s3://{OUTPUT_BUCKET}"]])
def test_rows_and_documents_are_read_from_s3(
    what: list[str], deployed: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deployed
    paths, _ = export(capsys, *what, "--region", REGION, *formats("searchable_pdf", "text"))
    folder = "output/outputs/run_id=r1/in"
    assert paths == [f"{folder}/ä scan.pdf.pdf", f"{folder}/ä scan.pdf.txt"]
    assert poppler_text(tmp_path / paths[0]).split() == " ".join(LINES).split()


def test_a_document_that_changed_in_s3(deployed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.put_object(Bucket=INPUT_BUCKET, Key="in/ä scan.pdf", Body=b"other")
    arguments = ("r1", "--region", REGION, *formats("searchable_pdf"))
    assert "has changed since it was read" in export(capsys, *arguments, code=ExitCode.RUN_FAILED)[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["r9", "--format", "text"], "There is no run 'r9' in "),
        (["\udcff", "--format", "text", "--output", "output"], r"There is no run '\udcff' in output"),
        (["--format", "text", "--output", "o\udcff"], r"There is no folder 'o\udcff'."),
        (["--format", "text", "--output", "nowhere"], "There is no folder 'nowhere'."),
        (["--format", "docx"], "invalid choice: 'docx'"),
        (["r1"], "No format is named (--format)."),
    ],
)
def test_a_wrong_command_is_one_line(
    arguments: list[str], words: str, output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(output.parent)
    try:
        code: Any = main(["export", *arguments])
    except SystemExit as stop:
        code = stop.code
    shown = capsys.readouterr().err
    assert code == ExitCode.BAD_INPUT and words in shown and shown.count("\n") == 1

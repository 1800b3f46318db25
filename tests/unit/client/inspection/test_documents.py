"""`ocr-pipeline list`: current rows of the ledger, each document once, on a folder and on a deployment's bucket."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import pytest

from distributed_ocr_pipeline.client.commands.list import lines
from distributed_ocr_pipeline.client.inspection.documents import Wanted, is_there, list_documents
from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder
from distributed_ocr_pipeline.errors import ErrorClass, ExitCode
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.records import DocumentStatus, S3Location
from distributed_ocr_pipeline.storage import Storage
from tests.support.aws import OUTPUT_BUCKET, REGION, s3_client, s3_server, session, upload_folder, use_server
from tests.support.reports import at
from tests.support.runs import outcome, write_run


@pytest.fixture(name="output")
def fixture_output(tmp_path: Path) -> Path:
    """Two runs; the second did `b` again, and did not reach `c`."""
    first = [outcome("a", 1, pages=2), outcome("b", 2, "failed"), outcome("c", 3), outcome("d", 0, "partial")]
    write_run(tmp_path, "r1", *first, confidences={"a": [91.0, 40.5], "b": [10.0], "c": [70.0]})
    write_run(tmp_path, "r2", outcome("b", 20), outcome("c", 30, "deferred"), confidences={"b": [80.0]})
    return tmp_path


def names(capsys: pytest.CaptureFixture[str], output: Path, *arguments: str) -> list[str]:
    assert main(["list", *arguments, "--output", str(output)]) == ExitCode.OK
    return [line.split("\t")[6] for line in capsys.readouterr().out.splitlines()]


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["list", *arguments, "--json"]) == ExitCode.OK
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], ["b", "c", "a", "d"]),
        (["--sort", "key"], ["a", "b", "c", "d"]),
        (["--status", "succeeded"], ["b", "c", "a"]),
        (["--status", "failed"], []),
        (["--status", "deferred"], []),
        (["--below-confidence", "71"], ["c", "a"]),
        (["--below-confidence", "71", "--sort", "key", "--limit", "1"], ["a"]),
    ],
)
def test_each_document_is_listed_once_by_its_current_row(
    arguments: list[str], ids: list[str], output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert names(capsys, output, *arguments) == ids


def test_a_line_has_a_field_between_tabs_for_everything(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--below-confidence", "50", "--output", str(output)]) == ExitCode.OK
    fields = ["succeeded", "", "2", "40.5", "2025-01-01T12:01:00+00:00", "r1", "a", "s3://bucket/a.pdf"]
    assert capsys.readouterr().out == "\t".join(fields) + "\n"


def test_what_is_beyond_the_limit_is_counted_beside_the_list(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--limit", "1", "--output", str(output)]) == ExitCode.OK
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1 and shown.err == "3 more: --limit shows them.\n"


def test_json_has_the_same(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = found(capsys, "--status", "partial", "--output", str(output))
    assert listed == {
        "documents": [
            {
                "document_id": "d",
                "source_uri": "s3://bucket/d.pdf",
                "status": "partial",
                "error_class": None,
                "error_message": None,
                "page_count": 1,
                "processed_at": "2025-01-01T12:00:00+00:00",
                "run_id": "r1",
                "confidence": None,
                "is_there": None,
            }
        ],
        "more": 0,
    }


def test_a_key_cannot_end_a_line_or_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = outcome("a")
    object.__setattr__(hostile.document, "source_uri", "s3://bucket/a\n\tb\x1b[2J é.pdf")
    write_run(tmp_path, "r1", hostile)
    assert main(["list", "--output", str(tmp_path)]) == ExitCode.OK
    assert capsys.readouterr().out.endswith("\ts3://bucket/a\\n\\tb\\x1b[2J é.pdf\n")


def test_a_deployments_bucket_is_listed_alike(
    output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = found(capsys, "--below-confidence", "90", "--output", str(output))
    with s3_server() as endpoint:
        s3_client(endpoint).create_bucket(Bucket=OUTPUT_BUCKET)
        upload_folder(Storage(session(), endpoint), output, S3Location(OUTPUT_BUCKET, ""))
        use_server(monkeypatch, endpoint)
        monkeypatch.setenv("OCR_STATE_MACHINE_ARN", "arn:aws:states:us-east-1:123456789012:stateMachine:ocr")
        monkeypatch.setenv("OCR_OUTPUT_BUCKET", OUTPUT_BUCKET)
        assert found(capsys, "--below-confidence", "90", "--region", REGION) == expected
    assert [document["document_id"] for document in expected["documents"]] == ["b", "c", "a"]


@pytest.mark.parametrize("content", [None, b"PAR1 and no more"])
def test_a_folder_that_cannot_be_listed_is_one_line(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content:
        (tmp_path / "documents/run_id=r1").mkdir(parents=True)
        (tmp_path / "documents/run_id=r1/s00000.parquet").write_bytes(content)
    assert main(["list", "--output", str(tmp_path)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert ("cannot be read" if content else "There are no results in") in shown and shown.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--status", "lost"], "invalid choice: 'lost'"),
        (["--class", "bad"], "invalid choice: 'bad'"),
        (["--below-confidence", "101"], "got '101'; it should be a number from 0 to 100"),
        (["--limit", "0"], "got '0'; it should be a number from 1"),
    ],
)
def test_a_wrong_option_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="64"):
        main(["list", *arguments])
    shown = capsys.readouterr().err
    assert words in shown and shown.count("\n") == 1


def test_a_document_that_is_gone_from_its_folder_is_listed_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("kept", "gone"):
        (tmp_path / f"{name} one.pdf").touch()
    results = [at(outcome(name, 1, "failed"), (tmp_path / f"{name} one.pdf").as_uri()) for name in ("kept", "gone")]
    write_run(tmp_path / "output", "r1", *results)
    (tmp_path / "gone one.pdf").unlink()
    assert main(["list", "--output", str(tmp_path / "output")]) == ExitCode.OK
    notes = {line.split("\t")[6]: line.split("\t")[8:] for line in capsys.readouterr().out.splitlines()}
    assert notes == {"kept": [], "gone": ["no longer there"]}
    listed = found(capsys, "--output", str(tmp_path / "output"), "--sort", "key")["documents"]
    assert [document["is_there"] for document in listed] == [False, True]
    shown = list(lines(list_documents(OutputFolder(tmp_path / "output"), Wanted(), limit=2, by_key=True), 80))
    assert shown[1].endswith("gone one.pdf (no longer there)") and shown[2].endswith("kept one.pdf")


@pytest.mark.parametrize("columns", [20, 80, 300])
@pytest.mark.parametrize("below", [None, 99.0])
def test_the_lines_of_a_terminal_have_a_head_and_fit(columns: int, below: float | None, tmp_path: Path) -> None:
    names = {"long": "folder/" * 30, "wide": "\u6587" * 60, "short": "a"}
    results = [at(outcome(name, pages=1), f"s3://bucket/{path}.pdf") for name, path in names.items()]
    failed = replace(results[0], status=DocumentStatus.FAILED, error_class=ErrorClass.LANGUAGE_MISSING)
    write_run(tmp_path, "r1", failed, *results[1:], confidences=dict.fromkeys(names, [81.0]))
    listed = list_documents(OutputFolder(tmp_path), Wanted(below_confidence=below), limit=9, by_key=True)
    head, *shown = lines(listed, columns)
    assert head.split()[:3] == ["status", "error", "class"] and ("conf." in head) == (below is not None)
    assert len(shown) == 3 and all("1 pages" not in line and line.endswith(".pdf") for line in shown)
    widths = [sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line) for line in shown]
    start = head.index("document")
    assert max(widths) <= max(columns, start + 16)
    assert all(line[start - 2 : start] == "  " and line[start - 3] != " " for line in shown)
    assert ("…" in shown[1] or "…" in shown[2]) == (columns < 300)


def test_results_that_may_not_be_looked_into_are_not_taken_for_none(
    output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scandir = os.scandir

    def refuse(path: Path | str) -> Any:
        if str(path).endswith("run_id=r2"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert main(["list", "--output", str(output)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert "run_id=r2' may not be used: Permission denied. Change its permissions." in shown and shown.count("\n") == 1


def test_where_nobody_may_look_it_is_not_known_whether_a_document_is_there() -> None:
    assert is_there("s3://bucket/a.pdf") is None
    assert is_there(f"file:///{'x' * 300}/a.pdf") is None

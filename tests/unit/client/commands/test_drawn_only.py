"""Runs that draw pages and read none: who asks for text is told so."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.records import DocumentResult, PageResult, PageStatus
from tests.support.reports import RUN, put, write_looked_at_run
from tests.support.runs import outcome, write_run

NO_TEXT = f"There is no text: the run {RUN} drew the pages and read none (--output-type image). Run "


def drawn_page(number: int, text: str, confidence: float | None) -> PageResult:
    del text, confidence
    return PageResult(number, PageStatus.SUCCEEDED)


def one_page(name: str, minute: int = 0) -> DocumentResult:
    return replace(outcome(name, minute), pages_succeeded=1)


@pytest.fixture(name="drawn")
def fixture_drawn(tmp_path: Path) -> Path:
    output = write_looked_at_run(tmp_path, one_page("a"), one_page("b"), page=drawn_page)
    put(output, f"runs/{RUN}/run.json", {"output_type": "image"})
    return output


def test_show_says_that_there_is_no_text(drawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "a", "--text", "--output", str(drawn)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and NO_TEXT in shown.err
    assert main(["show", "a", "--output", str(drawn)]) == ExitCode.OK  # the picture is there
    html = Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")
    assert NO_TEXT in html and "No text." not in html


def test_a_page_on_which_nothing_was_found_is_no_fault(drawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(drawn, f"runs/{RUN}/run.json", {"output_type": "both"})
    assert main(["show", "a", "--text", "--output", str(drawn)]) == ExitCode.OK
    assert capsys.readouterr().out == "--- page 1 of 1: succeeded ---\n"
    assert main(["export", str(drawn), "--format", "text"]) == ExitCode.OK


@pytest.mark.parametrize("what", [[], [RUN]], ids=["all runs", "one"])
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_export_makes_nothing_and_says_so_once(
    what: list[str], more: list[str], drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*what, "--output", str(drawn), "--format", "text", "--format", "searchable_pdf", *more]
    assert main(["export", *arguments]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and NO_TEXT in shown.err
    assert not (drawn / "outputs").exists()


def test_export_makes_the_files_of_other_runs(drawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(drawn, "r2", one_page("b", 5), one_page("c", 5))
    assert main(["export", str(drawn), "--format", "text", "--json"]) == ExitCode.RUN_FAILED
    files = {file["document_id"]: file for file in json.loads(capsys.readouterr().out)["files"]}
    assert {name: file["state"] for name, file in files.items()} == {"a": "failed", "b": "written", "c": "written"}
    assert files["a"]["failure"].startswith(NO_TEXT)

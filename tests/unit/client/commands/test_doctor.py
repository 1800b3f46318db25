"""`ocr-pipeline doctor`: a line for each check, JSON for programs, and the exit status of the first problem."""

import json
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.main import main

NAMES = ["python", "tesseract", "languages", "fast tesseract", "poppler", "output folder", "deployment"]


@pytest.fixture(autouse=True)
def no_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OCR_BUCKET_NAME", "OCR_STATE_MACHINE_ARN", "OCR_OUTPUT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_machine_with_everything_is_well_and_stays_as_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["doctor"]) == ExitCode.OK
    shown = capsys.readouterr()
    assert [line[9:24].rstrip() for line in shown.out.splitlines()] == NAMES
    assert {line[:8].rstrip() for line in shown.out.splitlines()} == {"ok", "hint"}
    assert shown.out.endswith(f"hint     {'deployment':<15} none: runs are on this machine\n")
    assert not shown.err and not list(tmp_path.iterdir())


def test_the_exit_status_is_that_of_the_first_problem_and_all_are_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert main(["doctor", "--languages", "xyz", "--output", "file"]) == ExitCode.MISSING_TOOL
    shown = capsys.readouterr()
    problems = [line for line in shown.out.splitlines() if line.startswith("problem ")]
    assert [line[9:24].rstrip() for line in problems] == ["languages", "output folder"]
    assert "Tesseract knows no xyz" in problems[0] and "install" not in problems[0].partition("). ")[2]
    assert shown.err == "ocr-pipeline: error: There are problems with: languages, output folder.\n"
    assert len(shown.out.splitlines()) == len(NAMES)
    assert main(["doctor", "--output", "file"]) == ExitCode.BAD_INPUT


@pytest.mark.parametrize(("output", "is_ok"), [("results", True), ("file", False)])
def test_programs_get_json(output: str, is_ok: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert main(["doctor", "--json", "--output", output]) == (ExitCode.OK if is_ok else ExitCode.BAD_INPUT)
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is is_ok and [check["name"] for check in found["checks"]] == NAMES
    assert {tuple(check) for check in found["checks"]} == {("name", "state", "found", "advice")}
    (folder,) = (check for check in found["checks"] if check["name"] == "output folder")
    assert folder["state"] == ("ok" if is_ok else "problem") and bool(folder["advice"]) is not is_ok

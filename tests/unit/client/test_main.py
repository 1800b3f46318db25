"""The command line: wrong use is one clear line and a non-zero exit status, before anything starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.main import main


@pytest.fixture(autouse=True)
def fixture_no_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OCR_BUCKET_NAME", "OCR_STATE_MACHINE_ARN", "OCR_OUTPUT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.pdf").write_bytes(b"%PDF-")
    return tmp_path / "docs"


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    try:
        code: int | str | None = main(arguments)
    except SystemExit as stop:
        code = stop.code
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "Traceback" not in error, error
    assert isinstance(code, int)
    return int(code), error


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--input-prefix", "not-there"], 64, ["'not-there' does not exist"]),
        (["--input-prefix", "docs/a.pdf"], 64, ["is a file, not a folder"]),
        (["--input-prefix", "nothing"], 64, ["holds no files"]),
        (["--input-prefix", "docs", "--colour", "grey"], 64, ["--colour", "--help"]),
        (["--input-prefix", "docs", "--output-type", "pdf"], 64, ["'output_type'", "'pdf'", "'both'"]),
        (["--input-prefix", "docs", "--max-parallel-jobs", "many"], 64, ["'max_parallel_jobs'", "'many'", "integer"]),
        (["--input-prefix", "docs", "--tesseract-config", "psm=6"], 64, ["'tesseract_config'", '{"psm": 6}']),
        (["--input-prefix", "docs", "--output", "docs/a.pdf"], 64, ["output folder", "cannot be written"]),
        (["--input-prefix", "s3://bucket/docs/"], 66, ["No deployment", "make deploy"]),
        ([], 64, ["--input-prefix"]),
    ],
)
def test_wrong_use_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: list[str]
) -> None:
    (folder.parent / "nothing").mkdir()
    found, error = fails(capsys, *arguments)
    assert found == code
    assert all(word in error for word in words), error


@pytest.mark.parametrize("debug", [True, False])
def test_only_debug_shows_the_traceback(debug: bool) -> None:
    command = [sys.executable, "-m", "distributed_ocr_pipeline.main", "--input-prefix", "not-there"]
    shown = subprocess.run([*command, *["--debug"] * debug], capture_output=True, text=True, check=False)
    assert shown.returncode == 64 and shown.stderr.endswith("or s3://bucket/prefix/.\n")
    assert ("Traceback" in shown.stderr) is debug


def test_help_names_every_option() -> None:
    command = [sys.executable, "-m", "distributed_ocr_pipeline.main", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in RunOptions.names():
        if name != "planned":
            assert f"--{name.replace('_', '-')}" in shown

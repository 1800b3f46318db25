"""`ocr-pipeline logs` of a run on this machine, which leaves none."""

from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.main import main


@pytest.mark.parametrize("arguments", [["r1"], []])
def test_it_says_so_and_where_failures_are(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs/r1").mkdir(parents=True)
    (tmp_path / "runs/r1/failures.csv").write_text("document_id\n", encoding="utf-8")
    assert main(["logs", *arguments, "--output", str(tmp_path)]) == ExitCode.OK
    shown = capsys.readouterr()
    assert not shown.out and shown.err.count("\n") == 1
    assert shown.err.startswith("The run r1 left no logs") and f"{tmp_path}/runs/r1/failures.csv" in shown.err


@pytest.mark.parametrize(("arguments", "words"), [(["r2"], "no run 'r2'"), ([], "There are no runs in")])
def test_a_run_that_there_is_not_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["logs", *arguments, "--output", str(tmp_path)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert words in shown and shown.count("\n") == 1

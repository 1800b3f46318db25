"""`ocr-pipeline retry`: what failed is read again, and nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.main import main
from tests.support.workplace import Workplace, paper

DOCUMENTS = Path(__file__).parents[2] / "examples" / "documents"


def report_of(output: Path, run_number: int) -> dict[str, Any]:
    """The report of a run, counted from 0."""
    reports = sorted(output.glob("runs/*/report.json"), key=lambda path: path.stat().st_mtime)
    found: dict[str, Any] = json.loads(reports[run_number].read_text(encoding="utf-8"))
    return found


def test_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    documents, output = tmp_path / "docs" / "in", tmp_path / "output"
    (documents / "letters 2024").mkdir(parents=True)
    shutil.copy(DOCUMENTS / "blank.pdf", documents)
    shutil.copy(DOCUMENTS / "truncated.pdf", documents / "letters 2024" / "a b.pdf")
    (documents / "empty.pdf").write_bytes(b"")
    assert main(["--input-prefix", str(documents), "--output", str(output), "--words"]) == ExitCode.OK
    capsys.readouterr()

    monkeypatch.setenv("OCR_BUCKET_NAME", "a-bucket")  # a folder is a folder nevertheless
    assert main(["retry", "--output", str(output), "--class", "timeout"]) == ExitCode.OK
    assert (
        capsys.readouterr().out == f"Nothing to retry: there is no document that failed as timeout below {documents}.\n"
    )
    assert len(list((output / "runs").iterdir())) == 1

    shutil.copy(DOCUMENTS / "blank.pdf", documents / "letters 2024" / "a b.pdf")
    (documents / "new.pdf").write_bytes(b"which no run has seen")
    assert main(["retry", "--output", str(output)]) == ExitCode.OK
    assert f"2 documents below {documents} failed (1 corrupt, 1 empty)." in capsys.readouterr().err
    report = report_of(output, 1)
    assert (report["planned"], report["up_to_date"]) == (2, 0)
    assert {name: count for name, count in report["documents_by_status"].items() if count} == {
        "succeeded": 1,
        "failed": 1,
    }
    (options,) = {
        path.read_text(encoding="utf-8") for path in output.glob("runs/*/run.json") if "any" in path.read_text()
    }
    assert json.loads(options)["words"], "as they were read before"


def test_a_prefix(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with LocalEnvironment() as environment:
        workplace = Workplace(environment.deployment())
        for name, content in environment.environ().items():
            monkeypatch.setenv(name, content)
        prefix = workplace.put("in", "good.pdf")
        workplace.client("s3").put_object(Bucket=workplace.input_bucket, Key="in/bad.pdf", Body=b"%PDF-1.4 and no more")
        assert main(["--input-prefix", prefix]) == ExitCode.OK
        workplace.client("s3").put_object(Bucket=workplace.input_bucket, Key="in/bad.pdf", Body=paper("Mended."))
        capsys.readouterr()
        assert main(["retry"]) == ExitCode.OK
        said = capsys.readouterr().err
        assert f"1 document below {prefix} failed (1 corrupt)." in said and "Estimate: 1 document in 1 shard" in said
        assert set(workplace.current(prefix).values()) == {("succeeded", None)}
        assert main(["retry"]) == ExitCode.OK
        assert f"Nothing to retry: there is no document that failed below {prefix}." in capsys.readouterr().out

"""How a job reads its surroundings and how it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import BadInput, ExitCode, RunFailed, ServiceFault
from distributed_ocr_pipeline.job import JobContext, run_job

JOB = {"OCR_RUN_ID": "run1", "OCR_OUTPUT_BUCKET": "results"}


@pytest.fixture(autouse=True)
def fixture_signal_handlers() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(name="root")
def fixture_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {**JOB, "OCR_ML_ROOT": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def message(root: Path) -> str:
    return (root / "output" / "message").read_text(encoding="utf-8")


def test_a_pages_image_is_in_the_output_bucket_unless_the_environment_says_otherwise() -> None:
    environ = {"OCR_RUN_ID": "r", "OCR_OUTPUT_BUCKET": "results"}
    assert JobContext.from_environment(environ).results_uri == "s3://results/"
    assert JobContext.from_environment({**environ, "OCR_RESULTS_URI": ""}).results_uri == ""


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(BadInput, match="OCR_RUN_ID"):
        JobContext.from_environment({"OCR_OUTPUT_BUCKET": "results"})


def test_paths_are_those_of_sagemaker_by_default() -> None:
    assert JobContext.from_environment(JOB).input("shard") == Path("/opt/ml/processing/input/shard")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_job_knows_the_region_that_the_workflow_gives_it(name: str) -> None:
    assert JobContext.from_environment({**JOB, name: "eu-central-1"}).region == "eu-central-1"
    assert JobContext.from_environment(JOB).region is None


def test_success_leaves_its_message(root: Path) -> None:
    assert run_job(lambda job: f"did {job.run_id}") == 0
    assert message(root) == "did run1"


@pytest.mark.parametrize(
    ("error", "code"), [(BadInput("no"), 64), (RunFailed("lost one"), 65), (ServiceFault("S3 is down"), 2)]
)
def test_a_known_error_becomes_its_exit_code_and_message(root: Path, error: Exception, code: int) -> None:
    def job(_: JobContext) -> str:
        raise error

    assert run_job(job) == code
    assert message(root) == ExitCode(code).verdict + str(error)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_told_to_stop_says_so(root: Path, number: signal.Signals) -> None:
    def job(_: JobContext) -> str:
        signal.raise_signal(number)
        return "never"

    assert run_job(job) == ExitCode.INTERRUPTED
    assert message(root).startswith(f"RETRY 130 Ended by {number.name}")


def test_an_unknown_error_is_internal(root: Path) -> None:
    assert run_job(lambda job: str(1 // 0)) == ExitCode.INTERNAL
    assert "ZeroDivisionError" in message(root)


def test_the_message_is_valid_utf8_and_under_a_kilobyte(root: Path) -> None:
    run_job(lambda job: "é" * 2000)
    assert len((root / "output" / "message").read_bytes()) <= 1024
    assert set(message(root)) == {"é"}


def test_missing_surroundings_are_a_message_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCR_RUN_ID")
    assert run_job(lambda job: "never") == ExitCode.BAD_INPUT
    assert "OCR_RUN_ID" in message(root)


def test_an_exit_message_that_cannot_be_written_does_not_change_the_exit_status(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (root / "output").write_text("a file where the folder should be")
    assert run_job(lambda job: "done") == ExitCode.OK
    assert "The exit message could not be written" in caplog.text


def test_the_folder_of_an_output_is_there(root: Path) -> None:
    job = JobContext.from_environment({**JOB, "OCR_ML_ROOT": str(root)})
    assert job.output("pages").is_dir() and job.output("pages") == root / "processing" / "output" / "pages"


def test_a_process_ends_at_once_with_its_status_and_all_that_it_said() -> None:
    code = """
import atexit
from distributed_ocr_pipeline.job import end_process
atexit.register(print, "slowly")
print("said", end="")
end_process(75)
"""
    buffering = {**os.environ, "PYTHONUNBUFFERED": ""}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, env=buffering
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (75, "said", "")

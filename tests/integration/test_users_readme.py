"""Each promise of the README that the project began with, one test for one line of it, with real Tesseract.

That README fixed the names of classes, settings, options, variables, metrics and make targets. What a user has written
with them must go on working.
"""

import inspect
import json
import logging
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from distributed_ocr_pipeline import DocumentProcessor, OCRPipeline
from distributed_ocr_pipeline.config import AWSConfig, OCRConfig
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from tests.support.copies import PROJECT, copy_project, run_in

EXAMPLES = PROJECT / "examples/documents"
TARGETS = (
    "install format lint test local-setup local-test local-logs build-image deploy run-pipeline".split()  # its own list
)
METRICS = {"DocumentsProcessed", "ProcessingTime", "ErrorRate", "InstanceUtilization"}
VARIABLES = {"AWS_PROFILE", "AWS_REGION", "SAGEMAKER_ROLE_ARN", "OCR_BUCKET_NAME"}


def folder_of_two(folder: Path) -> Path:
    """The folder `documents`, with a scan and a document that has its text."""
    (folder / "documents").mkdir()
    for name in ("scan-skewed.pdf", "born-digital.pdf"):
        shutil.copy(EXAMPLES / name, folder / "documents")
    return folder / "documents"


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ds.dataset(folder / "output" / table, partitioning="hive").to_table().to_pylist()
    return found


@pytest.fixture(name="copy", scope="module")
def fixture_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_project(tmp_path_factory.mktemp("users"))
    folder_of_two(copy)
    return copy


# ---- From Python ---------------------------------------------------------------------------------------------------


def test_a_pipeline_runs_over_a_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of_two(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OCR_BUCKET_NAME", raising=False)
    result = OCRPipeline(aws_config=AWSConfig(), ocr_config=OCRConfig()).run(input_prefix="documents/")
    assert result.report is not None and result.report["documents_by_status"]["succeeded"] == 2
    found = {page["source_uri"].rpartition("/")[2]: page["text"] for page in rows(tmp_path, "pages")}
    assert sorted(found) == ["born-digital.pdf", "scan-skewed.pdf"] and all(len(text) > 100 for text in found.values())


def test_a_processor_reads_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES / "scan-skewed.pdf", "test.pdf")
    result = DocumentProcessor(output_type="both").process_document("test.pdf", document_id="test123")
    assert len(result["text"].split()) > 50
    assert [Path(path).stat().st_size > 10_000 for path in result["image_paths"]] == [True]


def test_aws_config_has_these_settings_and_defaults() -> None:
    given = AWSConfig(bucket="my-bucket", role_arn="arn:aws:iam::123456789012:role/SageMakerRole")
    assert (given.bucket, given.role_arn) == ("my-bucket", "arn:aws:iam::123456789012:role/SageMakerRole")
    assert (given.region, given.instance_type) == ("us-west-2", "ml.t3.xlarge")
    assert (given.max_parallel_jobs, given.files_per_job) == (10, 10)


def test_ocr_config_has_these_settings_and_defaults() -> None:
    given = OCRConfig()
    assert (given.output_format, given.partition_key, given.tesseract_config) == ("parquet", "document_id", None)
    assert OCRConfig(tesseract_config={"psm": 6}).tesseract_config == {"psm": 6}


def test_the_logger_has_the_packages_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    with caplog.at_level(logging.DEBUG, logger="distributed_ocr_pipeline"):
        DocumentProcessor(output_dir=tmp_path).process_document(tmp_path / "a.pdf")
    assert [record for record in caplog.records if record.name.startswith("distributed_ocr_pipeline.")]


# ---- From the command line -----------------------------------------------------------------------------------------


def test_the_module_main_is_the_command_line(tmp_path: Path) -> None:
    folder_of_two(tmp_path)
    options = "--input-prefix documents/ --output-type both --max-parallel-jobs 5".split()
    run_in(tmp_path, sys.executable, "-m", "distributed_ocr_pipeline.main", *options)
    (settings,) = (tmp_path / "output/runs").glob("*/run.json")
    assert json.loads(settings.read_text(encoding="utf-8"))["max_parallel_jobs"] == 5
    assert len([page for page in rows(tmp_path, "pages") if page["image_uri"]]) == len(rows(tmp_path, "pages"))


# ---- In a bucket ---------------------------------------------------------------------------------------------------


@pytest.fixture(name="account", scope="module")
def fixture_account() -> Iterator[LocalEnvironment]:
    with LocalEnvironment() as environment:
        for name in ("scan-skewed.pdf", "born-digital.pdf"):
            body = (EXAMPLES / name).read_bytes()
            environment.client("s3").put_object(Bucket=environment.input_bucket, Key=f"documents/{name}", Body=body)
        yield environment


def test_make_runs_the_pipeline_over_a_prefix_of_a_bucket(copy: Path, account: LocalEnvironment) -> None:
    prefix = f"INPUT_PREFIX=s3://{account.input_bucket}/documents/"
    run_in(copy, "make", "run-pipeline", prefix, more=account.environ())
    keys = account.client("s3").list_objects_v2(Bucket=account.output_bucket, Prefix="pages/")["Contents"]
    assert [item["Key"].endswith(".parquet") for item in keys] == [True]


def test_a_relative_prefix_is_in_the_bucket_that_the_environment_names(
    account: LocalEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (account.environ() | {"OCR_BUCKET_NAME": account.input_bucket}).items():
        monkeypatch.setenv(name, value)
    result = OCRPipeline().run("documents/", reprocess=True)
    assert result.output == f"s3://{account.output_bucket}"
    assert {page["source_uri"] for page in result.pages().to_pylist()} == {
        f"s3://{account.input_bucket}/documents/{name}" for name in ("scan-skewed.pdf", "born-digital.pdf")
    }


def test_the_example_of_the_environment_file_lists_the_variables() -> None:
    listed = re.findall(r"^(\w+)=", (PROJECT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert VARIABLES <= set(listed)


def test_make_passes_the_environment_file_on(copy: Path) -> None:
    shutil.copy(copy / ".env.example", copy / ".env")
    with (copy / ".env").open("a", encoding="utf-8") as file:
        file.write("OCR_BUCKET_NAME=no-such-bucket\n")
    try:
        done = run_in(copy, "make", "run-pipeline", "INPUT_PREFIX=documents/", status=2)
    finally:
        (copy / ".env").unlink()
    assert "No deployment was found" in done.stderr  # a folder would be read on this machine


# ---- make ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_make_has_the_target_and_says_what_it_is_for(copy: Path, target: str) -> None:
    run_in(copy, "make", "--dry-run", target)
    assert re.search(rf"^ +{target} +\w", run_in(copy, "make", "help").stdout, re.MULTILINE)


def test_an_installed_project_is_not_installed_again(copy: Path) -> None:
    assert run_in(copy, "make", "install").stdout == ""


def test_make_runs_the_pipeline_over_a_folder(copy: Path) -> None:
    done = run_in(copy, "make", "run-pipeline", "INPUT_PREFIX=documents", "ARGS=--output-type both")
    assert "output" in done.stdout
    assert {row["status"] for row in rows(copy, "documents")} == {"succeeded"}


def test_make_has_a_local_environment_with_its_test_its_logs_and_the_metrics(copy: Path) -> None:
    run_in(copy, "make", "local-setup")
    try:
        run_in(copy, "make", "local-test")
        logs = run_in(copy, "make", "local-logs").stdout
    finally:
        run_in(copy, "make", "local-stop")
    lines = [line[line.index('{"_aws"') :] for line in logs.splitlines() if '{"_aws"' in line]
    assert lines and all(METRICS <= set(json.loads(line)) for line in lines)


def test_make_formats_python(copy: Path) -> None:
    for folder in "job_scripts tests examples benchmarks scripts verify".split():
        shutil.rmtree(copy / folder)
        (copy / folder).mkdir()
    untidy = copy / "job_scripts/untidy.py"
    untidy.write_text("import sys\nimport os\nprint( os.name,sys.path )\n", encoding="utf-8")
    run_in(copy, "make", "format")
    assert untidy.read_text(encoding="utf-8") == "import os\nimport sys\n\nprint(os.name, sys.path)\n"


def test_make_lints_with_the_four_programs(copy: Path) -> None:
    commands = run_in(copy, "make", "--dry-run", "lint").stdout
    assert all(f"/{program} " in commands for program in ("black", "isort", "mypy", "pylint"))


# ---- Tests ---------------------------------------------------------------------------------------------------------


def test_pytest_runs_the_tests_of_the_processor_with_coverage(tmp_path: Path) -> None:
    # tests/conftest.py is left out: it measures jobs through a file beside the packages, which one run at a time has.
    alone = ["--confcutdir=tests/unit", "-p", "no:cacheprovider"]
    measured = {"COVERAGE_FILE": str(tmp_path / "coverage")}
    arguments = ["tests/unit/test_processor.py", "--cov", "--cov-report=", *alone]
    assert "2 passed" in run_in(PROJECT, sys.executable, "-m", "pytest", *arguments, more=measured).stdout
    report = ["report", "--include=*/client/processor.py", "--format=total"]
    assert int(run_in(PROJECT, sys.executable, "-m", "coverage", *report, more=measured).stdout) > 60


def test_the_public_calls_take_what_they_took() -> None:
    assert list(inspect.signature(OCRPipeline).parameters)[:2] == ["aws_config", "ocr_config"]
    assert list(inspect.signature(OCRPipeline.run).parameters)[1] == "input_prefix"

"""Every command in README and docs/: it is one that there is, and where no account and no hour is needed, it works.

Commands about results run here, on a run over three of the examples. Commands of make run in the tests that `MAKE`
names, or are not run by tests, for the reason that it says. What needs AWS is only held against parsers, outputs of
Terraform, files and the models of AWS's calls.
"""

import re
import shutil
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.tables.latest import latest_documents
from tests.support.commands import OUTSIDE, PAGES, Command, commands_in, faults, make_targets, programs_of_blocks
from tests.support.copies import PROJECT

USERS = "tests/integration/test_users_readme.py"
CI = ".ci/run"
NEEDS_AWS, TAKES_LONG, INSTALLS = "needs AWS", "takes long", "installs or downloads packages"
MAKE = {
    "accuracy": TAKES_LONG,
    "audit": INSTALLS,
    "bench": TAKES_LONG,
    "bench-estimates": TAKES_LONG,
    "bench-local": TAKES_LONG,
    "bench-memory": TAKES_LONG,
    "bench-planner": TAKES_LONG,
    "build-image": "tests/container/conftest.py",
    "chaos": CI,
    "crowd": TAKES_LONG,
    "deploy": NEEDS_AWS,
    "destroy": NEEDS_AWS,
    "docs": CI,
    "fast-tesseract": TAKES_LONG,
    "format": USERS,
    "fuzz": TAKES_LONG,
    "huge": TAKES_LONG,
    "image-sbom": TAKES_LONG,  # to build the image; tests/container/test_image.py calls the script
    "install": CI,
    "lint": CI,
    "local-logs": USERS,
    "local-setup": USERS,
    "local-stop": USERS,
    "local-test": USERS,
    "lock": INSTALLS,
    "neural": INSTALLS,
    "plan": NEEDS_AWS,
    "push-image": NEEDS_AWS,
    "run-pipeline": USERS,
    "screenshots": TAKES_LONG,
    "simulate": TAKES_LONG,
    "test": CI,
    "test-browser": CI,
    "test-container": CI,
    "verify-aws": NEEDS_AWS,
}
"""Where a target is run, or why no test runs it."""

EXAMPLES = ("scan-clean.pdf", "born-digital.pdf", "encrypted.pdf")


def commands_of(page: str) -> list[Command]:
    return list(commands_in(page, (PROJECT / page).read_text(encoding="utf-8")))


def called_in(place: str) -> set[str]:
    """What stands on the lines of a file that call make, or a script that a target calls."""
    lines = (PROJECT / place).read_text(encoding="utf-8").splitlines()
    calls = [line for line in lines if re.search(r"\b(make|two_at_a_time|scripts)\b", line)]
    return {word for line in calls for word in re.findall(r"[a-z][a-z-]*", line)}


ALL = [command for page in PAGES for command in commands_of(page)]
ABOUT_RESULTS = sorted(
    {
        command.arguments
        for command in ALL
        if command.program == "ocr-pipeline" and len(command.arguments) > 1 and not command.needs_aws
        if not command.arguments[0].startswith("-") and command.arguments[0] != "run"
    }
)


def test_there_are_commands_of_each_kind() -> None:
    programs = [command.program for command in ALL]
    assert len(ALL) > 100 and min(programs.count(name) for name in ("make", "ocr-pipeline", "python", "terraform")) > 4
    assert len(ABOUT_RESULTS) > 15


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_one_that_there_is(page: str) -> None:
    assert [fault for command in commands_of(page) for fault in faults(command)] == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_in_a_block_for_a_shell_is_left_out(page: str) -> None:
    known = {command.program for command in commands_of(page)} | OUTSIDE
    assert programs_of_blocks((PROJECT / page).read_text(encoding="utf-8")) <= known


@pytest.mark.parametrize(
    "line",
    [
        "make deplyo",
        "make run-pipeline INPUT_PERFIX=folder",
        'make run-pipeline ARGS="--outptu-type both"',
        'make run-pipeline ARGS="--output-type bothh"',
        "OCR_LOCAL_FALUTS=faults.json make local-setup",
        "OCR_LOCAL_FAULT=faults.json make local-setup",
        "make verify-aws ARGS=--dryrun",
        "ocr-pipeline list --klass encrypted",
        "ocr-pipeline list --class encripted",
        "ocr-pipeline shwo scan.pdf",
        ".venv/bin/python -m distributed_ocr_pipeline.main --input-prefix a --max-jobs 5",
        "python -m benchmarks.nothing",
        "python -m benchmarks.run --quik",
        ".venv/bin/python scripts/nothing.py",
        "pytest tests/unit/nothing.py",
        "pytest tests/unit/outputs -k no_such_name",
        "pytest tests/unit/outputs --covv",
        "terraform output input_bukcet",
        "terraform output -rwa input_bucket",
        "aws s3 cp a s3://bucket/ --recursve",
        'aws s3 cp a "s3://$(terraform output -raw input_bukcet)/"',
        "terraform import 'module.monitoring.aws_cloudwatch_log_group.job[0]' /aws",
        "aws stepfunctions start-executions --input '{}'",
        "aws stepfunctions start-execution --inptu '{}'",
        """aws stepfunctions start-execution --input '{"input_perfix": "s3://bucket/documents/"}'""",
        "cp terraform.tfvars.sample terraform.tfvars",
    ],
)
def test_a_command_that_there_is_not_is_found(line: str) -> None:
    for markdown in (f"```sh\n{line}\n```\n", f"Text:\n\n    {line}\n"):
        assert [fault for command in commands_in("page", markdown) for fault in faults(command)]


def test_the_calls_of_example_programs_are_those_that_there_are() -> None:
    found = []
    for script in sorted((PROJECT / "examples/programs").glob("*.sh")):
        lines = script.read_text(encoding="utf-8").replace("$input", "bucket")
        found += list(commands_in(script.name, f"```sh\n{lines}```\n"))
    assert {"ocr-pipeline", "aws"} <= {command.program for command in found} and len(found) > 8
    assert [fault for command in found for fault in faults(command)] == []


def test_it_is_known_of_every_target_where_it_runs_or_why_it_does_not() -> None:
    named = {word for command in ALL if command.program == "make" for word in command.arguments if "=" not in word}
    assert named - set(MAKE) == set() and set(MAKE) <= make_targets()
    places = {target: place for target, place in MAKE.items() if place not in (NEEDS_AWS, TAKES_LONG, INSTALLS)}
    assert [target for target, place in places.items() if target not in called_in(place)] == []


# ---- Commands about results ----------------------------------------------------------------------------------------


@pytest.fixture(name="folder", scope="module")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a run has read a few documents."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "path/to").mkdir(parents=True)
    (folder / "documents").mkdir()
    for name in EXAMPLES:
        shutil.copy(PROJECT / "examples/documents" / name, folder / "documents")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("OCR_BUCKET_NAME", raising=False)
        assert main(["--input-prefix", "documents", "--words"]) == ExitCode.OK
    return folder


def filled_in(arguments: tuple[str, ...], folder: Path) -> list[str]:
    """A command's arguments with this folder's run, document and files in place of what stands for them."""
    (run,) = (folder / "output/runs").iterdir()
    documents = latest_documents(folder / "output").to_pylist()
    scan = next(row for row in documents if row["source_uri"].endswith("scan-clean.pdf"))
    values = {"RUN": run.name, "ID": scan["document_id"], "PREFIX": "documents"}
    values |= {"path/to/scan.pdf": "documents/scan-clean.pdf", "3": "2"}  # it has two pages
    return [values.get(argument, argument) for argument in arguments]


@pytest.mark.parametrize("arguments", ABOUT_RESULTS, ids=" ".join)
def test_a_command_about_results_works(
    arguments: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("BROWSER", "true")  # the program of that name, which does nothing
    monkeypatch.delenv("OCR_STATE_MACHINE_ARN", raising=False)
    status = main(filled_in(arguments, folder))
    lacks_a_language = "--languages" in arguments and status == ExitCode.MISSING_TOOL
    said = capsys.readouterr()
    assert status == ExitCode.OK or lacks_a_language, said.err
    assert said.out or said.err

"""The error tree agrees with itself and with the workflow's retry rule."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from distributed_ocr_pipeline import errors
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass, ExitCode, Origin, PipelineError, without_verdict
from distributed_ocr_pipeline.local.definition import DEFINITION


def test_every_error_has_an_exit_code_and_a_sentence() -> None:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, PipelineError):
            assert isinstance(kind.exit_code, ExitCode) and kind.__doc__


def test_a_verdict_is_for_the_workflow_and_not_for_people() -> None:
    assert [code.verdict for code in (ExitCode.BAD_INPUT, ExitCode.SERVICE)] == ["FINAL 64 ", "RETRY 2 "]
    assert without_verdict("FINAL 64 Option 'dpi': got 0.") == "Option 'dpi': got 0."
    assert without_verdict("The FINAL 64 pages") == "The FINAL 64 pages"


@pytest.mark.parametrize("error_class", list(ErrorClass))
def test_processing_faults_are_worth_another_try(error_class: ErrorClass) -> None:
    if error_class.origin is Origin.PROCESSING:
        assert error_class.retryable


@pytest.mark.parametrize("explained", [*ErrorClass, *ExitCode])
def test_every_value_says_what_it_means_and_what_to_do(explained: ErrorClass | ExitCode) -> None:
    assert explained.meaning and explained.advice.endswith(".")


def test_the_documented_errors_are_those_of_the_code_and_the_workflow() -> None:
    command = [sys.executable, "scripts/errors_doc.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_advice_follows_the_message() -> None:
    assert str(PipelineError("It broke.", "Mend it.")) == "It broke. Mend it."


def test_the_definition_is_yaml_without_its_substitutions() -> None:
    text = Path(DEFINITION).read_text(encoding="utf-8")
    assert yaml.load(text, Loader=yaml.BaseLoader)["StartAt"] == "NamesDocuments"


def test_whether_a_document_is_tried_again_is_said_once() -> None:
    """By its error class: the exit code of a `DocumentError`, which never ends a process, would say something else."""
    assert not hasattr(DocumentError(ErrorClass.CORRUPT, "It is no PDF."), "retryable")

"""Commands that people are told, run as they are told, from another folder and with another PATH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.command_line.proposals import command, run_command_line
from tests.support.reports import RUN, write_looked_at_run
from tests.support.runs import outcome

SCRIPT = Path(sys.executable).with_name("ocr-pipeline")
PACKAGE = Path(__file__).parents[4] / "job_scripts" / "distributed_ocr_pipeline"


def told(monkeypatch: pytest.MonkeyPatch, called: str, path: str = "/usr/bin:/bin") -> str:
    """What is proposed if the program was called so."""
    monkeypatch.setattr(sys, "argv", [called, "--anything"])
    monkeypatch.setenv("PATH", path)
    return command("status", "a run")


def test_what_the_shell_finds_by_its_name_is_named_and_anything_else_is_its_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_environment = f"{SCRIPT.parent}:/usr/bin:/bin"
    assert told(monkeypatch, str(SCRIPT), with_environment) == "ocr-pipeline status 'a run'"
    assert told(monkeypatch, str(SCRIPT)) == f"{SCRIPT} status 'a run'"
    (tmp_path / "ocr-pipeline").write_text("#!/bin/sh\n")
    (tmp_path / "ocr-pipeline").chmod(0o755)
    assert told(monkeypatch, str(SCRIPT), f"{tmp_path}:{with_environment}") == f"{SCRIPT} status 'a run'"


def test_a_script_that_was_called_by_a_relative_path_is_found_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "with space").mkdir()
    (tmp_path / "with space" / "ocr-pipeline").touch()
    monkeypatch.chdir(tmp_path)
    assert told(monkeypatch, "with space/ocr-pipeline") == f"'{tmp_path}/with space/ocr-pipeline' status 'a run'"


def test_a_module_is_called_as_one_and_a_notebook_is_told_what_a_shell_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    as_module = "-m distributed_ocr_pipeline.main status 'a run'"
    assert told(monkeypatch, str(PACKAGE / "main.py")) == f"{sys.executable} {as_module}"
    name = Path(sys.executable).name
    assert told(monkeypatch, str(PACKAGE / "main.py"), str(SCRIPT.parent)) == f"{name} {as_module}"
    assert told(monkeypatch, "/usr/lib/ipykernel_launcher.py") == f"{SCRIPT} status 'a run'"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))  # beside which no script was installed
    assert told(monkeypatch, "-c") == f"{tmp_path}/python {as_module}"


def test_options_are_said_as_the_command_line_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, str(SCRIPT), str(SCRIPT.parent))
    options = {"words": True, "reprocess": False, "outputs": ["text", "tsv"], "dpi": None, "tesseract_config": {"a": 1}}
    line = run_command_line("/my docs", "/out", options)
    expected = "ocr-pipeline --input-prefix '/my docs' --output /out"
    assert line == f"{expected} --words --no-reprocess --outputs=text,tsv '--tesseract-config={{\"a\": 1}}'"


@pytest.mark.parametrize(
    "program", [[os.path.relpath(SCRIPT)], [sys.executable, "-m", "distributed_ocr_pipeline.main"]]
)
@pytest.mark.parametrize(
    "arguments",
    [["report", "never"], ["show", "nowhere.pdf"], ["status", "never"], ["export", "--format", "text", "never"]],
)
def test_what_a_command_proposes_works_as_it_is_in_another_folder(
    program: list[str], arguments: list[str], tmp_path: Path
) -> None:
    """Each of these fails, and says which command helps."""
    output = write_looked_at_run(tmp_path / "my results", outcome("a"))
    place = os.path.relpath(output)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    failed = subprocess.run(
        [*program, *arguments, "--output", place], env=environment, capture_output=True, text=True, check=False
    )
    proposed = failed.stderr.split("`")[1]
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        proposed, shell=True, cwd=tmp_path / "elsewhere", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, failed.stderr + done.stderr
    assert (RUN if " status " in proposed else "bucket/a.pdf") in done.stdout

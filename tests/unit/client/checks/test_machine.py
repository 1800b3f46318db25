"""What `ocr-pipeline doctor` says of this machine, and of machines that lack something."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.checks import machine
from distributed_ocr_pipeline.client.checks.check import Check, State
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.local.folders import locked
from distributed_ocr_pipeline.ocr.documents.poppler import PROGRAMS

Install = Callable[[str, str], Path]


def checks(output: Path, languages: str | None = None) -> dict[str, Check]:
    return {check.name: check for check in machine.machine_checks(languages, output)}


def problems(found: dict[str, Check]) -> list[str]:
    return [name for name, check in found.items() if check.state is State.PROBLEM]


@pytest.fixture(name="search_path")
def fixture_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the search path, with Poppler in it."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    return folder


def test_a_machine_with_everything_has_no_problem(tmp_path: Path) -> None:
    found = checks(tmp_path)
    assert not problems(found)
    assert list(found) == ["python", "tesseract", "languages", "fast tesseract", "poppler", "output folder"]
    for name in ("tesseract", "poppler"):
        assert re.match(r"\d+\.\d", found[name].found)
    assert re.match(r"eng \(installed: .*\beng\b.*\)", found["languages"].found)
    assert found["python"].found.startswith("3.")


@pytest.mark.parametrize(
    ("installer", "user", "command"),
    [
        ("apt-get", 0, "missing: apt-get install tesseract-ocr"),
        ("apt-get", 1000, "missing: sudo apt-get install tesseract-ocr"),
        ("brew", 1000, "missing: brew install tesseract"),
        (None, 1000, "the packages tesseract-ocr (Debian's names; docs/install.md)."),
    ],
)
def test_a_machine_without_tesseract_gets_the_command_that_installs_it(
    installer: str | None, user: int, command: str, search_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    if installer:
        (search_path / installer).symlink_to(sys.executable)
    found = checks(search_path)
    assert problems(found) == ["tesseract"]  # the others are checked, and languages say that they cannot be
    assert found["tesseract"].exit_code is ExitCode.MISSING_TOOL
    assert found["tesseract"].advice.endswith(command)
    assert found["languages"].state is State.HINT and "tesseract" in found["languages"].found


def test_a_machine_without_part_of_poppler_names_it(search_path: Path) -> None:
    (search_path / "tesseract").symlink_to(sys.executable)
    (search_path / "pdfimages").unlink()
    (search_path / "brew").symlink_to(sys.executable)
    poppler = checks(search_path)["poppler"]
    assert poppler.found == "Not installed: pdfimages."
    assert poppler.advice == "Install what is missing: brew install poppler"


@pytest.mark.parametrize(
    ("installer", "command"),
    [("apt-get", "apt-get install tesseract-ocr-deu tesseract-ocr-chi-sim"), ("brew", "brew install tesseract-lang")],
)
def test_languages_that_are_not_installed_are_named_with_their_command(
    installer: str, command: str, search_path: Path
) -> None:
    (search_path / installer).symlink_to(sys.executable)
    (search_path / "tesseract").write_text(f"#!{shutil.which('sh', path=os.defpath)}\necho 'tesseract 5.3.0\neng'\n")
    (search_path / "tesseract").chmod(0o700)
    found = checks(search_path, "eng+deu+chi_sim")
    assert problems(found) == ["languages"]
    assert "no language deu, chi_sim (installed: " in found["languages"].found
    assert found["languages"].advice.endswith(command)


def test_languages_that_are_looked_for_elsewhere_are_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    found = checks(tmp_path)
    assert problems(found) == ["languages"]
    assert found["languages"].advice == f"Unset TESSDATA_PREFIX ({tmp_path}), or put them there."
    assert found["languages"].found == "Tesseract has no language eng (installed: none)."


def test_languages_that_are_none_are_bad_input(tmp_path: Path) -> None:
    found = checks(tmp_path, "eng,deu")
    assert problems(found) == ["languages"] and found["languages"].exit_code is ExitCode.BAD_INPUT
    assert "'eng,deu'" in found["languages"].found


@pytest.mark.parametrize(("printed", "words"), [("tesseract 3.05.02", "3.05.02 is too old"), ("", "its version")])
def test_a_tesseract_that_is_too_old_or_broken_is_a_problem(
    printed: str, words: str, install_program: Install, tmp_path: Path
) -> None:
    install_program("tesseract", f"print({printed!r})")
    found = checks(tmp_path)
    assert "tesseract" in problems(found) and words in found["tesseract"].found
    assert found["tesseract"].advice


def test_an_old_python_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "version_info", (3, 9, 0))
        python = next(machine.machine_checks(None, tmp_path))
    assert (python.name, python.state) == ("python", State.PROBLEM) and "3.10" in python.advice


@pytest.mark.parametrize(
    ("is_built", "can_be", "state", "advice"),
    [
        (True, True, State.OK, ""),
        (False, True, State.HINT, "Run: make fast-tesseract"),
        (False, False, State.HINT, ""),
    ],
)
def test_the_fast_tesseract_is_a_hint(
    is_built: bool, can_be: bool, state: State, advice: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "fast_tesseract", lambda environ: {"LD_LIBRARY_PATH": "lib"} if is_built else {})
    monkeypatch.setattr(machine, "can_build_tesseract", lambda: can_be)
    found = checks(tmp_path)["fast tesseract"]
    assert (found.state, found.advice) == (state, advice)


# ---- the output folder -------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_yet_can_be_made_and_is_not(tmp_path: Path) -> None:
    found = checks(tmp_path / "new/results")["output folder"]
    assert found.state is State.OK
    assert re.search(r"new/results' can be made; [\d,.]+ GB are free", found.found)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results/kept").touch()
    assert "can be written" in checks(tmp_path / "results")["output folder"].found
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["kept"]


@pytest.mark.parametrize("name", ["file", "file/results/new"])
def test_a_folder_that_cannot_be_is_a_problem(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = checks(tmp_path / name)
    assert problems(found) == ["output folder"] and found["output folder"].exit_code is ExitCode.BAD_INPUT
    assert "--output" in found["output folder"].advice
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_another_run_writes_into_is_a_hint(tmp_path: Path) -> None:
    with locked(tmp_path, Path("letters"), "r1"):
        found = checks(tmp_path)["output folder"]
        assert found.state is State.HINT and f"process {os.getpid()} writes" in found.found
        assert "--output" in found.advice
    assert checks(tmp_path)["output folder"].state is State.OK

"""Commands that look at runs take the output folder where a run's id may stand."""

from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.inspection.outputs import meant_by
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.main import main
from tests.support.reports import RUN, write_looked_at_run
from tests.support.runs import outcome, write_run


@pytest.fixture(name="output")
def fixture_output(tmp_path: Path) -> Path:
    return write_looked_at_run(tmp_path / "results", outcome("a"), outcome("b", status="failed"))


@pytest.mark.parametrize("command", ["status", "list", "report", "logs"])
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_a_folder_alone_is_what_option_output_says(
    command: str, more: list[str], output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--output", str(output), *more]) == ExitCode.OK
    expected = capsys.readouterr()
    assert main([command, str(output), *more]) == ExitCode.OK
    assert capsys.readouterr() == expected and (expected.out or expected.err)


def test_retry_looks_into_the_folder_that_is_named(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retry", str(output), "--json"]) == ExitCode.BAD_INPUT
    assert f"No run in {output} says where its documents are." in capsys.readouterr().err  # it has no such plan


def test_list_has_no_run_to_name(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "nowhere"]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert "There is no folder 'nowhere'." in shown and shown.count("\n") == 1
    assert main(["list", "nowhere", "--output", str(output)]) == ExitCode.BAD_INPUT


@pytest.mark.parametrize("command", ["list", "status", "export", "report", "retry", "logs"])
def test_a_folder_that_does_not_exist_is_the_one_thing_said_with_those_that_there_are(
    command: str, output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["bogus"], ["x" * 300], ["--output", "bogus"]):
        assert main([command, *arguments]) == ExitCode.BAD_INPUT
        shown = capsys.readouterr().err
        assert f"a folder '{arguments[-1]}'" in shown or f"There is no folder '{arguments[-1]}'." in shown
        assert shown.count("\n") == 1 and "--format" not in shown and "'output'" not in shown
        assert not (output / ".ocr-pipeline.lock").exists() and "(`make deploy`)" in shown
    (output / ".ocr-pipeline.lock").touch()
    assert main([command, "bogus"]) == ExitCode.BAD_INPUT
    assert "Runs wrote to results: name one of them with --output." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "export", "report", "retry", "logs"])
def test_a_run_that_does_not_exist_is_the_one_thing_said_with_the_latest(
    command: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "bogus", "--output", str(output)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert f"There is no run 'bogus' in {output}. The only one is {RUN}; `" in shown and shown.count("\n") == 1
    for number in range(1, 5):
        write_run(output, f"2025010{number}-130000-abcdef", outcome("a"))
        (output / f"runs/2025010{number}-130000-abcdef").mkdir()
    main([command, "bogus", "--output", str(output)])
    latest = "20250104-130000-abcdef, 20250103-130000-abcdef, 20250102-130000-abcdef"
    assert f"The latest are {latest}; `" in capsys.readouterr().err


def test_export_asks_for_a_format_of_results_that_there_are(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(output)]) == ExitCode.BAD_INPUT
    assert "No format is named (--format). Name some of: searchable_pdf, pdfa, text," in capsys.readouterr().err


def test_a_run_in_a_folder_is_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    assert meant_by("run", None) == ("run", None)
    assert meant_by("run", "output") == ("output", "run")
    assert meant_by("other", None) == (None, "other")
    assert meant_by("", None) == (None, "") and meant_by(None, None) == (None, None)


def test_json_of_retry_says_that_it_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["retry", "--help"])
    assert "print what failed as a JSON document, and start no run" in " ".join(capsys.readouterr().out.split())

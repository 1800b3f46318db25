"""The command line: wrong use is one clear line and a non-zero exit status, before anything starts."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from importlib import import_module
from inspect import signature
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.client.command_line import calling
from distributed_ocr_pipeline.client.command_line.parsers import COMMANDS
from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.commands import run as run_module
from distributed_ocr_pipeline.client.pipeline import OCRPipeline
from distributed_ocr_pipeline.client.results import InterruptedRun, Observer, RunResult, UnfinishedRun
from distributed_ocr_pipeline.client.terminal import TerminalObserver
from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import BadInput, ExitCode
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.planning.estimating import Estimate, Range
from tests.support.plans import make_plan
from tests.support.runs import outcome, write_run

_REST = "this goes on with the rest"


@pytest.fixture(autouse=True)
def fixture_no_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OCR_BUCKET_NAME", "OCR_STATE_MACHINE_ARN", "OCR_OUTPUT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.pdf").write_bytes(b"%PDF-1.4")
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
        (["--input-prefix", "docs", "--output", "docs/a.pdf"], 64, ["output folder", "There is a file of this name"]),
        (["--input-prefix", "s3://bucket/docs/"], 66, ["No deployment", "make deploy"]),
        (["--input-prefix", "docs", "--ask-above-usd", "little"], 64, ["--ask-above-usd", "'little'", "USD"]),
        ([], 64, ["--input-prefix"]),
        (["run"], 64, ["--input-prefix"]),
        (
            ["runn", "--input-prefix", "docs"],
            64,
            ["no command 'runn'; the nearest is 'run'. Run `", "ocr-pipeline --help` for the options."],
        ),
        (["staus"], 64, ["no command 'staus'; the nearest is 'status'."]),
        (["xyzzy"], 64, ["no command 'xyzzy'. Run"]),
        (["docs"], 64, ["'docs' is no option; documents are named by --input-prefix docs."]),
        (["run", "my docs"], 64, ["--input-prefix 'my docs'"]),
        (["s3://bucket/docs/"], 64, ["--input-prefix s3://bucket/docs/"]),
    ],
)
def test_wrong_use_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: list[str]
) -> None:
    (folder.parent / "nothing").mkdir()
    found, error = fails(capsys, *arguments)
    assert found == code
    assert all(word in error for word in words), error


def test_ctrl_c_in_the_last_moment_leaves_the_exit_status() -> None:
    code = """
import atexit, os, signal, sys
from distributed_ocr_pipeline import main
from distributed_ocr_pipeline.client.command_line import calling
calling.call = lambda given: 130
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
sys.exit(main.main())
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")


def test_ctrl_c_while_a_dataclass_is_made_leaves_the_exit_status(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        """
import sys
from distributed_ocr_pipeline import main
from distributed_ocr_pipeline.client.command_line import calling

def call(given):
    try:
        exec("raise KeyboardInterrupt")  # as in dataclasses.py
    except KeyboardInterrupt:
        return 130

calling.call = call
sys.exit(main.main())
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "program"]  # Python looks at its note only where a module was called
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")


def named_in_a_class() -> None:
    """Raise what Python 3.11 makes of a Ctrl-C while a class gets its names."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as error:
        raise RuntimeError("Error calling __set_name__") from error


def lost_in_the_hurry() -> None:
    try:
        raise KeyboardInterrupt
    finally:
        os.stat("not-there")


@pytest.mark.parametrize("fault", [named_in_a_class, lost_in_the_hurry])
def test_ctrl_c_is_told_though_a_library_made_another_error_of_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fault: Callable[[], None]
) -> None:
    monkeypatch.setattr(OCRPipeline, "run", lambda *_, **__: fault())
    code, error = fails(capsys, "--input-prefix", str(folder))
    assert code == 130 and error.startswith("ocr-pipeline: error: Interrupted.") and _REST in error
    monkeypatch.setattr(calling, "_start", lambda *_: fault())
    assert fails(capsys, "--input-prefix", str(folder)) == (130, "ocr-pipeline: error: Interrupted.\n")


@pytest.mark.parametrize("debug", [True, False])
def test_only_debug_shows_the_traceback(debug: bool) -> None:
    command = [sys.executable, "-m", "distributed_ocr_pipeline.main", "--input-prefix", "not-there"]
    shown = subprocess.run([*command, *["--debug"] * debug], capture_output=True, text=True, check=False)
    assert shown.returncode == 64 and shown.stderr.endswith("or s3://bucket/prefix/.\n")
    assert ("Traceback" in shown.stderr) is debug


def test_help_names_every_option_and_command() -> None:
    command = [sys.executable, "-m", "distributed_ocr_pipeline.main", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in RunOptions.names():
        if name not in ("planned", "planned_after", "may_be_empty"):  # said by callers, and by triggers
            assert f"--{name.replace('_', '-')}" in shown
    for name in COMMANDS:
        assert f"\n  ocr-pipeline {name} " in shown
    assert shown.startswith("usage: ocr-pipeline [run] --input-prefix PREFIX [options]\n\nTurns the PDFs, ")


def test_who_stops_a_run_of_this_machine_is_told_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", "output"]) == ExitCode.NOT_DEPLOYED
    shown = capsys.readouterr().err
    assert "A run on this machine ends with Ctrl-C, or with what `" in shown and shown.count("\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_function_and_takes_its_streams(name: str) -> None:
    command = getattr(import_module(f"distributed_ocr_pipeline.client.commands.{name}"), f"{name}_command")
    streams = [given for given in signature(command).parameters if given != "arguments"]
    assert streams == (["stream", "notes"] if COMMANDS[name].has_notes else ["stream"])


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (
            ["report", "--output", "docs"],
            69,
            "'jinja2' is not installed. pip install 'distributed-ocr-pipeline[local]'",
        ),
        (["show", "a.pdf", "--text", "--output", "docs"], 64, "There are no results in docs."),
    ],
)
def test_only_a_command_that_needs_a_package_fails_without_it(
    folder: Path, command: list[str], code: int, words: str
) -> None:
    without = (
        "import sys; sys.modules['jinja2'] = None; from distributed_ocr_pipeline.main import main; sys.exit(main())"
    )
    shown = subprocess.run(
        [sys.executable, "-c", without, *command], cwd=folder.parent, capture_output=True, text=True, check=False
    )
    assert shown.returncode == code and words in shown.stderr and shown.stderr.count("\n") == 1


# ---- what the command hands on -----------------------------------------------------------------------------------


RESULT = RunResult("r1", make_plan(), None, "output", 1.0)


class Pipeline:
    """`OCRPipeline`, which records what it is given."""

    fault: BaseException | None = None

    def __init__(self, *configurations: Any, output: str, observer: Any) -> None:
        observers.append(observer)
        self.given = [config.model_dump(exclude_unset=True) for config in configurations] + [output]
        calls.append(self.given)

    def run(self, input_prefix: str, **options: Any) -> RunResult:
        self.given += [input_prefix, options]
        if self.fault:
            raise self.fault
        return RESULT


calls: list[list[Any]] = []
observers: list[Observer] = []


@pytest.fixture(name="pipeline")
def fixture_pipeline(monkeypatch: pytest.MonkeyPatch) -> type[Pipeline]:
    monkeypatch.setattr(run_module, "OCRPipeline", Pipeline)
    monkeypatch.setattr(Pipeline, "fault", None)
    calls.clear()
    observers.clear()
    return Pipeline


def test_each_option_goes_where_it_belongs_and_only_if_given(
    pipeline: type[Pipeline], capsys: pytest.CaptureFixture[str]
) -> None:
    del pipeline
    given = "--region eu-west-1 --files-per-job 5 --dpi 200 --words --no-reprocess --output out"
    assert main(["--input-prefix", "docs", *given.split(), "--tesseract-config", '{"psm": 6}']) == 0
    aws = {"region": "eu-west-1", "files_per_job": 5}
    ocr = {"dpi": 200, "words": True, "tesseract_config": {"psm": 6}}
    assert calls == [[aws, ocr, "out", "docs", {"reprocess": False}]]
    assert capsys.readouterr().out.startswith("run r1\n")


def test_a_run_may_be_called_by_its_name(pipeline: type[Pipeline], capsys: pytest.CaptureFixture[str]) -> None:
    del pipeline
    assert main(["run", "--input-prefix", "docs"]) == 0
    assert calls == [[{}, {}, "output", "docs", {}]] and capsys.readouterr().out.startswith("run r1\n")


@pytest.mark.parametrize("fault", [None, UnfinishedRun("2 documents are missing.", RESULT)])
def test_programs_get_the_result_of_a_run_as_json(
    fault: BaseException | None,
    pipeline: type[Pipeline],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "fault", fault)
    assert main(["--input-prefix", "docs", "--json"]) == (65 if fault else 0)
    found = json.loads(capsys.readouterr().out)
    expected = {"run_id": "r1", "output": "output", "seconds": 1.0, "planned": 0, "up_to_date": 0, "report": None}
    assert found == expected


@pytest.mark.parametrize(("given", "variable"), [([], None), ([], ""), (["--ask-above-usd", "5"], None), ([], "5")])
def test_a_dear_run_is_asked_for_where_a_limit_is_set(
    given: list[str], variable: str | None, pipeline: type[Pipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    del pipeline
    monkeypatch.delenv("OCR_ASK_ABOVE_USD", raising=False)
    if variable is not None:
        monkeypatch.setenv("OCR_ASK_ABOVE_USD", variable)
    monkeypatch.setattr(sys, "stdin", StringIO())
    assert main(["--input-prefix", "docs", *given]) == 0
    cost = Range(4, 3, 5.5)
    dear = make_plan(documents=1, estimate=Estimate("ml.t3.xlarge", 1, 1, 5, cost, cost, 0, 0))
    with pytest.raises(BadInput, match="nobody to ask") if given or variable else nullcontext():
        observers[0].approve(dear)


@pytest.mark.parametrize(("chosen", "expected"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_arrow_takes_memory_from_the_system_unless_another_pool_is_chosen(
    chosen: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {} if chosen is None else {"ARROW_DEFAULT_MEMORY_POOL": chosen})
    monkeypatch.setattr(run_module, "run_command", lambda arguments: None)
    assert main(["--input-prefix", "folder"]) == 0
    assert os.environ["ARROW_DEFAULT_MEMORY_POOL"] == expected


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (UnfinishedRun("2 documents are missing.", RESULT), 65, "2 documents are missing."),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (PermissionError(13, "Not for you", "out/runs"), 64, "'out/runs' may not be used: Not for you. Change its"),
        (ZeroDivisionError("by nothing"), 1, "Internal error: ZeroDivisionError: by nothing. Run again with --debug"),
    ],
)
def test_every_end_has_its_exit_status_and_line(
    pipeline: type[Pipeline],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    code: int,
    words: str,
) -> None:
    monkeypatch.setattr(pipeline, "fault", fault)
    assert main(["--input-prefix", "docs"]) == code
    shown = capsys.readouterr()
    assert shown.err.startswith(f"ocr-pipeline: error: {words}") and shown.err.count("\n") == 1
    assert ("run r1" in shown.out) is isinstance(fault, UnfinishedRun)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_end_of_a_terminal_or_service_is_like_ctrl_c_unless_it_is_ignored(
    number: signal.Signals,
    pipeline: type[Pipeline],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def run(*_: Any, **__: Any) -> RunResult:
        signal.raise_signal(number)
        return RESULT

    before = signal.signal(number, signal.SIG_DFL)  # whoever started the tests may have another way
    monkeypatch.setattr(pipeline, "run", run)
    try:
        assert main(["--input-prefix", "docs"]) == 130
        again = command("--input-prefix", str(tmp_path / "docs"), "--output", str(tmp_path / "output"))
        assert capsys.readouterr().err.endswith(f"Interrupted. What is finished is kept; {_REST}: {again}\n")
        assert signal.getsignal(number) is signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN)
        assert main(["--input-prefix", "docs"]) == 0
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    ("given", "again"),
    [
        (
            ["run", "--output=results of 1", "--input-prefix", "my docs", "--json", "--languages", "deu", "--no-words"],
            ["{here}/my docs", "--output", "{here}/results of 1", "--languages=deu", "--no-words", "--json"],
        ),
        (
            ["--input-prefix", "s3://b/in/", "--region", "eu-west-1", "--tesseract-config", '{"psm": 6}'],
            ["s3://b/in/", '--tesseract-config={"psm": 6}', "--region=eu-west-1"],
        ),
    ],
)
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), InterruptedRun("At work.", RESULT)])
def test_what_goes_on_with_an_interrupted_run_can_be_pasted_anywhere(
    given: list[str],
    again: list[str],
    fault: BaseException,
    pipeline: type[Pipeline],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(pipeline, "fault", fault)
    assert main(given) == 130
    words = [word.replace("{here}", str(tmp_path)) for word in again]
    assert capsys.readouterr().err.endswith(f"{_REST}: {command('--input-prefix', *words)}\n")


def test_a_run_that_ends_early_takes_its_bar_away_before_it_says_so(
    pipeline: type[Pipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Observer] = []

    def close(observer: TerminalObserver) -> None:
        closed.append(observer)

    monkeypatch.setattr(TerminalObserver, "close", close)
    monkeypatch.setattr(pipeline, "fault", KeyboardInterrupt())
    assert main(["--input-prefix", "docs"]) == 130
    assert closed == observers


def test_a_run_that_goes_on_without_its_command_is_not_to_be_started_again(
    pipeline: type[Pipeline], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    goes_on = InterruptedRun("It goes on.", replace(RESULT, output="s3://results"))
    monkeypatch.setattr(pipeline, "fault", goes_on)
    assert main(["--input-prefix", "s3://b/in/"]) == 130
    assert capsys.readouterr().err == "ocr-pipeline: error: It goes on.\n"


INTERRUPTED = """
import signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Finder())
from distributed_ocr_pipeline.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    "module",
    [
        "argparse",
        "distributed_ocr_pipeline.client",
        "distributed_ocr_pipeline.client.command_line.parsers",
        "distributed_ocr_pipeline.errors",
        "distributed_ocr_pipeline.config",
        "pydantic",
        "distributed_ocr_pipeline.client.commands.run",
        "distributed_ocr_pipeline.client.pipeline",
        "boto3",
    ],
)
def test_ctrl_c_is_one_line_whatever_is_being_loaded(module: str) -> None:
    command_line = [sys.executable, "-c", INTERRUPTED, module, "--input-prefix", "docs"]
    ended = subprocess.run(command_line, capture_output=True, text=True, check=False)
    assert ended.returncode == ExitCode.INTERRUPTED
    assert ended.stderr.startswith("ocr-pipeline: error: Interrupted") and ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "given",
    [
        ["--input-prefix", "~/docs", "--output", "~/out"],
        ["status", "r1", "--output", "~/out"],
        ["list", "~/out"],
        ["export", "~/out", "--format", "text", "--to", "~/to"],
        ["report", "~/out", "--file", "~/report.html"],
        ["show", "~/docs/a.pdf", "--output", "~/out"],
        ["logs", "~/out"],
        ["retry", "~/out"],
        ["doctor", "--output", "~/out"],
        ["estimate", "~/docs"],
    ],
)
def test_a_tilde_in_quotes_is_the_home_folder(
    given: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = folder.parent / "home"
    write_run(home / "out", "r1", outcome("a"))
    (home / "docs").mkdir()
    monkeypatch.setenv("HOME", str(home))
    main([*given, *([] if given[0] != "--input-prefix" else ["--languages", "xyz"])])
    shown = capsys.readouterr()
    assert "~" not in shown.out + shown.err and not (folder.parent / "~").exists()
    assert {path.name for path in folder.parent.iterdir()} == {"docs", "home"}


def test_who_reads_no_further_is_no_fault(folder: Path) -> None:
    command = [sys.executable, "-m", "distributed_ocr_pipeline.main", "estimate", str(folder), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", ExitCode.OK)


@pytest.mark.parametrize("arguments", [["--help"], ["show", "a", "--text", "--output", "results"]])
def test_letters_that_the_terminal_does_not_know_are_no_fault(arguments: list[str], tmp_path: Path) -> None:
    write_run(tmp_path / "results", "r1", outcome("a"), texts={"a": "Grüße … "})
    ended = subprocess.run(
        [sys.executable, "-m", "distributed_ocr_pipeline.main", *arguments],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"") and b"\\u2026" in ended.stdout


def test_an_option_is_not_guessed_from_its_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--input-prefix", "docs", "--output-typ", "image"])
    assert "unrecognized arguments: --output-typ image" in capsys.readouterr().err

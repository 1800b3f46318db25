"""The picture of a run in a terminal: what its script draws of what commands printed, and what they print today."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not
import io
import re
import sys
from pathlib import Path

import pytest
from scripts.terminal_picture import COMMANDS, FOLDER, PICTURE, PRINTED, PROMPT, WIDTH, draw

from distributed_ocr_pipeline.client.results import RunResult
from distributed_ocr_pipeline.client.terminal import TerminalObserver, print_result
from tests.support.plans import make_plan

TEXT = PRINTED.read_text(encoding="utf-8")
RUN = TEXT.split(PROMPT)[1]


def numbers(pattern: str) -> dict[str, int]:
    """The numbers of the rows whose names match."""
    return {name: int(value) for name, value in re.findall(rf"^{pattern} +(\d+)$", RUN, re.MULTILINE)}


def test_the_stored_picture_is_what_the_script_draws() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(TEXT)
    assert draw(TEXT.replace("documents planned", "documents", 1)) != draw(TEXT)


def test_it_asks_no_server_for_anything_and_holds_all_that_was_printed() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert "url(http" not in picture and "@font-face" not in picture
    assert max(map(len, TEXT.splitlines())) <= WIDTH
    assert [line for line in TEXT.splitlines() if line.startswith(PROMPT)] == [PROMPT + line for line in COMMANDS]


def test_a_run_prints_today_what_it_printed_for_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))  # so that the program is called by its name
    [run_id] = set(re.findall(r"^run (\S+)$", RUN, re.MULTILINE))
    [seconds] = re.findall(r"^seconds +([\d.]+)$", RUN, re.MULTILINE)
    [(size, up_to_date)] = re.findall(r"documents \((.*) KB\) in 1 shard; (\d+) up to date", RUN)
    statuses = {name: count for name, count in numbers(r"  (\w+)").items() if name != "pages"}
    plan = make_plan(
        documents=numbers("(documents planned)")["documents planned"],
        size_bytes=round(1000 * float(size)),
        shards=1,
        up_to_date=int(up_to_date),
    )
    report = {
        "documents_by_status": statuses,
        "documents_by_error_class": numbers(r"    (\w+)"),
        "pages": numbers(r"  pages (\w+)") | {"total": numbers("(pages)")["pages"]},
        "outputs": numbers(r"files (\w+)"),
    }
    stream = io.StringIO()
    observer = TerminalObserver(stream)
    observer.started(run_id, f"{FOLDER}/output")
    observer.planned(plan)
    print_result(RunResult(run_id, plan, report, "output", float(seconds)), stream)
    printed = stream.getvalue().splitlines()
    assert RUN.splitlines()[1:3] == printed[:2]
    assert RUN.splitlines()[-len(printed[2:]) :] == printed[2:]

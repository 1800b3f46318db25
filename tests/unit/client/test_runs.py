"""`Runs` and `RunResult`: what the commands do, from Python; documents that two runs read are there once."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from distributed_ocr_pipeline import Runs
from distributed_ocr_pipeline.client.exports.exporting import ExportedFile
from distributed_ocr_pipeline.client.results import RunResult
from distributed_ocr_pipeline.errors import BadInput, NotDeployed
from distributed_ocr_pipeline.records import DocumentResult
from tests.support.plans import make_plan
from tests.support.runs import outcome, write_run

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


def read(document_id: str, minute: int, pages: int) -> DocumentResult:
    return replace(outcome(document_id, minute, pages=pages), pages_succeeded=pages)


@pytest.fixture(name="output")
def fixture_output(tmp_path: Path) -> Path:
    """Document a was read by two runs, b by the first, c by the second."""
    output = tmp_path / "output"
    write_run(output, "r1", read("a", 0, 2), read("b", 0, 1), words=True)
    write_run(output, "r2", read("a", 1, 2), outcome("c", 1, "failed", pages=0), words=True)
    for run_id in ("r1", "r2"):
        (output / "runs" / run_id).mkdir(parents=True)
    return output


def keys(table: pa.Table | pa.RecordBatch) -> list[tuple[str, str]]:
    return sorted((row["run_id"], row["document_id"]) for row in table.to_pylist())


def test_tables_and_their_batches_have_the_current_rows_alone(output: Path) -> None:
    runs = Runs(output)
    assert keys(runs.documents()) == [("r1", "b"), ("r2", "a"), ("r2", "c")]
    assert keys(runs.pages()) == [("r1", "b"), ("r2", "a"), ("r2", "a")]
    assert pa.Table.from_batches(runs.document_batches()).sort_by("document_id") == runs.documents().sort_by(
        "document_id"
    )
    assert sorted(key for batch in runs.page_batches() for key in keys(batch)) == keys(runs.pages())
    assert {name for batch in runs.page_batches("text") for name in batch.schema.names} == {"text"}


def test_documents_are_found_by_what_became_of_them(output: Path) -> None:
    (found,) = Runs(output).find(status="failed").documents
    assert (found.document_id, found.run_id) == ("c", "r2")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda runs: runs.find(status="nonsense"), "There is no status 'nonsense'. Choose of: succeeded, "),
        (lambda runs: runs.find(error_class="nonsense"), "There is no error class 'nonsense'"),
        (lambda runs: runs.find(below_confidence=101), "The confidence 101 is not"),
        (lambda runs: runs.retry(error_class="nonsense"), "There is no error class 'nonsense'"),
        (lambda runs: runs.export(), "No format is named"),
        (lambda runs: runs.export("text", "docx"), "There is no format 'docx'. Choose of: searchable_pdf, "),
        (lambda runs: runs.page_batches("nonsense"), "There is no column 'nonsense'"),
    ],
)
def test_what_there_is_not_is_refused_at_the_call(ask: Callable[[Runs], object], words: str, output: Path) -> None:
    with pytest.raises(BadInput, match=words):
        ask(Runs(output))


def test_files_are_made_of_all_runs_or_of_one(output: Path, tmp_path: Path) -> None:
    def made(found: Iterable[ExportedFile]) -> list[str]:
        files = [file for file in found if not file.failure and file.path.is_file()]
        return sorted(file.path.relative_to(tmp_path / "to").as_posix() for file in files)

    everything = ["outputs/run_id=r1/b.pdf.txt", "outputs/run_id=r2/a.pdf.txt"]
    assert made(Runs(output).export("text", "text", to=tmp_path / "to")) == everything
    assert not list(RunResult("r3", make_plan(documents=0), None, str(output), 1.0).export("text"))
    with pytest.raises(BadInput, match="no format 'docx'"):
        RunResult("r3", make_plan(documents=0), None, str(output), 1.0).export("docx")  # type: ignore[arg-type]
    result = RunResult("r1", make_plan(documents=2), None, str(output), 1.0)
    assert made(result.export("text", to=tmp_path / "to", overwrite=True)) == everything[:1]
    assert [file.path for file in result.export("jsonl") if file.path.is_file()] == [
        output / "outputs/run_id=r1/b.pdf.jsonl"
    ]
    assert sorted(key for batch in result.page_batches() for key in keys(batch)) == keys(result.pages())


def test_how_runs_stand_and_what_they_did(output: Path, tmp_path: Path) -> None:
    runs = Runs(output)
    assert {status.run_id for status in runs.latest()} == {"r1", "r2"} and len(runs.latest(1)) == 1
    assert runs.status("r1").documents == {"succeeded": 2}
    assert runs.report("r2", tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!")
    with pytest.raises(BadInput, match="no run 'r3'"):
        runs.status("r3")


def test_runs_on_this_machine_have_no_logs_and_are_stopped_otherwise(output: Path) -> None:
    with pytest.raises(NotDeployed, match="is a folder"):
        Runs(output).stop("r1")
    with pytest.raises(NotDeployed, match="is a folder"):
        next(Runs(output).logs("r1"))


def test_the_readmes_readers_count_no_document_twice(output: Path) -> None:
    reading = README.partition("## What comes out")[2].partition("\n## ")[0]
    first, second = re.findall(r"```python\n(.*?)```", reading, re.DOTALL)
    (query,) = re.findall(r"```sql\n(.*?)```", reading, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", first], cwd=output.parent, capture_output=True, check=True, text=True
    ).stdout.splitlines()
    assert done[0].count("page_number") == 3 and sum(map(int, done[1:])) == 3
    assert 'Runs("output").documents()' in second
    with duckdb.connect() as connection:
        connection.execute(f"set file_search_path = '{output.parent}'")
        assert len(connection.execute(query).fetchall()) == 3

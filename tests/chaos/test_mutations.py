"""Thousands of damaged documents go through the worker into the tables: each ends in one row, whatever is in it.

`OCR_MUTATIONS` says how many there are, `OCR_MUTATIONS_SEED` which. A file that breaks a claim is named, and kept in
the test's folder.
"""

import os
import resource
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr import Stop, process_documents
from distributed_ocr_pipeline.ocr.processes.guardian import guardian
from distributed_ocr_pipeline.records import Document, DocumentResult, DocumentStatus, PageChunk, PageResult, PageStatus
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables
from tests.support.mutations import write_mutants

NUMBER = int(os.environ.get("OCR_MUTATIONS", "200"))
SEED = int(os.environ.get("OCR_MUTATIONS_SEED", "1"))
OPTIONS = RunOptions(
    input_prefix="s3://mutants/all/",
    words=True,
    dpi=100,
    page_timeout_seconds=10,
    document_timeout_seconds=20,
    engine_memory_mb=1024,
    max_page_pixels=4_000_000,
)
SLACK_SECONDS = 5.0
MOST_MEMORY_MB = 200  # that reading may add to what this process had before
_NOT_WELL = ("partial", "failed", "skipped")
Keep = Callable[[Iterable[str]], str]


@dataclass
class Outcome:
    """What the worker made of all files, and what it left behind."""

    folder: Path
    files: list[str]
    ledger: list[DocumentResult] = field(default_factory=list)
    chunks: dict[str, list[PageChunk]] = field(default_factory=lambda: defaultdict(list))  # by document
    waits: dict[str, float] = field(default_factory=dict)  # seconds from the row before to this document's
    left_files: list[str] = field(default_factory=list)
    left_processes: list[str] = field(default_factory=list)
    more_open_files: int = 0
    more_memory_mb: float = 0.0

    def pages(self, name: str) -> list[PageResult]:
        """A document's pages, as they came."""
        return [page for chunk in self.chunks[name] for page in chunk.pages]

    def rows(self) -> Iterator[tuple[str, DocumentResult | PageResult]]:
        """Every row of both tables, with its document."""
        for result in self.ledger:
            name = result.document.document_id
            yield name, result
            yield from ((name, page) for page in self.pages(name))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    folder = tmp_path_factory.mktemp("mutants")
    for name in ("documents", "temporary", "scratch"):
        (folder / name).mkdir()
    paths = write_mutants(folder / "documents", NUMBER, SEED)
    found = Outcome(folder / "documents", [path.name for path in paths])
    guardian()  # a process's one, which stays as long as it does
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder / "temporary"))  # for the programs, which also are known by it
        _measure(folder, paths, found)
    yield found
    shutil.rmtree(folder)


def _measure(folder: Path, paths: list[Path], found: Outcome) -> None:
    memory, open_files = _peak_memory_mb(), _open_files()
    _process(folder, paths, found)
    found.more_memory_mb, found.more_open_files = _peak_memory_mb() - memory, _open_files() - open_files
    found.left_files = [str(path) for name in ("scratch", "temporary") for path in (folder / name).rglob("*")]
    found.left_processes = _processes_with("TMPDIR", str(folder / "temporary"))


def _process(folder: Path, paths: list[Path], found: Outcome) -> None:
    sources = [(Document(path.name, str(path), path.name, "", path.stat().st_size), path) for path in paths]
    last = time.monotonic()
    for item in process_documents(sources, OPTIONS, scratch=folder / "scratch", images=None, stop=Stop(), workers=2):
        name = item.document.document_id
        if isinstance(item, PageChunk):
            found.chunks[name].append(item)
        else:
            found.ledger.append(item)
            found.waits[name], last = time.monotonic() - last, time.monotonic()


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024


def _open_files() -> int:
    return psutil.Process().num_fds()


def _processes_with(variable: str, value: str) -> list[str]:
    """Processes that run with this in their environment, wherever they have been adopted."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(variable) == value:
                found.append(f"{process.pid} {process.cmdline()}")
        except psutil.Error:  # ended meanwhile, or not ours
            continue
    return found


@pytest.fixture
def keep(outcome: Outcome, tmp_path: Path) -> Keep:
    """Copies files that break a claim to where they outlast the test; says so."""

    def kept(names: Iterable[str]) -> str:
        culprits = [name for name in dict.fromkeys(names) if name in outcome.files]
        for name in culprits:
            shutil.copy(outcome.folder / name, tmp_path / name)
        return f"seed {SEED}: {', '.join(culprits)}; kept in {tmp_path}"

    return kept


def test_every_file_has_exactly_one_row_in_the_order_they_came(outcome: Outcome, keep: Keep) -> None:
    rows = [result.document.document_id for result in outcome.ledger]
    wrong = [name for name in outcome.files if rows.count(name) != 1]
    assert not wrong, keep(wrong)
    assert rows == outcome.files
    assert len(rows) == NUMBER


def test_nothing_is_a_fault_of_ours(outcome: Outcome, keep: Keep) -> None:
    wrong = {name: row.error_message for name, row in outcome.rows() if row.error_class is ErrorClass.INTERNAL}
    assert not wrong, f"{set(wrong.values())} {keep(wrong)}"


def test_the_ledger_counts_the_pages_that_are_there(outcome: Outcome, keep: Keep) -> None:
    wrong = [
        result.document.document_id
        for result in outcome.ledger
        if _counted(result) != Counter(page.status for page in outcome.pages(result.document.document_id))
    ]
    assert not wrong, keep(wrong)


def _counted(result: DocumentResult) -> Counter[PageStatus]:
    return Counter(
        {
            PageStatus.SUCCEEDED: result.pages_succeeded,
            PageStatus.FAILED: result.pages_failed,
            PageStatus.BLANK: result.pages_blank,
        }
    )


def test_what_could_be_opened_has_a_row_for_every_page(outcome: Outcome, keep: Keep) -> None:
    wrong = []
    for result in outcome.ledger:
        pages = outcome.pages(result.document.document_id)
        if [page.page_number for page in pages] != list(range(1, result.page_count + 1)):
            wrong.append(result.document.document_id)
    assert not wrong, keep(wrong)


def test_a_status_fits_what_became_of_the_pages(outcome: Outcome, keep: Keep) -> None:
    wrong = [result.document.document_id for result in outcome.ledger if result.status is not _status(result)]
    assert not wrong, keep(wrong)


def _status(result: DocumentResult) -> DocumentStatus:
    """What it must be by the counts."""
    if result.error_class is ErrorClass.UNSUPPORTED_TYPE:
        return DocumentStatus.SKIPPED
    if result.page_count in (0, result.pages_failed):
        return DocumentStatus.FAILED
    return DocumentStatus.PARTIAL if result.pages_failed else DocumentStatus.SUCCEEDED


def test_what_failed_says_why_and_nothing_else_does(outcome: Outcome, keep: Keep) -> None:
    wrong = [
        name
        for name, row in outcome.rows()
        if (row.error_class is not None and row.error_message != "") != (row.status.value in _NOT_WELL)
    ]
    assert not wrong, keep(wrong)


def test_no_file_takes_longer_than_a_document_may(outcome: Outcome, keep: Keep) -> None:
    most = OPTIONS.document_timeout_seconds + SLACK_SECONDS
    wrong = {r.document.document_id: r.duration_ms for r in outcome.ledger if r.duration_ms > most * 1000}
    assert not wrong, f"{wrong} {keep(wrong)}"


def test_no_file_holds_up_the_next_for_longer_than_a_document_may(outcome: Outcome, keep: Keep) -> None:
    most = OPTIONS.page_timeout_seconds + OPTIONS.document_timeout_seconds + SLACK_SECONDS  # to open it, to read it
    wrong = {name: seconds for name, seconds in outcome.waits.items() if seconds > most}
    assert not wrong, f"{wrong} {keep(wrong)}"


def test_all_of_it_fits_into_the_tables(outcome: Outcome, keep: Keep, tmp_path: Path) -> None:
    if not _fits(outcome, outcome.ledger, tmp_path):
        pytest.fail(keep(r.document.document_id for r in outcome.ledger if not _fits(outcome, [r], tmp_path)))
    assert _rows_of(tmp_path / "documents") == NUMBER
    assert _rows_of(tmp_path / "pages") == sum(len(outcome.pages(name)) for name in outcome.files)


def _fits(outcome: Outcome, results: Iterable[DocumentResult], folder: Path) -> bool:
    """Write these documents' rows as a shard does."""
    info = ShardInfo("run", "shard", "mutants", "pytesseract", "", OPTIONS.fingerprint)
    places = {name: folder / name for name in ("scratch", "pages", "documents")}
    try:
        with ShardTables(info, OPTIONS, **places) as tables:
            for result in results:
                for chunk in outcome.chunks[result.document.document_id]:
                    tables.add_pages(chunk)
                tables.add_document(result)
    except (pa.ArrowException, ValueError, OverflowError, TypeError):
        return False
    return True


def _rows_of(folder: Path) -> int:
    return int(pq.read_metadata(folder / "shard.parquet").num_rows)


def test_no_scratch_file_is_left(outcome: Outcome) -> None:
    assert not outcome.left_files


def test_no_process_is_left(outcome: Outcome) -> None:
    assert not outcome.left_processes


def test_no_file_stays_open(outcome: Outcome) -> None:
    assert outcome.more_open_files <= 0


def test_the_worker_stays_small(outcome: Outcome) -> None:
    assert outcome.more_memory_mb < MOST_MEMORY_MB

"""The worker by itself, as SageMaker runs it: whatever ends it early, its numbers add up and nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.records import Document
from tests.support.documents import document_id_of, format_documents
from tests.support.programs import misbehaving_path
from tests.support.workplace import paper

PROJECT = Path(__file__).parents[2]
END_SECONDS = 60
Outcomes = dict[str, tuple[str, str | None]]


class Job:
    """A processing job's folder, and the process that works in it."""

    def __init__(self, folder: Path, names: Sequence[str], **options: object) -> None:
        self.root = folder / "ml"
        self.scratch = folder / "tmp"
        self.started: list["subprocess.Popen[bytes]"] = []
        self.scratch.mkdir()
        self.environ = {
            "PATH": misbehaving_path(folder),
            "OCR_ML_ROOT": str(self.root),
            "OCR_RUN_ID": "run",
            "OCR_SHARD_ID": "s00000",
            "OCR_OUTPUT_BUCKET": "bucket",
            "TMPDIR": str(self.scratch),
        }
        self._lay_out(names, options)

    def _lay_out(self, names: Sequence[str], options: dict[str, object]) -> None:
        inputs = self.root / "processing" / "input"
        for name in ("documents", "shard", "run"):
            (inputs / name).mkdir(parents=True)
        documents = []
        for name in names:
            path = inputs / "documents" / name
            path.write_bytes(paper(name))
            uri = f"s3://bucket/in/{name}"
            documents.append(Document(document_id_of(uri), uri, f"in/{name}", "etag", path.stat().st_size))
        (inputs / "shard" / "documents.jsonl").write_text(format_documents(documents))
        (inputs / "run" / "run.json").write_text(json.dumps({"input_prefix": "s3://bucket/in/", **options}))

    def start(self, *before: str, **environ: str) -> "subprocess.Popen[bytes]":
        """`before` is what starts the command, such as a shell that prepares a file system."""
        command = [*before, sys.executable, str(PROJECT / "job_scripts" / "process_shard.py")]
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # the fixture ends it
            command, env=self.environ | environ, stderr=subprocess.DEVNULL
        )
        self.started.append(process)
        return process

    def outcomes(self) -> Outcomes:
        """The ledger."""
        rows = pq.read_table(self.root / "processing/output/documents/s00000.parquet").to_pylist()
        assert len({row["document_id"] for row in rows}) == len(rows)
        return {row["source_uri"].rpartition("/")[2]: (row["status"], row["error_class"]) for row in rows}

    def pages(self) -> int:
        """Rows of the pages table."""
        return int(pq.read_table(self.root / "processing/output/pages/s00000.parquet").num_rows)

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Until something is so."""
        end = time.monotonic() + END_SECONDS
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)


def descendants(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def working_on(process: "subprocess.Popen[bytes]", name: str) -> list[psutil.Process]:
    """Programs that have a document of this name open."""
    found = []
    for child in descendants(process):
        try:
            if any(name in argument for argument in child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


MakeJob = Callable[..., Job]


@pytest.fixture(name="make_job")
def fixture_make_job(tmp_path: Path) -> Iterator[MakeJob]:
    """Make the test's one job; no process of it outlives it."""
    jobs: list[Job] = []

    def make(names: Sequence[str], **options: object) -> Job:
        jobs.append(Job(tmp_path, names, **options))
        return jobs[-1]

    yield make
    for process in jobs[0].started:
        process.kill()
        process.wait()
    left = [found for found in psutil.process_iter() if _scratch_of(found) == str(jobs[0].scratch)]
    assert not psutil.wait_procs(left, timeout=20)[1]  # one whose parent has ended needs a moment to see it


def _scratch_of(process: psutil.Process) -> str | None:
    """The TMPDIR of a process: programs that the worker starts have it from the worker."""
    try:
        return process.environ().get("TMPDIR")
    except psutil.Error:
        return None


def finish(process: "subprocess.Popen[bytes]") -> int:
    return process.wait(END_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_defers_what_is_not_done_and_the_job_succeeds(make_job: MakeJob, number: signal.Signals) -> None:
    job = make_job(["a.pdf", "hang.pdf"])
    process = job.start()
    job.wait_for(lambda: working_on(process, "hang.pdf"))
    process.send_signal(number)
    assert finish(process) == 0
    outcomes = job.outcomes()
    assert outcomes["hang.pdf"] == ("deferred", None) and outcomes["a.pdf"][0] in ("succeeded", "deferred")
    assert job.pages() == (outcomes["a.pdf"][0] == "succeeded")
    assert not list(job.scratch.iterdir())


def test_its_own_deadline_comes_before_that_of_the_job(make_job: MakeJob) -> None:
    job = make_job(["a.pdf", "hang.pdf"])
    assert finish(job.start(OCR_MAX_RUNTIME_SECONDS="5")) == 0
    assert job.outcomes()["hang.pdf"] == ("deferred", None)


def test_a_killed_helper_costs_its_page_at_most(make_job: MakeJob) -> None:
    job = make_job(["a.pdf", "stall.pdf"], text_layer="ignore", page_timeout_seconds=60)
    process = job.start()
    job.wait_for(lambda: working_on(process, "600"))  # it stalls by sleeping so long
    for program in working_on(process, "stall.pdf"):
        program.kill()
    assert finish(process) == 0
    assert job.outcomes() == {"a.pdf": ("succeeded", None), "stall.pdf": ("failed", "out_of_memory")}


def test_alone_a_document_that_kills_its_worker_is_a_row_and_the_others_are_not_touched(make_job: MakeJob) -> None:
    job = make_job(["a.pdf", "poison.pdf", "z.pdf"])
    assert finish(job.start()) != 0
    assert finish(job.start(OCR_ATTEMPT="3")) == 0
    done = ("succeeded", None)
    assert job.outcomes() == {"a.pdf": done, "poison.pdf": ("failed", "out_of_memory"), "z.pdf": done}
    rows = pq.read_table(job.root / "processing/output/documents/s00000.parquet").to_pylist()
    assert {row["source_uri"].rpartition("/")[2]: row["attempts"] for row in rows} == {
        "a.pdf": 1,
        "poison.pdf": 3,
        "z.pdf": 1,
    }


def test_alone_a_document_whose_worker_is_killed_leaves_no_program_behind(make_job: MakeJob) -> None:
    job = make_job(["hang.pdf"])
    process = job.start(OCR_ATTEMPT="3")
    job.wait_for(lambda: working_on(process, "hang.pdf"))
    [worker] = [child for child in descendants(process) if "spawn_main" in " ".join(child.cmdline())]
    worker.kill()
    assert finish(process) == 0
    assert job.outcomes() == {"hang.pdf": ("failed", "out_of_memory")}
    assert not list(job.scratch.iterdir())


def test_alone_a_signal_defers_what_is_not_done(make_job: MakeJob) -> None:
    job = make_job(["hang.pdf", "hang-too.pdf"])
    process = job.start(OCR_ATTEMPT="3")
    job.wait_for(lambda: working_on(process, "hang"))
    process.terminate()
    assert finish(process) == 0
    assert job.outcomes() == dict.fromkeys(("hang.pdf", "hang-too.pdf"), ("deferred", None))


def _disk(job: Job, megabytes: int) -> list[str]:
    """A command before the worker's that gives it a small disk of its own for scratch."""
    script = f'mount -t tmpfs -o size={megabytes}m none "{job.scratch}" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh"]


def _can_mount() -> bool:
    probe = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return sys.platform == "linux" and os.getuid() == 0 and subprocess.run(probe, check=False).returncode == 0


needs_mount = pytest.mark.skipif(not _can_mount(), reason="Only root on Linux can make a small disk.")


@needs_mount
def test_a_full_disk_defers_and_blames_no_document(make_job: MakeJob) -> None:
    job = make_job(["a.pdf", "b.pdf"], text_layer="ignore")
    assert finish(job.start(*_disk(job, 60))) == 0
    assert job.outcomes() == dict.fromkeys(("a.pdf", "b.pdf"), ("deferred", None))


@needs_mount
def test_a_page_that_no_such_disk_can_hold_is_too_large(make_job: MakeJob) -> None:
    job = make_job(["a.pdf"], text_layer="ignore")
    assert finish(job.start(*_disk(job, 72))) == 0
    assert job.outcomes() == {"a.pdf": ("failed", "too_large")}

"""What a run on a folder costs beyond reading: `python -m benchmarks.local`, part by part.

    small     one-page PDFs of 8 KB with a text layer: CPU beside `pdftotext` called once a file, and what of it is not
              of the jobs that read, but listing, plan, ledger and report; time to the first document, memory of all
              processes together, open files of the one that has most
    large     20 GB of scans, sparse: what of the disk is taken beyond the results

Each part prints its figures beside the project's limits and fails if one is missed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import psutil
import pyarrow.compute as pc
import pyarrow.dataset as ds
from fpdf import FPDF
from PIL import Image

_MARK, _LINES = "#######", 72
_SAMPLE_FILES = 500
_LARGE_BYTES, _LARGE_FILES = 512 * 1024**2, 40
_SHARD_BYTES = 8 * 1024**3
_PULSE_SECONDS = 0.25
_MEGABYTE = 1_000_000


@dataclass
class Used:
    """What a command and its descendants used: seconds, CPU seconds; peaks of bytes and of open files."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    memory_of: dict[str, int] = field(default_factory=dict)  # at that peak, bytes by what the processes are
    open_files: int = 0
    disk_bytes: int = 0
    first_page_seconds: float = 0.0
    reading: dict[int, float] = field(default_factory=dict)  # CPU seconds of the jobs that read, by process id

    @property
    def other_cpu_seconds(self) -> float:
        """CPU seconds of everything but reading, the start of the run included."""
        return self.cpu_seconds - sum(self.reading.values())

    @property
    def parts_of_memory(self) -> str:
        """Whose memory it was at the peak."""
        return ", ".join(f"{name} {taken / _MEGABYTE:.0f}" for name, taken in sorted(self.memory_of.items()))


def main() -> int:
    """Run the chosen parts; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("small", "large"), action="append", help="default: both")
    parser.add_argument("--documents", type=int, default=100_000, help="of the part `small`")
    options = parser.parse_args()
    held = True
    with tempfile.TemporaryDirectory(prefix="bench-local-") as folder:
        if "small" in (options.part or ("small",)):
            held &= measure_small(Path(folder, "small"), options.documents)
        if "large" in (options.part or ("large",)):
            held &= measure_large(Path(folder, "large"))
    return 0 if held else 1


def measure_small(folder: Path, documents: int) -> bool:
    """Many small PDFs; returns whether all limits hold."""
    (folder / "docs").mkdir(parents=True)
    for number in range(documents):
        (folder / f"docs/{number % 100:02}").mkdir(exist_ok=True)
        (folder / f"docs/{number % 100:02}/{number:07}.pdf").write_bytes(small_pdf(number))
    used = run_over(folder)
    plain = documents * plain_cpu_seconds(folder / "docs")
    print(
        f"{documents} PDFs of one page: {used.seconds:.0f} s, {1000 * used.cpu_seconds / documents:.2f} ms of CPU each"
    )
    return all(
        [
            holds("CPU, times that of pdftotext", used.cpu_seconds / plain, 3),
            holds("ms of CPU each, beyond reading", 1000 * used.other_cpu_seconds / documents, 3),
            holds(f"peak memory, MB ({used.parts_of_memory})", used.memory_bytes / _MEGABYTE, 400),
            holds("open files of one process", used.open_files, 256),
            holds("seconds to the first document", used.first_page_seconds, 10),
        ]
    )


def measure_large(folder: Path) -> bool:
    """20 GB that are mostly holes; returns whether the limit holds."""
    (folder / "docs").mkdir(parents=True)
    for number in range(_LARGE_FILES):
        write_sparse(folder / f"docs/{number}.tif")
    used = run_over(folder)
    print(f"{_LARGE_FILES * _LARGE_BYTES / 1e9:.0f} GB in {_LARGE_FILES} scans: {used.seconds:.0f} s")
    return holds("disk beyond results, times the largest shard", used.disk_bytes / _SHARD_BYTES, 2)


def holds(what: str, found: float, limit: float) -> bool:
    """Print a figure beside its limit."""
    print(f"  {what:<48}{found:>10.2f}   limit {limit}")
    return found < limit


@cache
def _template() -> bytes:
    """One page of text, 8 KB; `_MARK` stands on every line."""
    pdf = FPDF()
    pdf.set_compression(False)
    pdf.add_page()
    pdf.set_font("helvetica", size=7)
    for row in range(_LINES):
        pdf.cell(
            0,
            3.2,
            f"Every line of page {_MARK} says which page it is, and which line: {row:03}.",
            new_x="LEFT",
            new_y="NEXT",
        )
    return bytes(pdf.output())


def small_pdf(number: int) -> bytes:
    """One page of text, 8 KB, that no other number has."""
    return _template().replace(_MARK.encode(), f"{number:0{len(_MARK)}}".encode())


def write_sparse(path: Path) -> None:
    """A blank scan with a hole after it, which no decoder looks at."""
    Image.new("L", (850, 1100), 255).save(path, "TIFF")
    with path.open("ab") as file:
        file.truncate(_LARGE_BYTES)


def plain_cpu_seconds(folder: Path) -> float:
    """CPU seconds of `pdftotext` for one file, by calling it on some of them."""
    files = [str(path) for path in sorted(folder.rglob("*.pdf"))[:_SAMPLE_FILES]]
    before = os.times()
    for file in files:
        subprocess.run(["pdftotext", file, os.devnull], check=True)
    after = os.times()
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return children / len(files)


def run_over(folder: Path) -> Used:
    """A run over `docs` of a folder, all defaults."""
    scratch = folder / "tmp"
    scratch.mkdir()
    command = ["ocr-pipeline", "--input-prefix", str(folder / "docs"), "--output", str(folder / "output")]
    program = Path(sys.executable).with_name(command[0])
    used, begun, started_at = Used(), time.monotonic(), datetime.now(timezone.utc)
    process = subprocess.Popen(  # pylint: disable=consider-using-with  # wait4 reaps it, for its resource usage
        [str(program), *command[1:]], env=os.environ | {"TMPDIR": str(scratch)}
    )
    with sampling(lambda: sample(process.pid, scratch, used)):
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"The run ended with {process.returncode}.")
    used.seconds, used.cpu_seconds = time.monotonic() - begun, usage.ru_utime + usage.ru_stime
    used.first_page_seconds = (first_result(folder / "output") - started_at).total_seconds()
    shutil.rmtree(folder / "output")
    return used


def first_result(output: Path) -> datetime:
    """When the first document was done."""
    ledger = ds.dataset(output / "documents", partitioning="hive").to_table(columns=["processed_at"])
    first: datetime = pc.min(ledger["processed_at"]).as_py()
    return first


@contextmanager
def sampling(look: Callable[[], None]) -> Iterator[None]:
    """Look again and again while the body runs."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(_PULSE_SECONDS):
            look()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def sample(pid: int, scratch: Path, used: Used) -> None:
    """Note what a process, its descendants and their scratch folder have now, where it is more than before."""
    memory: Counter[str] = Counter()
    for process in family(pid):
        try:
            if _is_being_started(process):
                continue
            memory[_part(process)] += process.memory_full_info().pss
            used.open_files = max(used.open_files, process.num_fds())
            if _reads(process):
                used.reading[process.pid] = max(used.reading.get(process.pid, 0.0), cpu_seconds_of(process))
        except psutil.Error:
            continue
    if memory.total() > used.memory_bytes:
        used.memory_bytes, used.memory_of = memory.total(), dict(memory)
    used.disk_bytes = max(used.disk_bytes, disk_bytes(scratch))


def _is_being_started(process: psutil.Process) -> bool:
    """Whether a process has not begun its own program yet: until then, all its memory is its parent's (`vfork`)."""
    parent = process.parent()
    return parent is not None and process.cmdline() == parent.cmdline()


def _part(process: psutil.Process) -> str:
    """What a process is."""
    command = " ".join(process.cmdline())
    parts = {
        "local serve": "environment",
        "local plan": "plan",
        "local store-plan": "plan",
        "/ocr-pipeline": "command line",
    }
    return next((name for words, name in parts.items() if words in command), "jobs")


def _reads(process: psutil.Process) -> bool:
    """Whether it is a job that reads documents; what supervises one has its command further behind."""
    return any(Path(word).name == "process_shard.py" for word in process.cmdline()[1:2])


def cpu_seconds_of(process: psutil.Process) -> float:
    """Of a process, its descendants, and those of them that have ended."""
    return sum(sum(one.cpu_times()[:4]) for one in family(process.pid))


def family(pid: int) -> list[psutil.Process]:
    """A process and its descendants; none if it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def disk_bytes(folder: Path) -> int:
    """What a folder takes of the disk; a file that has another name elsewhere takes nothing."""
    taken = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(parent, name))
            except FileNotFoundError:
                continue
            taken += 512 * status.st_blocks if status.st_nlink == 1 else 0
    return taken


if __name__ == "__main__":
    sys.exit(main())

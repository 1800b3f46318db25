"""Runs on a folder whose files are odd, or whose output folder becomes full or read-only: each costs what it must."""

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.documents import stamped_pdf
from tests.support.local_runs import (
    SECONDS,
    WITHOUT_ROOTS_RIGHTS,
    begun,
    finish,
    finished,
    ledger,
    require_complete,
    wait_for,
)
from tests.support.workplace import paper

DISK_BYTES = 80 * 1024 * 1024


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.pdf").write_bytes(paper(str(number)))
    return folder


@pytest.fixture(name="disk")
def fixture_disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk that is the output folder."""
    disk = tmp_path / "output"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk, where the system allows it")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


class Fault(NamedTuple):
    """What becomes of an output folder while a run is at work, how it passes, and what the run says of it."""

    begin: Callable[[Path], None]
    end: Callable[[Path], None]
    words: str


def fill(disk: Path) -> None:
    try:
        with (disk / "ballast").open("wb") as ballast:
            while True:
                ballast.write(bytes(4096))
                ballast.flush()
    except OSError:
        pass


def make_room(disk: Path) -> None:
    (disk / "ballast").unlink()


def forbid(output: Path) -> None:
    subprocess.run(["chmod", "-R", "a-w", str(output)], check=True)


def allow(output: Path) -> None:
    subprocess.run(["chmod", "-R", "u+w", str(output)], check=True)


FAULTS = [
    pytest.param(Fault(fill, make_room, "Make room"), id="full"),
    pytest.param(Fault(forbid, allow, "Permission denied. Change its permissions"), id="read-only"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_output_folder_that_takes_nothing_any_more_ends_a_run_and_the_next_completes_it(
    fault: Fault, folder: Path, disk: Path
) -> None:
    with begun(folder, "--output-type", "both", before=WITHOUT_ROOTS_RIGHTS) as process:
        wait_for(folder, 2)
        fault.begin(disk)
        shown, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 65 and fault.words in shown, shown
    assert finished(folder) == 2
    fault.end(disk)
    ended = finish(folder, "--output-type", "both", before=WITHOUT_ROOTS_RIGHTS)
    assert ended.returncode == 0 and "2 documents" in ended.stderr, ended.stderr
    require_complete(folder)
    pages = [page for page in (disk / "images").rglob("*") if page.is_file()]
    assert len({page.parent.name for page in pages}) == len(pages) == 4


def test_a_run_whose_results_have_no_room_starts_no_job(folder: Path, disk: Path) -> None:
    stamped_pdf(folder / "long.pdf", pages=300)
    ended = finish(folder, "--output-type", "both")
    assert ended.returncode == 64, ended.stderr
    assert re.search(r"needs about 1\d\d\.\d MB in '.*/output', and 8\d\.\d MB are free\. Make room", ended.stderr)
    assert not list(disk.glob("runs/*")) and not list(disk.glob("documents/*"))
    ended = finish(folder, "--exclude", "long.pdf")
    assert ended.returncode == 0, ended.stderr


def test_odd_files_cost_their_own_rows_with_64_open_files(folder: Path) -> None:
    (folder / "closed").mkdir()
    (folder / "closed").chmod(0)
    (folder / "unreadable.pdf").write_bytes(paper("unreadable"))
    (folder / "unreadable.pdf").chmod(0)
    (folder.parent / "secret.pdf").write_bytes(paper("secret"))
    (folder / "outside.pdf").symlink_to(folder.parent / "secret.pdf")
    (folder / "nowhere.pdf").symlink_to("nothing")
    os.mkfifo(folder / "pipe.pdf")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket.pdf"))
    with open(os.fsencode(folder) + b"/caf\xe9.pdf", "wb") as file:
        file.write(paper("café in Latin-1"))
    ended = finish(folder, before=(*WITHOUT_ROOTS_RIGHTS, "prlimit", "--nofile=64"))
    (folder / "closed").chmod(0o700)
    assert ended.returncode == 0, ended.stderr
    classes = {row["source_uri"].rpartition("/")[2]: row["error_class"] for row in ledger(folder).to_pylist()}
    assert classes == dict.fromkeys(("0.pdf", "1.pdf", "2.pdf", "3.pdf", "caf%E9.pdf")) | {
        "closed": "unreadable",
        "unreadable.pdf": "unreadable",
        "outside.pdf": "outside",
        "nowhere.pdf": "not_a_file",
        "pipe.pdf": "not_a_file",
        "socket.pdf": "not_a_file",
    }

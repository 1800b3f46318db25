"""Temporary files without room for them."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.scratch import scratch_folder
from distributed_ocr_pipeline.errors import BadInput, ExitCode
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.planning.database import open_database
from tests.support.reports import write_looked_at_run
from tests.support.runs import outcome

FULL = Path("/dev/full")
DISK_KB = 8


@pytest.fixture(name="small_disk")
def fixture_small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary folder, on a disk that takes a small file and no database."""
    disk = tmp_path / "small"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk, where the system allows it")
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("arguments", (["report"], ["estimate", "documents"]), ids=lambda words: words[0])
def test_a_command_without_room_for_temporary_files_says_so_in_one_line(
    arguments: list[str],
    small_disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("documents").mkdir()
    Path("documents", "a.pdf").write_bytes(b"%PDF-1.7")
    write_looked_at_run(tmp_path / "output", outcome("a", 1))
    assert main(arguments) == ExitCode.BAD_INPUT
    expected = f"No room is left in '{small_disk}', the folder for temporary files. Make room there, or name another"
    shown = capsys.readouterr().err
    assert expected in shown and "TMPDIR" in shown and len(shown.splitlines()) == 1
    assert not list(small_disk.iterdir())


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full, which takes nothing")
def test_want_of_room_is_told_of_the_folder_alone() -> None:
    with pytest.raises(BadInput, match="No room is left"), scratch_folder():
        FULL.write_bytes(b"x")  # names no path, as it was opened
    with pytest.raises(OSError, match="elsewhere"), scratch_folder():
        raise OSError(errno.ENOSPC, "full", "/elsewhere")
    with pytest.raises(FileNotFoundError), scratch_folder() as folder:
        (folder / "nothing").read_bytes()


def test_a_system_without_a_folder_for_temporary_files_is_told_which_variable_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/nowhere"])
    with pytest.raises(BadInput, match="TMPDIR"), scratch_folder():
        pass


def test_a_database_that_may_spill_no_more_is_out_of_room(tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised, open_database(tmp_path, memory_mb=8) as database:
        database.execute("set max_temp_directory_size = '64KB'")
        database.execute("create temp table wide as select range, md5(range::varchar) from range(2_000_000)")
    assert raised.value.errno == errno.ENOSPC and raised.value.filename == str(tmp_path)

"""`LocalEnvironment`: its start, its end, and what it tells other programs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local import environment
from distributed_ocr_pipeline.local.environment import (
    LocalEnvironment,
    NotStarted,
    fast_tesseract,
    wait_until_ready,
)
from tests.support.harness import gone


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "faults.json"
    broken.write_text('{"job": []}', encoding="utf-8")
    with pytest.raises(NotStarted, match="(?s)ended with status.*OCR_LOCAL_FAULTS.*faults.json.*job"):
        with LocalEnvironment(bare=True, environ={"OCR_LOCAL_FAULTS": str(broken)}):
            pass


def test_a_server_that_is_not_ready_in_time_tells_the_load_and_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "READY_SECONDS", 0.1)
    log = tmp_path / "server.log"
    log.touch()
    with subprocess.Popen(["sleep", "60"]) as process:
        with pytest.raises(
            NotStarted, match="processors with a load of [0-9]+.* It has logged nothing: Python is still"
        ):
            wait_until_ready(process, tmp_path / "ready.json", log)
        log.write_text("Loading moto")
        with pytest.raises(NotStarted, match="Loading moto"):
            wait_until_ready(process, tmp_path / "ready.json", log)
        process.kill()


def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = """
import pathlib, sys, time
from distributed_ocr_pipeline.local.environment import LocalEnvironment
with LocalEnvironment(bare=True) as environment:
    print(environment.pid, flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        server = int(owner.stdout.readline())
        owner.kill()
    assert gone(server)


@pytest.mark.parametrize("why", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_in_the_temporary_folder(
    why: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with pytest.raises(why), LocalEnvironment(bare=True):
        assert list(tmp_path.iterdir())
        raise why
    assert not list(tmp_path.iterdir())


def test_the_environments_variables_are_all_a_program_needs() -> None:
    program = "import boto3, json; print(json.dumps([b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']]))"
    with LocalEnvironment() as environment:
        environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | environment.environ()
        found = subprocess.run([sys.executable, "-c", program], env=environ, check=True, capture_output=True).stdout
        assert set(json.loads(found)) == {environment.input_bucket, environment.output_bucket}


def test_it_is_used_as_a_context_manager() -> None:
    with pytest.raises(NotStarted, match="context manager"):
        print(LocalEnvironment().endpoint_url)


def test_a_tesseract_that_was_built_for_speed_is_used(tmp_path: Path) -> None:
    environ = {"LD_LIBRARY_PATH": "/mine"}
    assert not fast_tesseract(environ, tmp_path)
    (tmp_path / "done").touch()
    assert fast_tesseract(environ, tmp_path) == {
        "LD_LIBRARY_PATH": f"{tmp_path}/lib:/mine",
        "PYTHONPATH": f"{tmp_path}/python",
    }

"""The command line: a server in the foreground or background, and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local.__main__ import main
from distributed_ocr_pipeline.local.background import ready_file, running
from distributed_ocr_pipeline.local.environment import LocalEnvironment, NotStarted
from distributed_ocr_pipeline.local.readyfile import Ready, claimed, read_ready, write_ready
from local_aws.server import HOST
from tests.support.harness import END_SECONDS, Harness, write_scripts


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    main(["--folder", str(tmp_path), "stop"])


def run(folder: Path, *arguments: str) -> int:
    return main(["--folder", str(folder), *arguments])


def test_it_starts_once_says_how_to_use_it_and_stops(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "start") == 0
    url = running(folder).endpoint_url
    printed = capsys.readouterr().out
    assert f"export AWS_ENDPOINT_URL={url}\n" in printed
    assert f"aws stepfunctions start-execution --endpoint-url {url}" in printed
    assert run(folder, "start") == 0
    assert "already running" in capsys.readouterr().out
    assert (run(folder, "status"), run(folder, "logs"), run(folder, "stop")) == (0, 0, 0)
    assert "answers at" in capsys.readouterr().out
    assert not ready_file(folder).exists()


def test_commands_say_that_it_is_not_running(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [run(folder, command) for command in ("status", "logs", "test")] == [66, 66, 66]
    assert capsys.readouterr().err.count("The local environment is not running.") == 3
    assert run(folder, "stop") == 0


def test_a_port_in_use_is_one_clear_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert run(folder, "start", "--port", str(port)) != 0
    error = capsys.readouterr().err
    assert f"Port {port} of 127.0.0.1 cannot be used" in error
    assert "Traceback" not in error


def test_a_file_that_a_killed_server_left_does_not_count(local: Harness, tmp_path: Path) -> None:
    file, ready = tmp_path / "server.json", Ready(os.getpid(), local.environment.deployment())
    with claimed(file):
        write_ready(file, ready)
        assert read_ready(file) == ready
        content = file.read_bytes()
    file.write_bytes(content)
    assert read_ready(file) is None


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "faults.json"
    broken.write_text('{"job": []}', encoding="utf-8")
    with pytest.raises(NotStarted, match="(?s)ended with status.*OCR_LOCAL_FAULTS.*faults.json.*job"):
        with LocalEnvironment(bare=True, environ={"OCR_LOCAL_FAULTS": str(broken)}):
            pass


def test_a_server_that_is_killed_takes_its_jobs_along(tmp_path: Path) -> None:
    with LocalEnvironment(bare=True, scripts=write_scripts(tmp_path)) as environment:
        job = _start_sleeper(environment)
        os.kill(environment.pid, signal.SIGKILL)
        assert _gone(job)


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
    assert _gone(server)


def _start_sleeper(environment: LocalEnvironment) -> int:
    """Process id of a job that ignores SIGTERM."""
    harness = Harness(environment)
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    name = harness.create(f"{code}\nprint(os.getpid(), flush=True); print('on', flush=True); time.sleep(600)")
    harness.wait_for_line(name, "on")
    return int(harness.log(name)[0])


def test_the_end_kills_a_job_that_will_not_stop_and_removes_its_folder(tmp_path: Path) -> None:
    code = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for word in (os.getpid(), ROOT, "on"):
    print(word, flush=True)
time.sleep(600)
"""
    with LocalEnvironment(bare=True, scripts=write_scripts(tmp_path), grace_seconds=600) as environment:
        harness = Harness(environment)
        name = harness.create(code)
        harness.wait_for_line(name, "on")
        pid, root, _ = harness.log(name)
    assert _gone(int(pid))
    assert not Path(root).parents[1].exists()


def _gone(pid: int) -> bool:
    end = time.monotonic() + END_SECONDS
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_environments_variables_are_all_a_program_needs(local: Harness) -> None:
    program = "import boto3, json; print(json.dumps([b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']]))"
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | local.environment.environ()
    found = subprocess.run([sys.executable, "-c", program], env=environ, check=True, capture_output=True).stdout
    assert "data" in json.loads(found)

"""The command line: a server in the background, and what it says."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local.__main__ import main
from distributed_ocr_pipeline.local.background import ready_file, running
from local_aws.server import HOST


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

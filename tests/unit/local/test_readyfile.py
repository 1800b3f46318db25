"""The file of a running server."""

import os
from pathlib import Path

import pytest

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.local.readyfile import Ready, claimed, read_ready, write_ready

READY = Ready(os.getpid(), Deployment("us-west-2", "arn:machine", "results", credentials=("key", "secret")))


def test_a_file_that_a_killed_server_left_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "server.json"
    with claimed(file):
        write_ready(file, READY)
        assert read_ready(file) == READY
        content = file.read_bytes()
    file.write_bytes(content)
    assert read_ready(file) is None


def test_a_server_that_is_not_ready_yet_is_none(tmp_path: Path) -> None:
    with claimed(tmp_path / "server.json"):
        assert read_ready(tmp_path / "server.json") is None


def test_two_servers_cannot_share_a_file(tmp_path: Path) -> None:
    with claimed(tmp_path / "server.json"):
        with pytest.raises(BadInput, match="Another server uses"):
            with claimed(tmp_path / "server.json"):
                pass

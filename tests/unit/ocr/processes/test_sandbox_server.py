"""The inside of a sandbox, in this process."""

import errno
import json
import os
import socket
from collections.abc import Callable
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

import pytest

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.processes.sandbox_server import main, serve
from tests.support import tasks


def answers(requests: list[dict[str, Any]], start: Callable[[Connection], None]) -> list[Any]:
    """What is answered to requests; the connection is closed after the last."""
    ours, theirs = (Connection(end.detach()) for end in socket.socketpair())
    thread = Thread(target=start, args=(theirs,))
    thread.start()
    found = []
    for request in requests:
        ours.send_bytes(json.dumps(request).encode())
        found.append(json.loads(ours.recv_bytes()))
    ours.close()
    thread.join()
    return found


def test_requests_are_answered_until_the_parent_is_gone() -> None:
    requests = [
        {"task": "halves", "arguments": {"number": 7, "unit": "m"}},
        {"task": "boxes", "arguments": {"count": 1}},
    ]
    served: dict[str, Callable[..., Any]] = {"halves": tasks.halves, "boxes": tasks.boxes}
    assert answers(requests, lambda end: serve(end, served)) == [
        {"result": {"smaller": 3, "larger": 4, "unit": "m"}},
        {"result": [[0, 1]]},
    ]


@pytest.mark.parametrize(
    ("error", "error_class", "message"),
    [
        (DocumentError(ErrorClass.EMPTY, "nothing"), "empty", "nothing"),
        (MemoryError(), "out_of_memory", "The memory limit was reached."),
        (OSError(errno.ENOSPC, "No space left on device"), "internal", "OSError: [Errno 28] No space left on device"),
        (OSError("broken data stream"), "corrupt", "OSError: broken data stream"),
        (KeyError("x" * 999), "corrupt", "KeyError: '" + "x" * 289),
    ],
)
def test_errors_are_answers(error: Exception, error_class: str, message: str) -> None:
    def fail() -> None:
        raise error

    found = answers([{"task": "fail", "arguments": {}}], lambda end: serve(end, {"fail": fail}))
    assert found == [{"error_class": error_class, "message": message}]


def test_a_module_is_served_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_THREAD_LIMIT", "2")
    request = {"task": "boxes", "arguments": {"count": 0}}
    assert answers([request], lambda end: main([str(os.dup(end.fileno())), tasks.__name__])) == [{"result": []}]

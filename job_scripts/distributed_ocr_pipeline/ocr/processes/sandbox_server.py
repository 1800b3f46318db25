"""The inside of a sandbox: `python -m …sandbox_server SOCKET MODULE …` answers requests until the parent goes away.

It imports little, so that it starts soon: not the worker, not pydantic. `sandbox` is the parent's side.
"""

import errno
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass

_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)
"""What a system call says that fails for the want of room, files or a sound disk, whatever the document is."""


def serve(connection: Connection, tasks: Mapping[str, Callable[..., Any]]) -> None:
    """Answer requests, one after the other."""
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        answer = _answer(tasks[request["task"]], request["arguments"])
        connection.send_bytes(json.dumps(answer, default=asdict).encode())


def _answer(task: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"result": task(**arguments)}
    except DocumentError as error:
        return {"error_class": error.error_class.value, "message": str(error)}
    except MemoryError:
        return {"error_class": ErrorClass.OUT_OF_MEMORY.value, "message": "The memory limit was reached."}
    except Exception as error:  # pylint: disable=broad-exception-caught  # decoders raise anything on damaged data
        message = f"{type(error).__name__}: {error}"[:300]
        of_machine = getattr(error, "errno", None) in _OF_THE_MACHINE
        return {"error_class": (ErrorClass.INTERNAL if of_machine else ErrorClass.CORRUPT).value, "message": message}


def main(arguments: Sequence[str]) -> None:
    """Entry point: the number of the inherited socket, the module whose `__all__` names the tasks, others to load."""
    os.environ["OMP_THREAD_LIMIT"] = "1"
    module, *_ = [import_module(name) for name in arguments[1:]]
    serve(Connection(int(arguments[0])), {name: getattr(module, name) for name in module.__all__})


if __name__ == "__main__":
    main(sys.argv[1:])

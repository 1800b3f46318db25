"""The file in which a running server writes its address, and the lock that proves that it still runs."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput


@dataclass(frozen=True)
class Ready:
    """A server that answers: its process and what is deployed on it."""

    pid: int
    deployment: Deployment


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold the ready file's lock, and remove the file at the end; `BadInput` if another server holds it."""
    with path.with_name(f"{path.name}.lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(f"Another server uses {path}.", "Stop it first.") from error
        path.unlink(missing_ok=True)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def write_ready(path: Path, ready: Ready) -> None:
    """Store the file in one step, so that no reader sees a part of it."""
    temporary = path.with_name(f"{path.name}.{ready.pid}")
    temporary.write_text(json.dumps(asdict(ready), indent=2), encoding="utf-8")
    temporary.replace(path)


def read_ready(path: Path) -> Ready | None:
    """The server that runs, or None. A file that a killed server left does not count."""
    if not _is_locked(path):
        return None
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Ready(values["pid"], parse_deployment(values["deployment"]))


def parse_deployment(values: Mapping[str, Any]) -> Deployment:
    """The deployment that `asdict` and JSON made these of."""
    return Deployment(**{**values, "credentials": tuple(values["credentials"])})


def _is_locked(path: Path) -> bool:
    try:
        with path.with_name(f"{path.name}.lock").open("r", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False

"""JSON documents of a run, in files and in objects."""

import json
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.errors import BadInput


def decode_json(content: bytes, name: str) -> Any:
    """The value of a JSON document; `BadInput` with its `name` if it is none.

    Step Functions stores the object that it is given as text as a quoted string; that is undone.
    """
    try:
        value = json.loads(content)
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} cannot be read: {error}.") from error


def read_json(path: Path) -> Any:
    """The value of a JSON file; `BadInput` if it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from error
    return decode_json(content, path.name)

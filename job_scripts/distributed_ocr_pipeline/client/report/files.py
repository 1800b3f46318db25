"""Files to look at: written whole or not at all, and opened in the browser."""

import webbrowser
from contextlib import suppress
from pathlib import Path

from distributed_ocr_pipeline.errors import BadInput


def write_page(path: Path, html: str) -> None:
    """Write a file whole or not at all; `BadInput` if that does not work."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(html, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise BadInput(f"{path} cannot be written: {error.strerror}.", "Name another file with --file.") from error


def open_page(path: Path) -> None:
    """Show a file in the browser; `BadInput` where there is none."""
    if not webbrowser.open(path.absolute().as_uri()):
        raise BadInput("No browser was found.", f"Open {path} yourself.")

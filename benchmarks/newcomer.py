"""The loop that a newcomer writes: pdf2image and pytesseract as their own examples show them.

    python -m benchmarks.newcomer FOLDER DOCUMENT ...

The text of each document goes to FOLDER, pages parted by form feeds.
"""

import sys
from pathlib import Path

import pytesseract
from pdf2image import convert_from_path
from PIL import Image


def main(folder: str, *documents: str) -> int:
    """Read every document, one page after another."""
    for document in map(Path, documents):
        images = convert_from_path(document) if document.suffix == ".pdf" else [Image.open(document)]
        text = "\f".join(pytesseract.image_to_string(image) for image in images)
        (Path(folder) / f"{document.name}.txt").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""Writes the inputs and outputs of the Terraform root and its modules into their documents, between two marker lines.

scripts/terraform_docs.py           write
scripts/terraform_docs.py --check   say what is out of date, and end with status 1 if anything is
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

PROJECT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- begin: written by scripts/terraform_docs.py -->", "<!-- end -->"


def main() -> int:
    """Bring every document up to date, or say which are not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    stale = [document for folder, document in documents() if not is_current(folder, document)]
    for document in stale:
        name = document.relative_to(PROJECT)
        print(f"{name} is out of date: run scripts/terraform_docs.py" if check else f"{name} written", file=sys.stderr)
    if not check:
        for folder, document in documents():
            document.write_text(updated(folder, document), encoding="utf-8")
    return 1 if check and stale else 0


def documents() -> Iterator[tuple[Path, Path]]:
    """Folders of Terraform files, each with the document that describes it."""
    yield PROJECT, PROJECT / "docs/settings.md"
    for folder in sorted((PROJECT / "modules").iterdir()):
        yield folder, folder / "README.md"


def is_current(folder: Path, document: Path) -> bool:
    """Whether the document says what the files say."""
    return document.read_text(encoding="utf-8") == updated(folder, document)


def updated(folder: Path, document: Path) -> str:
    """The document's text with new text between the markers."""
    before, rest = document.read_text(encoding="utf-8").split(BEGIN)
    return f"{before}{BEGIN}\n\n{describe(folder)}\n{END}{rest.split(END)[1]}"


def describe(folder: Path) -> str:
    """Tables of all inputs and outputs."""
    inputs = "".join(map(_input_row, _blocks(folder / "variables.tf", "variable")))
    outputs = "".join(
        f"| `{name}` | {_text(block['description'])} |\n" for name, block in _blocks(folder / "outputs.tf", "output")
    )
    return (
        f"## Inputs\n\n| Name | What it is | Type | Default |\n|---|---|---|---|\n{inputs}\n"
        f"## Outputs\n\n| Name | What it is |\n|---|---|\n{outputs}"
    )


def _blocks(path: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        for item in hcl2.load(file)[kind]:
            ((name, block),) = item.items()
            yield name.strip('"'), block


def _input_row(item: tuple[str, dict[str, Any]]) -> str:
    name, block = item
    kind = re.sub(r"^\$\{(.*)\}$", r"\1", re.sub(r"\s+", " ", block["type"]))
    default = f"`{_value(block['default'])}`" if "default" in block else "required"
    return f"| `{name}` | {_text(block['description'])} | `{kind}` | {default} |\n"


def _text(value: str) -> str:
    return str(json.loads(value)).replace("|", "\\|").replace("<", "&lt;")


def _value(default: Any) -> str:
    if isinstance(default, str):
        return default
    return json.dumps({} if isinstance(default, dict) else default)


if __name__ == "__main__":
    sys.exit(main())

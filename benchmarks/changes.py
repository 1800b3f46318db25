"""What a change of this project does to the text of a corpus: `python -m benchmarks.changes OLD_OUTPUT NEW_OUTPUT`.

Both are output folders of runs over the same documents. Documents whose status or error class differ are printed, and
pages whose status, error class or words do, the worst first; words have no order here. Which text is right is not
known: a page is called worse if more than 2 of 100 of its old words are gone, and with them credit, which is letters
weighted by the engine's confidence; a document, if it has fewer pages or a lower status. Exits with 1 if one is worse
that is not explained by the file given with `--explained`: `{"a.pdf": "reason", "folder/b.pdf page 3": "reason"}`.
"""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from benchmarks.public_pdfs import words_of
from distributed_ocr_pipeline import Runs
from distributed_ocr_pipeline.errors import PipelineError

_ENOUGH = 0.98  # share of the old words, and of the credit
_SHOWN = 8  # words
_ORDER = ("missing", "failed", "deferred", "skipped", "partial", "blank", "succeeded")
"""Statuses, the worst first. A page that is blank and was read before has lost its words, which is counted apart."""


@dataclass(frozen=True)
class Row:
    """A document or a page as a run left it; of a document, there are no words, and its pages are counted."""

    status: str = "missing"
    error_class: str = ""
    words: tuple[str, ...] = ()
    credit: float = 0.0
    pages: int = 0

    @property
    def compared(self) -> tuple[object, ...]:
        """What makes a difference."""
        return self.status, self.error_class, self.pages, Counter(self.words)

    @property
    def state(self) -> str:
        """Status, and error class if there is one."""
        return f"{self.status} ({self.error_class})" if self.error_class else self.status


@dataclass(frozen=True)
class Change:
    """A document or page of which the two outputs differ."""

    name: str
    old: Row
    new: Row

    @property
    def gone(self) -> Counter[str]:
        """Old words that the new text lacks."""
        return Counter(self.old.words) - Counter(self.new.words)

    @property
    def added(self) -> Counter[str]:
        """New words that the old text lacked."""
        return Counter(self.new.words) - Counter(self.old.words)

    @property
    def recall(self) -> float:
        """Share of the old words that the new text has."""
        return 1 - self.gone.total() / len(self.old.words) if self.old.words else 1.0

    @property
    def precision(self) -> float:
        """Share of the new words that the old text had."""
        return 1 - self.added.total() / len(self.new.words) if self.new.words else 1.0

    @property
    def is_worse(self) -> bool:
        """Whether more is lost than can be by chance."""
        if _ORDER.index(self.new.status) < min(_ORDER.index(self.old.status), _ORDER.index("blank")):
            return True
        lost = self.recall < _ENOUGH and self.new.credit < _ENOUGH * self.old.credit
        return lost or self.new.pages < self.old.pages

    def line(self, reason: str | None) -> str:
        """As it is printed, with the reason if there is one."""
        mark = "changed" if not self.is_worse else "worse" if reason is None else "explained"
        states = self.new.state if self.old.state == self.new.state else f"{self.old.state} -> {self.new.state}"
        figures = f"{self.recall:6.1%} of {len(self.old.words):5} words, precision {self.precision:6.1%}"
        return f"{mark:9} {figures}  {self.name}: {states}{_shown('gone', self.gone)}{_shown('new', self.added)}" + (
            f"; {reason}" if reason and self.is_worse else ""
        )


def rows_of(output: Path) -> dict[str, Row]:
    """Documents and pages of an output folder, named from the folder on that all documents lie in.

    Where that folder is does not count: earlier versions wrote another URI. Raises `PipelineError`.
    """
    runs = Runs(output)
    documents, pages = runs.documents().to_pylist(), runs.pages().to_pylist()
    above = _folder_of([row["source_uri"] for row in documents])
    rows = {unquote(row["source_uri"][above:]): _row(row, pages=row["page_count"] or 0) for row in documents}
    for row in pages:
        words = tuple(words_of(row["text"] or "").elements())
        confidence = 100.0 if row["confidence"] is None else row["confidence"]
        name = f"{unquote(row['source_uri'][above:])} page {row['page_number']}"
        rows[name] = _row(row, words=words, credit=sum(map(len, words)) * confidence)
    return rows


def _folder_of(uris: Sequence[str]) -> int:
    """How many characters are those of the folder in which all lie."""
    return os.path.commonprefix(uris).rfind("/") + 1


def _row(row: Mapping[str, Any], **more: Any) -> Row:
    return Row(row["status"], row["error_class"] or "", **more)


def _shown(title: str, words: Counter[str]) -> str:
    if not words:
        return ""
    more = " ..." * (len(words) > _SHOWN)
    return f"; {title}: {' '.join(word for word, _ in words.most_common(_SHOWN))}{more}"


def changes(old: Mapping[str, Row], new: Mapping[str, Row]) -> list[Change]:
    """What differs, the worst first."""
    found = (Change(name, old.get(name, Row()), new.get(name, Row())) for name in old.keys() | new.keys())
    differing = [one for one in found if one.old.compared != one.new.compared]
    return sorted(differing, key=lambda one: (not one.is_worse, one.recall, one.precision, one.name))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.changes", description="Compare two runs' texts.")
    parser.add_argument("old", type=Path, help="output folder of a run before the change")
    parser.add_argument("new", type=Path, help="output folder of a run over the same documents after it")
    parser.add_argument("--explained", type=Path, help="a JSON object: why a document or page may be worse")
    return parser.parse_args()


def _reasons(file: Path | None) -> dict[str, str]:
    """Raises `ValueError` if the file holds no such object."""
    reasons = json.loads(file.read_text(encoding="utf-8")) if file else {}
    if not isinstance(reasons, dict):
        raise ValueError("no JSON object")
    return reasons


def main() -> int:
    """Compare two output folders."""
    arguments = _arguments()
    try:
        reasons = _reasons(arguments.explained)
    except (OSError, ValueError) as error:
        print(f"{arguments.explained} cannot be used: {error}. It holds names and reasons as JSON.", file=sys.stderr)
        return 1
    try:
        old, new = rows_of(arguments.old), rows_of(arguments.new)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return 1
    if not old.keys() & new.keys():
        print(f"{arguments.old} and {arguments.new} have no document in common.", file=sys.stderr)
        return 1
    found = changes(old, new)
    for change in found:
        print(change.line(reasons.get(change.name)))
    unexplained = sum(change.is_worse and change.name not in reasons for change in found)
    print(f"{len(new)} documents and pages; {len(found)} differ, {unexplained} are worse without an explanation")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())

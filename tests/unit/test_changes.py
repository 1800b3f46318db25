"""Two runs' texts compared: what differs is listed, and what became worse without an explanation fails."""

# pylint: disable=wrong-import-order  # it takes the installed package for a third party; isort does not
import json
import sys
from pathlib import Path

import pytest

from benchmarks import changes
from benchmarks.changes import Change, Row
from distributed_ocr_pipeline.records import PageResult, PageStatus, TextSource
from tests.support.runs import outcome, write_run

OLD = "one two three four five six seven eight nine ten"


def written(output: Path, texts: dict[str, str], status: str = "succeeded", confidence: float | None = 90) -> Path:
    """A run over documents of one page each; a text of "!" is a page that failed."""

    def page(number: int, name: str, _: float | None) -> PageResult:
        text = texts[name.split()[1]]
        if text == "!":
            return PageResult(number, PageStatus.FAILED)
        return PageResult(number, PageStatus.SUCCEEDED, text, TextSource.OCR, confidence=confidence)

    write_run(output, "r1", *(outcome(name, status=status) for name in texts), page=page)
    return output


def compare(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["changes", *map(str, arguments)])
    return changes.main()


def test_what_is_the_same_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [written(tmp_path / name, {"a": text}) for name, text in (("old", OLD), ("new", f"  {OLD}. "))]
    assert compare(monkeypatch, *folders) == 0
    assert capsys.readouterr().out == "2 documents and pages; 0 differ, 0 are worse without an explanation\n"


def test_the_page_that_lost_most_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = written(tmp_path / "old", dict.fromkeys("abcd", OLD))
    new = written(tmp_path / "new", {"a": OLD + " eleven", "b": "one two", "c": "one two three four", "d": OLD})
    assert compare(monkeypatch, old, new) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[-1].split(":")[0] for line in lines[:-1]] == [
        "b.pdf page 1",
        "c.pdf page 1",
        "a.pdf page 1",
    ]
    assert lines[0].startswith("worse      20.0% of    10 words, precision 100.0%")
    assert lines[0].endswith("succeeded; gone: three four five six seven eight nine ten")
    assert lines[2].endswith("succeeded; new: eleven")
    assert lines[-1] == "8 documents and pages; 3 differ, 2 are worse without an explanation"


def test_what_is_explained_does_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = written(tmp_path / "old", {"a": OLD}), written(tmp_path / "new", {"a": "one two"})
    reasons = tmp_path / "reasons.json"
    reasons.write_text(json.dumps({"a.pdf page 1": "it was noise"}), encoding="utf-8")
    assert compare(monkeypatch, old, new, "--explained", reasons) == 0
    assert capsys.readouterr().out.startswith("explained") and compare(monkeypatch, old, new) == 1


def test_other_words_that_are_believed_more_are_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = written(tmp_path / "old", {"a": "0ne twq thnee"}, confidence=40)
    assert compare(monkeypatch, old, written(tmp_path / "new", {"a": "one two three"}, confidence=90)) == 0


@pytest.mark.parametrize(
    ("old", "new", "worse"),
    [
        (Row("succeeded"), Row("failed", "timeout"), True),
        (Row("blank"), Row("failed", "timeout"), True),
        (Row("blank"), Row("succeeded"), False),
        (Row("succeeded"), Row("blank"), False),
        (Row("succeeded", words=("a",), credit=90), Row("blank"), True),
        (Row("succeeded"), Row("partial"), True),
        (Row("partial"), Row("succeeded"), False),
        (Row("failed", "corrupt"), Row("failed", "timeout"), False),
        (Row("failed", "timeout"), Row(), True),
        (Row(), Row("failed", "timeout"), False),
        (Row("succeeded", pages=3), Row("succeeded", pages=2), True),
    ],
)
def test_a_lower_status_and_fewer_pages_are_worse(old: Row, new: Row, worse: bool) -> None:
    assert Change("a.pdf", old, new).is_worse is worse


def test_a_page_and_a_document_that_failed_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = written(tmp_path / "old", {"a": OLD}), written(tmp_path / "new", {"a": "!"}, "partial")
    assert compare(monkeypatch, old, new) == 1
    page, document, _ = capsys.readouterr().out.splitlines()
    assert "a.pdf page 1: succeeded -> failed; gone:" in page and "a.pdf: succeeded -> partial" in document


def test_folders_and_files_that_cannot_be_used_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, other = written(tmp_path / "old", {"a": OLD}), written(tmp_path / "other", {"b": OLD})
    assert compare(monkeypatch, old, other) == 1
    assert "no document in common" in capsys.readouterr().err
    assert compare(monkeypatch, old, tmp_path / "nothing") == 1
    assert f"{tmp_path / 'nothing'}" in capsys.readouterr().err
    assert compare(monkeypatch, old, old, "--explained", tmp_path / "nothing.json") == 1
    assert "nothing.json cannot be used" in capsys.readouterr().err

"""The sample documents: reproducible, complete, small, and what expected.json says they are."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus, TextSource
from examples import make_documents
from examples.pages import Layout, draw_text, prose


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(name="expected", scope="module")
def fixture_expected() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(make_documents.EXPECTED.read_text(encoding="utf-8"))
    return content


@pytest.fixture(name="remade", scope="module")
def fixture_remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remade")
    make_documents.write(folder / "documents", folder / "expected.json")
    return folder


def test_making_them_again_gives_the_same_bytes(remade: Path, tmp_path: Path) -> None:
    make_documents.write(tmp_path / "documents", tmp_path / "expected.json")
    assert files_of(tmp_path) == files_of(remade)


def test_the_stored_documents_are_what_the_script_makes(remade: Path, expected: dict[str, Any]) -> None:
    here = {package: version(package) for package in make_documents.MADE_WITH}
    if here != expected["made_with"]:
        pytest.skip(f"made with {expected['made_with']}, here are {here}: other versions may give other bytes")
    assert files_of(remade / "documents") == files_of(make_documents.DOCUMENTS)
    assert (remade / "expected.json").read_text(encoding="utf-8") == make_documents.EXPECTED.read_text(encoding="utf-8")


def test_every_stored_file_has_one_expectation(expected: dict[str, Any]) -> None:
    assert [entry["file"] for entry in expected["documents"]] == sorted(files_of(make_documents.DOCUMENTS))


def test_expectations_use_the_words_of_the_tables(expected: dict[str, Any]) -> None:
    for entry in expected["documents"]:
        assert DocumentStatus(entry["status"])
        assert (entry["error_class"] is None) == (entry["status"] == "succeeded")
        assert entry["error_class"] is None or ErrorClass(entry["error_class"])
        for page in entry["pages"]:
            assert PageStatus(page["status"])
            assert bool(page["text"]) == (TextSource(page["text_source"]) is not TextSource.NONE)


def test_each_fault_of_the_input_that_a_small_file_can_have_is_there(expected: dict[str, Any]) -> None:
    found = {entry["error_class"] for entry in expected["documents"]} - {None}
    assert found == {"empty", "unsupported_type", "encrypted", "corrupt"}


def test_the_samples_stay_small() -> None:
    assert sum(len(content) for content in files_of(make_documents.DOCUMENTS).values()) < 1_500_000


def test_the_readme_has_a_line_for_every_sample(expected: dict[str, Any]) -> None:
    readme = (make_documents.HERE / "README.md").read_text(encoding="utf-8")
    assert [entry["file"] for entry in expected["documents"] if f"| `{entry['file']}` |" not in readme] == []


def test_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        draw_text(prose(0, 200), Layout(height_mm=60))

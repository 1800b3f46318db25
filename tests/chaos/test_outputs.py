"""Files of hostile documents: whatever a document is, each of its files is there and whole, or its row says why not.

The documents are damaged ones, those that they are made of, and public ones where `OCR_HOSTILE_DOCUMENTS` names their
folder. `OCR_OUTPUT_MUTATIONS` says how many are damaged.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pikepdf
import pytest

from distributed_ocr_pipeline.records import DocumentStatus
from tests.support.bases import bases
from tests.support.made_outputs import FORMATS, Made, make_outputs, public_documents
from tests.support.mutations import write_mutants

NUMBER = int(os.environ.get("OCR_OUTPUT_MUTATIONS", "60"))
SIDE, SECONDS = 150, 60  # pixels of a drawn page, and how long it may take to draw all
_WITH_PAGES = (DocumentStatus.SUCCEEDED, DocumentStatus.PARTIAL)


@pytest.fixture(name="documents", scope="module")
def fixture_documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("documents")
    paths = [*write_mutants(folder, NUMBER, seed=2), *public_documents("hostile", "OCR_HOSTILE_DOCUMENTS")]
    for base in bases():
        paths.append(folder / f"whole {base.name}.{base.suffix}")
        paths[-1].write_bytes(base.content)
    return {path.name: path for path in paths}


@pytest.fixture(name="made", scope="module")
def fixture_made(documents: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Made:
    options = {"dpi": 100, "page_timeout_seconds": 20, "document_timeout_seconds": 60, "max_page_pixels": 4_000_000}
    return make_outputs(documents.values(), tmp_path_factory.mktemp("made"), engine_memory_mb=1024, **options)


def with_pages(made: Made) -> Iterator[str]:
    return (name for name, result in made.results.items() if result.status in _WITH_PAGES)


def test_every_document_with_pages_has_each_file_or_a_reason(documents: dict[str, Path], made: Made) -> None:
    assert made.results.keys() == documents.keys()
    assert len(list(with_pages(made))) > NUMBER / 3
    for name in with_pages(made):
        files, errors = made.files(name), made.errors(name)
        assert {*files, *errors} == set(FORMATS) and all(errors.values()), name
        assert all(path.stat().st_size for path in files.values() if path.suffix not in (".txt", ".md")), name


def test_only_pdfs_cannot_be_made_and_never_for_a_fault_of_ours(made: Made) -> None:
    failed = {name: errors for name in with_pages(made) if (errors := made.errors(name))}
    assert {name: errors for name, errors in failed.items() if set(errors) != {"searchable_pdf"}} == {}
    reasons = [reason for errors in failed.values() for reason in errors.values()]
    assert [reason for reason in reasons if "internal" in reason.lower() or "crash" in reason] == []
    assert {name for name in failed if name.startswith("whole ")} == {"whole float.tif"}  # PDF has no such samples


def test_text_formats_are_what_their_readers_take(made: Made) -> None:
    for name in with_pages(made):
        files, pages = made.files(name), made.results[name].page_count
        assert files["text"].read_text(encoding="utf-8").count("\f") == pages, name
        assert len([json.loads(line) for line in files["jsonl"].read_bytes().splitlines()]) == pages, name
        ElementTree.parse(files["hocr"])
        ElementTree.parse(files["alto"])


def test_pdfs_look_as_before_and_have_the_same_pages(documents: dict[str, Path], made: Made) -> None:
    for name in with_pages(made):
        if pdf := made.files(name).get("searchable_pdf"):
            with pikepdf.open(pdf) as opened:
                assert len(opened.pages) == made.results[name].page_count, name
            if made.results[name].media_type == "application/pdf":
                assert looks(pdf) == looks(documents[name]), name


def looks(pdf: Path) -> bytes:
    """The pixels of all pages."""
    command = ["pdftoppm", "-scale-to", str(SIDE), "-gray", str(pdf)]
    return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS).stdout

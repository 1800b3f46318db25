"""Documents that are more work than a shard: read in parts by several, one row each; a killed part is repaired.

`make huge` does it with two documents of 3,000 pages among 300 small ones.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from fpdf import FPDF

from distributed_ocr_pipeline.client.execution import Execution
from distributed_ocr_pipeline.client.exports.stored import stored_documents
from distributed_ocr_pipeline.client.inspection.outputs import bucket_of
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.planning.prices import FIGURES_VARIABLE
from tests.support.workplace import Workplace

PAGES = int(os.environ.get("OCR_HUGE_PAGES", "60"))
SMALL = int(os.environ.get("OCR_SMALL_DOCUMENTS", "4"))
HALF = PAGES // 2
BOOK_SECONDS = 1800  # of CPU, as estimated: nine minutes on an ml.t3.xlarge, so that a book is two parts
FAULTS = {
    "retry_wait_scale": 0.001,
    "jobs": [
        {
            "name": "ocr-s00001-*",
            "end": {"status": "Failed", "failure_reason": "AlgorithmError: , exit code: 137"},
            "times": 3,
        }
    ],
}


def book(title: str) -> bytes:
    """Pages of born-digital text, each with its number."""
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for number in range(1, PAGES + 1):
        pdf.add_page()
        pdf.multi_cell(0, text=f"This is page {number} of {title}, as it was written. " * 8)
    return bytes(pdf.output())


@pytest.fixture(name="workplace")
def fixture_workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    figures = json.loads(files("distributed_ocr_pipeline.planning").joinpath("figures.json").read_text())
    figures["work"]["text_layer_seconds"] = BOOK_SECONDS / PAGES
    for name, content in (("figures.json", figures), ("faults.json", FAULTS)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setenv(FIGURES_VARIABLE, str(tmp_path / "figures.json"))
    with LocalEnvironment(environ={"OCR_LOCAL_FAULTS": str(tmp_path / "faults.json")}, grace_seconds=20) as environment:
        yield Workplace(environment.deployment())


def run(workplace: Workplace, prefix: str) -> tuple[str, str, list[dict[str, Any]]]:
    """How a run ended, its id, and what it planned."""
    execution = Execution(workplace.deployment, poll_seconds=0.1)
    options = {"input_prefix": prefix, "target_shard_minutes": 5.0, "outputs": ["text"]}
    with TemporaryDirectory() as folder:
        before = execution.last_turn(prefix)
        plan = execution.plan(options, Path(folder))
        planned = pq.read_table(Path(folder, "documents.parquet")).to_pylist()
        arn = execution.start(plan, options, Path(folder), planned_after=before)
    return execution.follow(arn, lambda progress: None).status, execution.run_id, planned


def pages_of(planned: dict[str, Any]) -> tuple[int | None, int | None]:
    """The page range of a row of the plan."""
    return planned["first_page"], planned["last_page"]


def exported_pages(workplace: Workplace) -> dict[str, list[int]]:
    """The numbers of the pages that an export finds, by the document's key."""
    documents = stored_documents(bucket_of(workplace.deployment), None)
    return {document.source.key: [page.page_number for page in pages] for document, pages in documents}


@pytest.mark.timeout(300 + PAGES)
def test_a_killed_part_is_repaired_alone(workplace: Workplace) -> None:
    prefix = workplace.put("in", *(f"small-{number}.pdf" for number in range(SMALL)))
    for name in ("one", "two"):
        workplace.client("s3").put_object(Bucket=workplace.input_bucket, Key=f"in/{name}.pdf", Body=book(name))
    status, first, planned = run(workplace, prefix)
    assert Counter(pages_of(row) for row in planned) == {(None, None): SMALL, (1, HALF): 2, (HALF + 1, None): 2}
    killed = [row for row in planned if row["shard_id"] == "s00001"]
    (part,) = [row for row in killed if row["first_page"]]
    name = part["source_uri"].rpartition("/")[2]
    broken = workplace.report(first)
    assert status == "FAILED" and name not in workplace.rows(first)
    assert (broken["missing_count"], broken["unfinished_parts"], broken["pages_mismatch_count"]) == (
        len(killed),
        1,
        0,
    )

    status, second, planned = run(workplace, prefix)
    assert {(row["key"], *pages_of(row)) for row in planned} == {(row["key"], *pages_of(row)) for row in killed}
    report = workplace.report(second)
    assert (status, report["balanced"], report["planned"]) == ("SUCCEEDED", True, len(killed))
    assert (
        sum(report["pages_by_quality"].values()) == report["pages"]["total"] > PAGES - 1
    ), "with those of the first run"
    (row,) = workplace.rows(second)[name]
    assert (row["status"], row["page_count"], row["pages_succeeded"]) == ("succeeded", PAGES, PAGES)
    assert [made["error"].partition(";")[0] for made in row["outputs"]] == [
        "The document was read in parts, by several jobs"
    ]
    pages = [(number, text) for document, number, text in workplace.pages(second) if document == name]
    assert [number for number, _ in pages] == list(range(1, PAGES + 1))
    assert all(f"page {number} of" in text for number, text in pages)
    (other,) = {"one.pdf", "two.pdf"} - {name}
    assert [row["pages_succeeded"] for row in workplace.rows(first)[other]] == [PAGES]
    assert set(workplace.current(prefix).values()) == {("succeeded", None)}
    assert len(workplace.current(prefix)) == SMALL + 2

    numbers = exported_pages(workplace)
    assert numbers["in/one.pdf"] == numbers["in/two.pdf"] == list(range(1, PAGES + 1))
    assert len(numbers) == SMALL + 2

"""A whole run in the image gives what it gives with plain processes: plan, process, report; text and rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from distributed_ocr_pipeline import OCRPipeline
from distributed_ocr_pipeline.config import OCRConfig
from tests.support.image import BUILT_WITH

_OF_THIS_RUN = frozenset(
    {"run_id", "duration_ms", "processed_at", "image_uri", "engine_version", "options_fingerprint"}
)

Rows = list[dict[str, Any]]


def run(output: Path, variables: Mapping[str, str], examples: Path) -> dict[str, Rows]:
    """Both tables of a run of the examples, without what differs from run to run."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        result = OCRPipeline(ocr_config=OCRConfig(output_type="both", words=True), output=output).run(str(examples))
    assert result.report is not None and result.report["succeeded"]
    return {table: rows(output, table) for table in ("pages", "documents")}


def rows(output: Path, table: str) -> Rows:
    found: Rows = ds.dataset(output / table, partitioning="hive").to_table().to_pylist()
    kept = [{name: value for name, value in row.items() if name not in _OF_THIS_RUN} for row in found]
    return sorted(kept, key=lambda row: (row["document_id"], row.get("page_number", 0)))


def test_text_and_rows_are_those_of_the_child_processes(
    image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    examples = Path("examples/documents")
    container = {
        "OCR_LOCAL_RUNTIME": "container",
        "OCR_LOCAL_IMAGE": image,
        "CONTAINER_TOOL": BUILT_WITH["CONTAINER_TOOL"],
    }
    in_image = run(tmp_path / "image", container, examples)
    as_process = run(tmp_path / "process", {"OCR_LOCAL_RUNTIME": "process"}, examples)
    assert len(in_image["documents"]) == sum(path.is_file() for path in examples.rglob("*"))
    assert any(len(row["text"] or "") > 100 for row in in_image["pages"])
    assert in_image == as_process

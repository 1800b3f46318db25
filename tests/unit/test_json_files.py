"""JSON documents of a run."""

from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.json_files import decode_json, read_json


@pytest.mark.parametrize("content", ['{"a": 1}', '"{\\"a\\": 1}"'])
def test_json_stored_as_a_quoted_string_is_read_too(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    assert read_json(tmp_path / "run.json") == {"a": 1}


@pytest.mark.parametrize("content", ["", "{", None])
def test_unreadable_json_is_bad_input(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(BadInput, match="run.json"):
        read_json(tmp_path / "run.json")


def test_a_broken_document_is_named() -> None:
    with pytest.raises(BadInput, match="^s3://bucket/plan.json cannot be read: Expecting"):
        decode_json(b"{", "s3://bucket/plan.json")

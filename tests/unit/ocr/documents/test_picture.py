"""Pictures as documents."""

from collections.abc import Callable
from pathlib import Path

import pytest

from distributed_ocr_pipeline.records import DocumentStatus
from tests.support.documents import Ledger, page_picture


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "tiff_adobe_deflate", "packbits", "raw"])
def test_a_tiff_is_read_however_it_is_compressed(
    compression: str, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    picture = page_picture().convert("1" if compression.startswith("group") else "L")
    picture.save(tmp_path / "a.tif", compression=compression)
    [(result, pages)] = process([tmp_path / "a.tif"])
    assert (result.status, result.error_message, pages[0].text) == (DocumentStatus.SUCCEEDED, "", "word page 1")

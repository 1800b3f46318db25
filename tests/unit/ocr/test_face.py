"""The face of the package: what callers import, and how little comes with it."""

import subprocess
import sys

import pytest

from distributed_ocr_pipeline import ocr


@pytest.mark.parametrize("name", ocr.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ocr, name).__name__ == name


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError, match="no attribute 'read_all'"):
        getattr(ocr, "read_all")


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, distributed_ocr_pipeline.ocr as ocr; print(*sys.modules); ocr.Stop; print(*sys.modules)"
    before, after = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for loaded in (before, after):
        assert not {"PIL", "pydantic", "pikepdf", "pyarrow", "boto3"} & set(loaded.split())

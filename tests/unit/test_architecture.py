"""docs/architecture.md names files that exist. `make lint` compares its picture with the code."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PLACES = ("", "job_scripts", "job_scripts/distributed_ocr_pipeline")


def test_every_file_that_the_page_names_exists() -> None:
    page = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/.]+\.(?:py|yaml|tf|json|toml))`", page)
    assert len(set(named)) > 30
    assert [name for name in named if not any((PROJECT / place / name).is_file() for place in PLACES)] == []

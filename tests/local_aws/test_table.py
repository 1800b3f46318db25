"""docs/local-aws.md names tests that exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
TABLE = (TESTS.parents[1] / "docs/local-aws.md").read_text(encoding="utf-8")


def test_each_line_of_the_table_names_a_test_that_exists() -> None:
    rows = [row for row in TABLE.split("## What is still kinder")[0].splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row.rsplit("|", 2)[1])
        assert named, row
        for file, test in named:
            assert re.search(rf"^def {test}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE), test

"""Memory of plan and report on a million documents; listing and ledgers are made up, S3 is not asked."""

import subprocess
import sys

import pytest

from tests.support.image import PROJECT

DOCUMENTS = 1_000_000
MOST_MEGABYTES = 400
"""Libraries take 110, DuckDB 160 at most, and what is read and written in batches the rest.

What holds the listing of a million documents, even compressed, or sorts or joins it in memory is above this.
"""


@pytest.fixture(name="measured", scope="module")
def fixture_measured() -> dict[str, list[str]]:
    """The rows of `make bench-planner` by step."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.planner",
        "--documents",
        str(DOCUMENTS),
        "--steps",
        "plan,rerun,report",
    ]
    done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()[2:]]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("step", "done"),
    [("plan", "1,000,000 documents"), ("rerun", "0 documents, 0 shards"), ("report", "7,000,000 pages, 1 balanced")],
)
def test_a_million_documents_are_not_held_in_memory(measured: dict[str, list[str]], step: str, done: str) -> None:
    documents, _, megabytes, details = measured[step]
    assert documents == "1,000,000" and done in details
    assert int(megabytes) < MOST_MEGABYTES

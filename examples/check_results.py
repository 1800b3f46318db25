"""Holds the ledger of a run on the examples against examples/expected.json, and says which failures were expected."""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.dataset as ds

HERE = Path(__file__).parent


def read_outcomes(output: Path) -> dict[str, tuple[str, str | None]]:
    """Status and error class of every example by file name, from its newest ledger row."""
    columns = ["source_uri", "status", "error_class", "processed_at"]
    rows = ds.dataset(output / "documents", partitioning="hive").to_table(columns=columns).to_pylist()
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["processed_at"]):
        newest[unquote(row["source_uri"].partition("examples/documents/")[2])] = row
    return {name: (row["status"], row["error_class"]) for name, row in newest.items() if name}


def main(output: Path) -> int:
    """Print every example that did not simply succeed; returns 1 if anything is not as expected."""
    expected = {
        entry["file"]: (entry["status"], entry["error_class"])
        for entry in json.loads((HERE / "expected.json").read_text())["documents"]
    }
    outcomes = read_outcomes(output)
    print("\nexamples that fail on purpose, and others that are not as expected:")
    surprises = 0
    for name in sorted(expected.keys() | outcomes.keys()):
        outcome = outcomes.get(name)
        as_expected = outcome == expected.get(name)
        surprises += not as_expected
        if not as_expected or outcome != ("succeeded", None):
            verdict = "expected" if as_expected else f"NOT EXPECTED, but {_describe(expected.get(name))}"
            print(f"  {name:<28} {_describe(outcome):<26} {verdict}")
    return min(surprises, 1)


def _describe(outcome: tuple[str, str | None] | None) -> str:
    return "no result" if outcome is None else ", ".join(filter(None, outcome))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

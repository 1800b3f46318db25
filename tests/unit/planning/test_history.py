"""What earlier runs tell of the speed: each miss once, however many runs follow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.planning.history import read_history
from distributed_ocr_pipeline.records import S3Location

PREFIX = "s3://bucket/in/"


class Reports:
    """Stands for storage: reports of runs, whose ledgers are in one file each."""

    def __init__(self, *compared: dict[str, float]) -> None:
        self._reports = [
            {"input_prefix": PREFIX, "balanced": True, "ledger_compacted": True, "cpu_seconds": pair}
            | ({"speed_factor": pair["speed_factor"]} if "speed_factor" in pair else {})
            for pair in compared
        ]

    def find_folders(self, prefix: S3Location) -> Iterator[str]:
        yield from (f"run-{number}" for number in range(len(self._reports)) if prefix.key.startswith("runs"))

    def find_json(self, location: S3Location) -> Any:
        return self._reports[int(location.key.split("/")[1].removeprefix("run-"))]

    def get_small(self, objects: object) -> None:
        """The ledgers are not looked at."""


def speed_factor(folder: Path, *compared: dict[str, float]) -> float:
    storage: Any = Reports(*compared)
    unused: Any = None
    return read_history(storage, unused, "out", PREFIX, folder).speed_factor


def test_a_miss_is_corrected_in_all_runs_that_follow(tmp_path: Path) -> None:
    """Every run takes twice what the figures say, and its estimate has what the runs before it told."""
    runs: list[dict[str, float]] = []
    factors = []
    for _ in range(8):
        factors.append(speed_factor(tmp_path, *runs))
        runs.append({"estimated": 100 * factors[-1], "measured": 200.0, "pages": 100, "speed_factor": factors[-1]})
    assert factors == pytest.approx([1.0] + [2.0] * 7)


def test_reports_of_earlier_versions_and_of_few_pages_do_no_harm(tmp_path: Path) -> None:
    usual = {"estimated": 100.0, "measured": 150.0, "pages": 100}
    assert speed_factor(tmp_path, usual, {"estimated": 1.0, "measured": 9.0, "pages": 3}) == 1.5
    assert speed_factor(tmp_path) == 1.0


@pytest.mark.parametrize(("measured", "factor"), [(1.0, 0.2), (10_000.0, 20.0)])
def test_what_is_far_off_is_no_matter_of_the_documents(measured: float, factor: float, tmp_path: Path) -> None:
    assert speed_factor(tmp_path, {"estimated": 100.0, "measured": measured, "pages": 100}) == factor

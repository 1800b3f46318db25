"""What earlier runs know about the documents of a prefix, fetched into a folder for DuckDB.

A run with a balanced report left one file with everything a plan needs (`RunLayout.ledger`). Any other run, one that
was stopped or whose ledger does not add up, is read shard by shard, and shards whose files are not all there count for
nothing.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import (
    DOCUMENTS,
    LEDGER_FILE,
    RunLayout,
    all_runs,
    run_folder,
    run_folders,
    run_id_of,
)
from distributed_ocr_pipeline.planning.listing import Lister
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.integrity import incomplete, read_footers, sum_sizes
from distributed_ocr_pipeline.tables.parts import Part

_THREADS = 16
_MIN_PAGES = 50  # of a run whose speed counts
_SPEED_BOUNDS = (0.2, 20.0)  # further off, something else than the documents was slow


@dataclass(frozen=True)
class History:
    """Earlier runs over the same documents."""

    ledger: Path | None  # folder of Parquet files, a sub-folder `run_id=…` a run; None where there is no run
    untrusted: tuple[tuple[str, str], ...]  # (run_id, shard_id)
    speed_factor: float  # measured CPU seconds by estimated ones; 1 where nothing was measured
    parts: tuple[Part, ...] = ()  # of documents that were read in parts, as far as not all parts came out well


NO_HISTORY = History(None, (), 1.0)


def read_history(storage: Storage, lister: Lister, output_bucket: str, input_uri: str, folder: Path) -> History:
    """Fetch the ledgers of all runs whose prefix (`Plan.input_uri`) has documents in common with this one."""
    run_ids = {*storage.find_folders(run_folders(output_bucket))}
    run_ids |= {run_id_of(name) for name in storage.find_folders(all_runs(output_bucket, DOCUMENTS))}
    runs = [RunLayout(output_bucket, run_id) for run_id in sorted(run_ids)]
    with ThreadPoolExecutor(_THREADS) as pool:
        reports = dict(zip(runs, pool.map(lambda run: storage.find_json(run.report), runs)))
    related = {run: report for run, report in reports.items() if _overlaps(report, input_uri)}
    loose = [run for run, report in related.items() if not _fetch_compact(storage, run, report, folder)]
    fetched = [_fetch_shards(storage, lister, run, related[run], folder) for run in loose]
    found = any(folder.rglob("*.parquet"))
    return History(
        ledger=folder if found else None,
        untrusted=tuple(shard for untrusted, _ in fetched for shard in untrusted),
        speed_factor=_speed_factor(list(related.values())),
        parts=tuple(part for _, parts in fetched for part in parts),
    )


def _overlaps(report: Mapping[str, Any] | None, input_uri: str) -> bool:
    """Whether a run may have processed documents of this prefix; one without a report may.

    So may one whose report names another kind of place: earlier versions named no folder of this machine.
    """
    other = (report or {}).get("input_prefix", input_uri)
    alike = other.partition("://")[0] == input_uri.partition("://")[0]
    return bool(not alike or other.startswith(input_uri) or input_uri.startswith(other))


def _fetch_compact(storage: Storage, run: RunLayout, report: Mapping[str, Any] | None, folder: Path) -> bool:
    """Fetch a run's ledger as one file; False if it has none (any more)."""
    if not (report and report.get("ledger_compacted")):
        return False
    try:
        storage.get_small([(run.ledger, folder / run_folder(run.run_id) / LEDGER_FILE)])
    except BadInput as error:
        if error.code != "NoSuchKey":
            raise
        return False
    return True


def _fetch_shards(
    storage: Storage, lister: Lister, run: RunLayout, report: Mapping[str, Any] | None, folder: Path
) -> tuple[list[tuple[str, str]], list[Part]]:
    """Fetch a run's ledger shard by shard.

    Returns:
        The shards that are not to be trusted (run_id, shard_id), and what the others, where they prove themselves, read
        of documents in parts.
    """
    place = folder / run_folder(run.run_id)
    keys = [key for page in lister.pages(run.documents) for key in page.keys if key.endswith(".parquet")]
    names = {key: key.rpartition("/")[2] for key in keys}
    storage.get_small((S3Location(run.bucket, key), place / name) for key, name in names.items())
    footers = list(read_footers(place))
    checked = not keys or bool(report and report["balanced"])
    wrong = frozenset() if checked else incomplete(footers, sum_sizes(lister.pages(run.pages)))
    trusted = [footer for footer in footers if footer.proved and footer.name not in wrong]
    untrusted = [(run.run_id, name.removesuffix(".parquet")) for name in wrong]
    return untrusted, [part for footer in trusted for part in footer.parts]


def _speed_factor(reports: list[Mapping[str, Any] | None]) -> float:
    """What the latest runs took by what they were estimated to take, each without what runs before it had told."""
    compared = [
        (report["cpu_seconds"], report.get("speed_factor", 1.0))
        for report in reports
        if report and report.get("cpu_seconds")
    ]
    latest = [item for item in compared if item[0]["measured"] > 0 and item[0]["pages"] >= _MIN_PAGES][-5:]
    estimated = sum(pair["estimated"] / factor for pair, factor in latest)
    if not estimated:
        return 1.0
    low, high = _SPEED_BOUNDS
    return float(min(high, max(low, sum(pair["measured"] for pair, _ in latest) / estimated)))

"""Plans and proofs on files, without S3: what the planner does with a listing, and the reporter with a run's tables."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.estimating import Estimate, Range, fit_model, load_sql, measure
from distributed_ocr_pipeline.planning.listing import NAMED_SCHEMA
from distributed_ocr_pipeline.planning.packing import Limits, shard_count
from distributed_ocr_pipeline.planning.prices import load_figures
from distributed_ocr_pipeline.planning.shards import PLANNED_SCHEMA, ShardWriter, find_obstacles
from distributed_ocr_pipeline.planning.splitting import keep_parts
from distributed_ocr_pipeline.planning.todo import Choice, choose_documents
from distributed_ocr_pipeline.records import Document, Quality
from distributed_ocr_pipeline.run.evidence import Evidence, RunFiles, RunProof
from distributed_ocr_pipeline.run.plan import Plan
from distributed_ocr_pipeline.tables.integrity import LedgerFooter
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA

INSTANCE_TYPE = "ml.t3.xlarge"
_PAGE_KEYS = pa.schema([("document_id", pa.string()), ("page_number", pa.int32())])


def plan_documents(
    documents: Iterable[Document], ledger: Sequence[Mapping[str, Any]], fingerprint: str, limits: Limits
) -> dict[str, list[Document]]:
    """Shards of the documents below one bucket that have no up-to-date result, by shard id."""
    with TemporaryDirectory() as name, open_database(Path(name)) as database:
        folder = Path(name)
        _write_listing(documents, folder / "listing.parquet")
        _write_ledgers(ledger, folder / "ledger")
        database.execute("create table untrusted (run_id varchar, shard_id varchar)")
        choice = Choice(fingerprint)
        choose_documents(database, folder / "listing.parquet", folder / "ledger" if ledger else None, choice)
        keep_parts(database, (), choice)
        database.execute(
            "create table looked_at (document_id varchar, sampled boolean, pages bigint, "
            "text_share double, speckled double, megapixels double)"
        )
        figures = load_figures()
        instance = figures.instance(INSTANCE_TYPE)
        amount = measure(database, fit_model(database, figures, ignore_text_layer=False))
        writer = ShardWriter(
            database,
            load=load_sql(limits, instance, figures),
            large=limits.large,
            obstacles=find_obstacles(2048, ""),
        )
        items, load = writer.totals()
        count = shard_count(load, amount.work(instance, limits, figures.job.download_mb_per_second * 1e6), items, 2)
        if not amount.documents or not writer.write(count, folder / "documents.parquet"):
            return {}
        return _shards(pq.read_table(folder / "documents.parquet"))


def _write_listing(documents: Iterable[Document], path: Path) -> None:
    listing = [
        {
            "key": item.key,
            "etag": item.etag,
            "size_bytes": item.size_bytes,
            "archived": False,
            "source_uri": item.source_uri,
        }
        for item in documents
    ]
    pq.write_table(pa.Table.from_pylist(listing, NAMED_SCHEMA), path)


def _write_ledgers(rows: Sequence[Mapping[str, Any]], folder: Path) -> None:
    for run_id in {row["run_id"] for row in rows}:
        place = folder / f"run_id={run_id}"
        place.mkdir(parents=True)
        of_run = [row for row in rows if row["run_id"] == run_id]
        pq.write_table(pa.Table.from_pylist(of_run, DOCUMENTS_SCHEMA), place / "s00000.parquet")


def _shards(table: pa.Table) -> dict[str, list[Document]]:
    shards: dict[str, list[Document]] = {}
    for row in table.to_pylist():
        document = Document(
            row["document_id"], row["source_uri"], row["key"], row["etag"], row["size_bytes"], row["attempts"]
        )
        shards.setdefault(row["shard_id"], []).append(document)
    return shards


def make_plan(**changes: Any) -> Plan:
    """A plan of nothing, with changes."""
    nothing = Range(0, 0, 0)
    found = Estimate(INSTANCE_TYPE, 0, 1, 0, nothing, nothing, 0, 0)
    values: dict[str, Any] = {
        **{name: 0 for name in ("documents", "size_bytes", "shards", "up_to_date", "tolerated_failed_shards")},
        **{"input_prefix": "s3://docs/", "max_concurrency": 1, "concurrency_bound": "asked", "text_layer_share": 0.0},
        **{"pages": nothing, "cpu_seconds": nothing, "estimate": found},
    }
    return Plan(**values | changes)


class Run:
    """A run's files in a folder, as the reporter fetches them."""

    def __init__(
        self,
        folder: Path,
        *,
        planned: Iterable[tuple[str, str, str] | tuple[str, str, str, int]],
        ledger: Sequence[Mapping[str, Any]],
        page_keys: Sequence[tuple[str, int]] = (),
        qualities: Mapping[str, int] | None = None,
        **found: Any,
    ) -> None:
        """`planned` is (document_id, key, shard_id), of a part its first page, too; `page_keys` are the pages of the
        shards that are opened.

        `qualities` are the pages of each shard by quality; `found` is what else the reporter found: footers,
        opened_shards, incomplete, failures, map_failure, joining.
        """
        by_quality = {quality.value: 0 for quality in Quality} | dict(qualities or {})
        self.folder = folder
        rows = [
            dict(zip(("document_id", "key", "shard_id", "first_page"), item)) | {"source_uri": f"s3://bucket/{item[1]}"}
            for item in planned
        ]
        pq.write_table(pa.Table.from_pylist(rows, PLANNED_SCHEMA), folder / "planned.parquet")
        (folder / "ledger").mkdir()
        shards = sorted({row["shard_id"] for row in ledger})
        for shard in shards:
            of_shard = [row for row in ledger if row["shard_id"] == shard]
            pq.write_table(pa.Table.from_pylist(of_shard, DOCUMENTS_SCHEMA), folder / "ledger" / f"{shard}.parquet")
        footers = tuple(
            LedgerFooter(f"{shard}.parquet", 0, 0, 0, 0, True, 60.0, 100.0, qualities=by_quality) for shard in shards
        )
        keys = [{"document_id": document_id, "page_number": number} for document_id, number in page_keys]
        pq.write_table(pa.Table.from_pylist(keys, _PAGE_KEYS), folder / "page_keys.parquet")
        self.files = RunFiles(
            planned=folder / "planned.parquet",
            ledger=folder / "ledger",
            page_keys=folder / "page_keys.parquet",
            **{"footers": footers, "incomplete": frozenset(), "opened_shards": (), "failures": {}} | found,
        )

    def evidence(self) -> Evidence:
        """What the files say."""
        with open_database(self.folder) as database:
            return RunProof(database, self.files).evidence()

    def failures(self) -> list[Mapping[str, Any]]:
        """The rows of failures.csv."""
        with open_database(self.folder) as database:
            return list(RunProof(database, self.files).failures())

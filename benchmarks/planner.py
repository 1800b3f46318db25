"""Memory and CPU of plan and report on synthetic listings and ledgers, each step in a process of its own.

    python -m benchmarks.planner --documents 1000000
    python -m benchmarks.planner --documents 1000000 --steps list-parsing

Nothing is on S3: listing, ledgers and page sizes are made up in files, and the product's own code plans and reports
from there. Pages are lognormal (median 3, sigma 1.2) with 0.05 % books of 500 to 3,000 pages; a page has 60 kB with a
spread of its own.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow.parquet as pq

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.errors import ServiceFault
from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.history import NO_HISTORY, History
from distributed_ocr_pipeline.planning.listing import LISTING_SCHEMA, parse_listing
from distributed_ocr_pipeline.planning.shards import shard_files
from distributed_ocr_pipeline.planning.sources import Source, s3_source
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.evidence import COMPACT_LEDGER, RunFiles, RunProof
from distributed_ocr_pipeline.run.planning import plan_source
from distributed_ocr_pipeline.run.reporting import make_report, write_report
from distributed_ocr_pipeline.tables.integrity import read_footers

_PREFIX = "s3://bucket/in/"
_OPTIONS = {"input_prefix": _PREFIX, "instance_type": "ml.c6i.4xlarge", "max_parallel_jobs": 100}
_NORMAL = "(sqrt(-2 * ln(greatest(1e-9, random()))) * cos(2 * pi() * random()))"
_LISTING = f"""
copy (
  select format('in/2024/{{{{:04d}}}}/document-{{{{:09d}}}}.pdf', i % 5000, i) as key, md5(i::varchar) as etag,
    greatest(1, case when random() < 0.0005 then 500 + 2500 * random() else exp(1.1 + 1.2 * {_NORMAL}) end)::bigint
      * (60000 * exp(0.5 * {_NORMAL}))::bigint as size_bytes,
    false as archived
  from range({{documents}}) t(i)
) to '{{path}}' (format parquet, row_group_size 50000)
"""
_LIST = """
copy (select 's3://bucket/' || key from read_parquet('{folder}/listing.parquet'))
to '{folder}/list.txt' (format csv, header false, quote '')
"""
_LEDGER = """
copy (
  select format('s{{:05d}}', place // {rows}) as shard_id, document_id, 's3://bucket/' || key as source_uri,
    etag as source_etag, size_bytes, 'application/pdf' as media_type, 7::integer as page_count,
    7::integer as pages_succeeded, 0::integer as pages_failed, 0::integer as pages_blank, 'succeeded' as status,
    null::varchar as error_class, null::varchar as error_message, 7000::bigint as duration_ms, 1::integer as attempts,
    'pytesseract' as engine, '5' as engine_version, '{fingerprint}' as options_fingerprint,
    timestamptz '2026-01-01 00:00:00+00' as processed_at,
    null::struct(format varchar, uri varchar, size_bytes bigint, error varchar)[] as outputs
  from (select *, row_number() over (order by document_id) - 1 as place
        from (select *, left(sha256('s3://bucket/' || key), 32) as document_id from read_parquet('{listing}')))
) to '{path}' (format parquet, row_group_size {rows})
"""


def _make(folder: Path, documents: int) -> None:
    """Listing, ledger of all shards, and the one file that a green run leaves of its ledger for the next."""
    connection = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "spilled")})
    connection.execute("select setseed(0.5)")
    connection.execute(_LISTING.format(documents=documents, path=folder / "listing.parquet"))
    connection.execute(_LIST.format(folder=folder))
    values = {"listing": folder / "listing.parquet", "fingerprint": parse_options(_OPTIONS).fingerprint}
    path = folder / "ledger.parquet"
    connection.execute(_LEDGER.format(rows=max(1, documents // 2000), path=path, **values))
    connection.close()
    with open_database(folder) as database:
        database.view("ledger", path)
        database.write(COMPACT_LEDGER, "compact")


def _refuse(key: str, offset: int, length: int) -> bytes:
    raise ServiceFault(f"There is no {key} of which bytes {offset} to {offset + length} could be read.")


def _source(folder: Path) -> Source:
    """Nothing can be looked into here, so that all pages are estimated from bytes."""
    batches = pq.ParquetFile(folder / "listing.parquet", pre_buffer=False).iter_batches(1000)
    return Source((batch.cast(LISTING_SCHEMA) for batch in batches), _refuse)


def _plan(folder: Path, rerun: bool) -> dict[str, Any]:
    history = NO_HISTORY
    with TemporaryDirectory(dir=folder) as name:
        if rerun:
            place = Path(name, "ledger", "run_id=r1")
            place.mkdir(parents=True)
            (place / "ledger.parquet").hardlink_to(folder / "compact.parquet")
            history = History(Path(name, "ledger"), (), 1.0)
        plan = plan_source(_source(folder), parse_options(_OPTIONS), Path(name), history=history)
        planned = Path(name, "documents.parquet")
        stored = 0
        if planned.exists():
            for _, content in shard_files(planned, "bucket", "in/", lambda shard: S3Location("out", f"{shard}/")):
                stored += len(content)
    return {"documents": plan.documents, "shards": plan.shards, "megabytes_to_store": round(stored / 1e6)}


def _plan_list(folder: Path) -> dict[str, Any]:
    """The same documents, named by a text file."""
    unused: Any = None  # there is no S3
    source = s3_source(unused, unused, S3Location.parse(_PREFIX), str(folder / "list.txt"))
    with TemporaryDirectory(dir=folder) as name:
        source = replace(source, fetch=_refuse, size_of=None)
        plan = plan_source(source, parse_options(_OPTIONS), Path(name))
    return {"documents": plan.documents, "shards": plan.shards}


def _report(folder: Path) -> dict[str, Any]:
    with TemporaryDirectory(dir=folder) as name, open_database(Path(name)) as database:
        files = _run_files(folder, Path(name))
        proof = RunProof(database, files)
        plan = {"up_to_date": 0, "shards": len(files.footers)}
        report = make_report("r1", parse_options(_OPTIONS), plan, proof.evidence())
        write_report(report, proof.failures(), Path(name))
        proof.write_compact_ledger("compact")
    return {"documents": report.planned, "pages": report.pages["total"], "balanced": report.balanced}


def _run_files(folder: Path, scratch: Path) -> RunFiles:
    """A ledger of 2,000 shards, each proved by its footer, and the plan of the same documents."""
    (scratch / "ledger").mkdir()
    source = pq.ParquetFile(folder / "ledger.parquet")
    for group in range(source.num_row_groups):
        table = source.read_row_group(group)
        metadata = {
            "documents": str(table.num_rows),
            "pages": str(7 * table.num_rows),
            "pages_bytes": "1",
            "proved": "true",
        }
        path = scratch / "ledger" / f"s{group:05d}.parquet"
        pq.write_table(table.replace_schema_metadata(metadata), path, compression="zstd")
    with duckdb.connect(config={"memory_limit": "256MB", "temp_directory": str(scratch)}) as connection:
        connection.execute(
            "copy (select document_id, source_uri, shard_id, null::integer as first_page, null::integer as last_page "
            f"from read_parquet('{folder}/ledger.parquet')) to '{scratch}/planned.parquet' (format parquet)"
        )
        connection.execute(
            "copy (select ''::varchar as document_id, 1::integer as page_number where false) "
            f"to '{scratch}/keys.parquet'"
        )
    footers = tuple(read_footers(scratch / "ledger"))
    return RunFiles(
        scratch / "planned.parquet", scratch / "ledger", footers, frozenset(), scratch / "keys.parquet", (), {}
    )


def _list_parsing(documents: int) -> dict[str, Any]:
    """Parse as many pages of ListObjectsV2 as that takes."""
    entries = "".join(
        f"<Contents><Key>in/2024/{number:04d}/document-{number:09d}.pdf</Key><LastModified>2024-01-01T00:00:00.000Z"
        f"</LastModified><ETag>&quot;{number:032x}&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>"
        f"<Size>60000</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for number in range(1000)
    )
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    body = f'<ListBucketResult xmlns="{space}"><EncodingType>url</EncodingType>{entries}</ListBucketResult>'.encode()
    rows = 0
    for _ in range(documents // 1000):
        answer: dict[str, Any] = {}
        parse_listing({"status_code": 200, "body": body}, answer)
        rows += answer["Page"].batch().num_rows
    return {"documents": rows}


_STEPS = {
    "plan": lambda folder, documents: _plan(folder, rerun=False),
    "rerun": lambda folder, documents: _plan(folder, rerun=True),
    "list": lambda folder, documents: _plan_list(folder),
    "report": lambda folder, documents: _report(folder),
    "list-parsing": lambda folder, documents: _list_parsing(documents),
}


def _measure(step: str, folder: Path, documents: int) -> dict[str, Any]:
    """A step in a process of its own: CPU seconds and peak memory."""
    command = [sys.executable, "-m", "benchmarks.planner", "--step", step, "--folder", str(folder)]
    done = subprocess.run([*command, "--documents", str(documents)], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _run_step(step: str, folder: Path, documents: int) -> None:
    begun = time.process_time()
    result = _STEPS[step](folder, documents)
    usage = {
        "cpu_seconds": round(time.process_time() - begun, 1),
        "peak_mb": _peak_megabytes(),
    }
    print(json.dumps(result | usage))


def _peak_megabytes() -> int:
    """Peak memory of this process alone: getrusage also counts what its parent had when it was forked."""
    (line,) = [
        line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM")
    ]
    return round(int(line.split()[1]) / 1000)


def _rows(folder: Path, documents: int, steps: list[str]) -> Iterator[str]:
    for step in steps:
        found = _measure(step, folder, documents)
        details = ", ".join(
            f"{value:,} {name}" for name, value in found.items() if name not in ("cpu_seconds", "peak_mb")
        )
        yield f"| {step} | {documents:,} | {found['cpu_seconds']} | {found['peak_mb']} | {details} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--steps", default=",".join(_STEPS), help=f"of {', '.join(_STEPS)}")
    parser.add_argument("--step", choices=list(_STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        _run_step(chosen.step, chosen.folder, chosen.documents)
        return
    print("| step | documents | CPU seconds | peak MB | |\n| --- | --- | --- | --- | --- |")
    with TemporaryDirectory() as name:
        _make(Path(name), chosen.documents)
        for row in _rows(Path(name), chosen.documents, chosen.steps.split(",")):
            print(row, flush=True)


if __name__ == "__main__":
    main()

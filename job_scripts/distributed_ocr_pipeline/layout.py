"""Every key and prefix of the output bucket, and of the folder that is a copy of it.

    pages/run_id=<run_id>/<shard_id>.parquet            a row per page
    documents/run_id=<run_id>/<shard_id>.parquet        the ledger: a row per input object
    {pages,documents}/run_id=<run_id>/joined.parquet    the same of documents that several shards read in parts
    images/run_id=<run_id>/<document_id>/page-0001.<ext>
    outputs/run_id=<run_id>/<key>.<ext>                 files of a document: searchable PDF, text, …
    runs/<run_id>/
        run.json                                        the options                       (the workflow writes it)
        plan.json, shards.json                          the plan in numbers, and its shards
        documents.parquet                               all documents of the run, sorted by shard
        kept_parts.json                                 of documents read in parts: those that earlier runs have read
        shards/<shard_id>/documents.jsonl               the shard's documents
        shards/<shard_id>/manifest.json                 the same for SageMaker, which downloads them
        shards/<shard_id>/undeliverable.json            why some of them are not in the manifest
        failed/<shard_id>.json                          why the shard's last job failed   (the workflow writes it)
        map_failure.json                                why the Map over the shards failed (the workflow writes it)
        report.json, failures.csv                       how the run ended
        report.html                                     the same to look at        (`ocr-pipeline report` writes it)
        ledger.parquet                                  what the next plan must know of a balanced run's ledger
        map/                                            Step Functions' own notes about the shards
    locks/<SHA-256 of the input prefix>.json            whose turn it is over it            (the workflow writes it)

Where `partition_key` names a column of few values, the files of `pages` lie one level deeper, in a folder
`<column>=<value>/`. Terraform spells the same keys in `modules/access`, `modules/catalog` and
`modules/workflow/state_machine.asl.yaml`. A prefix ends with a slash.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

from distributed_ocr_pipeline.records import S3Location

PAGES = "pages"
DOCUMENTS = "documents"
IMAGES = "images"
TABLES = (PAGES, DOCUMENTS, IMAGES)
"""The folders that hold a run's results."""

MARK = ".ocr-pipeline.lock"
"""A file at the top of every folder of results on this machine; who writes into the folder holds its lock. A name that
begins with a dot is no object of the output bucket."""

OUTPUTS = "outputs"
"""The folder of documents' files: jobs make them (the option `outputs`), or `ocr-pipeline export` does."""

DEFAULT_FOLDER = "output"
"""The folder of results on this machine that is meant where none is named."""

MAX_KEY_BYTES = 1024
"""Of a key in S3, as UTF-8."""

OPTIONS_FILE = "run.json"
PLAN_FILE = "plan.json"
SHARDS_FILE = "shards.json"
PLANNED_FILE = "documents.parquet"
KEPT_PARTS_FILE = "kept_parts.json"
LEDGER_FILE = "ledger.parquet"
SHARDS_FOLDER = "shards"
SHARD_DOCUMENTS_FILE = "documents.jsonl"
SHARD_MANIFEST_FILE = "manifest.json"
SHARD_UNDELIVERABLE_FILE = "undeliverable.json"
REPORT_FILE = "report.json"
FAILURES_FILE = "failures.csv"
REPORT_PAGE = "report.html"
MAP_FAILURE_FILE = "map_failure.json"

_RUNS = "runs"
_LOCKS = "locks"
_FAILED = "failed"
_LONGEST_NAME = 240  # bytes; file systems take 255, and files in the making have longer names
_UNSAFE = re.compile("[%\x00-\x1f\x7f\\\\\udc80-\udcff]")  # the last: bytes that are not UTF-8, as Python has them
_SURROGATES = 0xDC00
_RUN_FOLDER = "run_id="  # Hive's spelling: readers take the folder's name for a column
_RUN_ID = re.compile(r"(\d{8}-\d{6})-[0-9a-f]{6}")
_RUN_ID_TIME = "%Y%m%d-%H%M%S"


def meets_results(key: str) -> bool:
    """Whether a prefix in the output bucket holds what runs write there, or lies in it."""
    return any(
        f"{folder}/".startswith(key) or key.startswith(f"{folder}/") for folder in (*TABLES, OUTPUTS, _RUNS, _LOCKS)
    )


@dataclass(frozen=True)
class RunLayout:
    """Where the files of one run are."""

    bucket: str
    run_id: str

    @property
    def folder(self) -> S3Location:
        """Everything about the run that is not a result."""
        return S3Location(self.bucket, f"{_RUNS}/{self.run_id}/")

    @property
    def options(self) -> S3Location:
        """run.json."""
        return self.folder.below(OPTIONS_FILE)

    @property
    def plan(self) -> S3Location:
        """plan.json."""
        return self.folder.below(PLAN_FILE)

    @property
    def shards(self) -> S3Location:
        """shards.json."""
        return self.folder.below(SHARDS_FILE)

    @property
    def planned(self) -> S3Location:
        """documents.parquet."""
        return self.folder.below(PLANNED_FILE)

    @property
    def kept_parts(self) -> S3Location:
        """kept_parts.json; missing where no document is read in parts."""
        return self.folder.below(KEPT_PARTS_FILE)

    @property
    def ledger(self) -> S3Location:
        """ledger.parquet; missing where the run is not balanced."""
        return self.folder.below(LEDGER_FILE)

    @property
    def all_shards(self) -> S3Location:
        """Prefix of all shards' files."""
        return self.folder.below(f"{SHARDS_FOLDER}/")

    def shard(self, shard_id: str) -> S3Location:
        """Prefix of one shard's files."""
        return self.all_shards.below(f"{shard_id}/")

    def shard_documents(self, shard_id: str) -> S3Location:
        """One shard's documents.jsonl."""
        return self.shard(shard_id).below(SHARD_DOCUMENTS_FILE)

    @property
    def failed_shards(self) -> S3Location:
        """Prefix of the failures that the workflow recorded."""
        return self.folder.below(f"{_FAILED}/")

    def failed(self, shard_id: str) -> S3Location:
        """Why the last job of a shard failed; missing where it did not."""
        return self.failed_shards.below(f"{shard_id}.json")

    @property
    def map_failure(self) -> S3Location:
        """map_failure.json; missing where the workflow saw all shards to their end."""
        return self.folder.below(MAP_FAILURE_FILE)

    @property
    def report(self) -> S3Location:
        """report.json."""
        return self.folder.below(REPORT_FILE)

    @property
    def failures(self) -> S3Location:
        """failures.csv."""
        return self.folder.below(FAILURES_FILE)

    @property
    def pages(self) -> S3Location:
        """Prefix of the run's pages."""
        return self.table(PAGES)

    @property
    def documents(self) -> S3Location:
        """Prefix of the run's ledger."""
        return self.table(DOCUMENTS)

    @property
    def images(self) -> S3Location:
        """Prefix of the run's page images; a page's `image_path` continues it."""
        return self.table(IMAGES)

    def output(self, name: str, suffix: str) -> S3Location:
        """What was made of the document of this name (`local_documents.name_of`); `suffix` tells the format."""
        return S3Location(self.bucket, f"{self.table(OUTPUTS).key}{_as_path(name, suffix)}")

    def table(self, name: str) -> S3Location:
        """Prefix of the run's part of one of `TABLES`, or of `OUTPUTS`."""
        return all_runs(self.bucket, name).below(f"{run_folder(self.run_id)}/")


def new_run_id() -> str:
    """The id of a run that begins now; ids sort by time."""
    return f"{datetime.now(timezone.utc):{_RUN_ID_TIME}}-{uuid4().hex[:6]}"


def time_of(run_id: str) -> datetime | None:
    """When a run began, to the second, if its id is of `new_run_id`; None of an execution that somebody else named."""
    found = _RUN_ID.fullmatch(run_id)
    try:
        return datetime.strptime(found.group(1), _RUN_ID_TIME).replace(tzinfo=timezone.utc) if found else None
    except ValueError:
        return None


def turn(bucket: str, input_prefix: str) -> S3Location:
    """Says in its metadata which execution had the last turn over a prefix."""
    return S3Location(bucket, f"{_LOCKS}/{hashlib.sha256(input_prefix.encode()).hexdigest()}.json")


def run_folders(bucket: str) -> S3Location:
    """Prefix of the folders of all runs, each named by its id."""
    return S3Location(bucket, f"{_RUNS}/")


def run_folder(run_id: str) -> str:
    """Name of a run's folder in a table: `run_id=<run_id>`."""
    return f"{_RUN_FOLDER}{run_id}"


def run_id_of(folder: str) -> str:
    """The run that a folder of a table belongs to."""
    return folder.removeprefix(_RUN_FOLDER)


def all_runs(bucket: str, table: str) -> S3Location:
    """Prefix of one of `TABLES` (or `OUTPUTS`) of all runs; `all_runs(bucket, DOCUMENTS)` is the ledger."""
    return S3Location(bucket, f"{table}/")


def runs_in_folder(output: Path) -> Iterator[str]:
    """Ids of the runs that have a ledger in a local folder that is laid out like the bucket, sorted."""
    for folder in sorted((output / DOCUMENTS).glob(f"{_RUN_FOLDER}*")):
        yield folder.name.removeprefix(_RUN_FOLDER)


def strangers(output: Path) -> Iterator[Path]:
    """What lies in a local folder of results and is none, since no run writes such a name there.

    Names that begin with a dot do not count. What lies in a folder of a run is taken for the run's.
    """
    for path in sorted(output.iterdir()) if output.is_dir() else ():
        if path.name in (*TABLES, OUTPUTS, _RUNS, _LOCKS) and path.is_dir():
            yield from (below for below in sorted(path.iterdir()) if not _is_of_runs(path.name, below))
        elif not path.name.startswith("."):
            yield path


def _is_of_runs(folder: str, path: Path) -> bool:
    """Whether runs write such a name in a folder at the top of the output bucket."""
    if path.name.startswith("."):
        return True
    if folder == _LOCKS:
        return path.suffix == ".json"
    return path.is_dir() and (folder == _RUNS or path.name.startswith(_RUN_FOLDER))


def _as_path(name: str, suffix: str) -> str:
    """A document's name as a relative path that every file system takes, another one for every name.

    Folders stay folders. Percent signs, backslashes, control characters and bytes that are not UTF-8 become percent
    codes, so that decoding them gives the name back, and so do names that mean something else (`.` and `..`); an empty
    name becomes `%`. Of a name over 240 bytes the beginning is kept, followed by `%~` and the first 16 hex digits of
    its SHA-256.
    """
    *folders, name = name.split("/")
    return "/".join([*(_as_name(folder) for folder in folders), _as_name(name, suffix)])


def _as_name(name: str, suffix: str = "") -> str:
    safe = _UNSAFE.sub(lambda found: f"%{ord(found[0]) % _SURROGATES:02X}", name) or "%"
    if safe in (".", ".."):
        safe = safe.replace(".", "%2E")
    content = safe.encode("utf-8", "surrogatepass")
    if len(content) + len(suffix) > _LONGEST_NAME:
        digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        safe = f"{content[:_LONGEST_NAME - len(suffix) - 18].decode('utf-8', 'ignore')}%~{digits}"
    return safe + suffix

"""Local folders in and out: what a run on the local environment reads and writes."""

import os
from pathlib import Path

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.json_files import read_json
from distributed_ocr_pipeline.layout import TABLES, RunLayout, runs_in_folder
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.manifests import is_file_name
from distributed_ocr_pipeline.storage import Storage


def find_documents(folder: Path) -> list[Path]:
    """Every regular file below a folder; links are not followed.

    Raises:
        BadInput: The folder is missing, empty, or holds a file that cannot be read.
    """
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.is_file() else "does not exist"
        raise BadInput(f"The folder {str(folder)!r} {what}.", "Give a folder of documents, or s3://bucket/prefix/.")
    files = [path for path in _walk(folder) if path.is_file() and not path.is_symlink()]
    if not files:
        raise BadInput(f"The folder {str(folder)!r} holds no files.", "Give a folder of documents.")
    for path in files:
        if not os.access(path, os.R_OK):
            raise BadInput(f"The file {str(path)!r} cannot be read.", "Change its permissions, or move it elsewhere.")
    return files


def _walk(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise BadInput(f"The folder {error.filename!r} cannot be read: {error.strerror}.", "Change its permissions.")

    return sorted(Path(root) / name for root, _, names in os.walk(folder, onerror=refuse) for name in names)


def upload_documents(folder: Path, storage: Storage, bucket: str) -> str:
    """Store a folder's documents in the local environment; returns their `input_prefix`.

    Keys are the paths as seen from the working folder (absolute for a folder elsewhere), so a document keeps its id
    from run to run.
    """
    files = find_documents(folder)
    here = Path.cwd()
    absolute = folder.resolve()
    base = absolute.relative_to(here) if absolute.is_relative_to(here) else absolute.relative_to(absolute.anchor)
    prefix = "" if base == Path() else f"{base.as_posix()}/"
    for path in files:
        storage.upload(path, S3Location(bucket, prefix + path.relative_to(folder).as_posix()))
    return f"s3://{bucket}/{prefix}"


def require_writable(folder: Path) -> None:
    """Raise `BadInput` unless results can be written below `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".writable").touch()
        (folder / ".writable").unlink()
    except OSError as error:
        raise BadInput(
            f"The output folder {str(folder)!r} cannot be written: {error.strerror}.", "Choose another."
        ) from error


def upload_ledger(output: Path, storage: Storage, bucket: str) -> None:
    """Upload the ledgers of earlier runs, with what proves them, so that the planner sees what is done."""
    for run_id in runs_in_folder(output):
        run = RunLayout(bucket, run_id)
        report, pages = output / run.report.key, output / run.pages.key
        storage.upload_folder(output / run.documents.key, run.documents)
        for path, location in ((report, run.report), (output / run.ledger.key, run.ledger)):
            if path.is_file():
                storage.upload(path, location)
        if pages.is_dir() and not (report.is_file() and read_json(report)["balanced"]):
            storage.upload_folder(pages, run.pages)


def download_results(run_id: str, output: Path, storage: Storage, bucket: str) -> None:
    """Fetch a run's tables, images and report."""
    run = RunLayout(bucket, run_id)
    for prefix in map(run.table, TABLES):
        _require_file_names(prefix, storage)
        storage.download_prefix(prefix, output / prefix.key)
    for location in (run.options, run.plan, run.shards, run.ledger, run.report, run.failures):
        if storage.exists(location):
            target = output / location.key
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(storage.get_bytes(location))


def _require_file_names(location: S3Location, storage: Storage) -> None:
    """Raise `BadInput` if the key of an object below a prefix leads out of its folder, or cannot be a file."""
    for item in storage.list_objects(location):
        if not is_file_name(item.key.removeprefix(location.key)):
            raise BadInput(f"The object {S3Location(location.bucket, item.key)} cannot be a file of the results.")

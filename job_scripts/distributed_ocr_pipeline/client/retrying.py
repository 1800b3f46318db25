"""Which documents failed, and how a run is started that reads just these again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.inspection.deployed_runs import DeployedRuns
from distributed_ocr_pipeline.client.inspection.documents import Wanted, find_documents, is_there
from distributed_ocr_pipeline.client.inspection.folder_runs import FolderRuns
from distributed_ocr_pipeline.client.inspection.outputs import Output, OutputFolder, bucket_of
from distributed_ocr_pipeline.config import ANY_FAILURE, OCRConfig
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.records import DocumentStatus
from distributed_ocr_pipeline.run.delivery.local_documents import path_of

_LOOKED_AT = 100  # runs, for one that says where its documents are
_FAILURES = (DocumentStatus.FAILED.value, DocumentStatus.PARTIAL.value)


@dataclass(frozen=True)
class Retry:
    """What there is to read again.

    Attributes:
        source: `s3://bucket/prefix/`, or the folder of documents on this machine.
        options: Those by which the run read them (`OCRConfig`), and `only_failed`.
        failed: Documents by error class.
    """

    source: str | Path
    options: Mapping[str, Any]
    failed: Mapping[str, int]


def find_retry(place: OutputFolder | Deployment, run_id: str | None, error_class: str | None) -> Retry:
    """Find the documents whose current row is a failure.

    Args:
        place: Where runs wrote to.
        run_id: The run whose prefix or folder, and whose options, are meant; None for the latest.
        error_class: Only those that failed so; None for all whose status is failed or partial.

    Raises:
        BadInput: There is no such run or class, or the run does not say where its documents are.
        ServiceFault: AWS did not answer.
    """
    wanted = Wanted(error_class=error_class)
    output: Output = place if isinstance(place, OutputFolder) else bucket_of(place)
    runs = FolderRuns(place) if isinstance(place, OutputFolder) else DeployedRuns(place)
    ids = [runs.find(run_id).run_id] if run_id else [run.run_id for run in runs.latest(_LOOKED_AT)]
    for found in ids:
        options = output.find_json(RunLayout("", found).options.key)
        source = _source(output, RunLayout("", found), options)
        if options is not None and source is not None:
            chosen = {name: value for name, value in options.items() if name in OCRConfig.names() and value is not None}
            failed = _count_failed(output, source, wanted)
            return Retry(source, chosen | {"only_failed": [error_class or ANY_FAILURE]}, failed)
    raise BadInput(
        (
            f"No run in {output.address} says where its documents are."
            if ids
            else f"There are no runs in {output.address}."
        ),
        f"`{command('status', *output.words)}` lists the runs.",
    )


def _source(output: Output, run: RunLayout, options: Mapping[str, Any] | None) -> str | Path | None:
    """The run's prefix, or its folder, which is what remains of a document's path without its key."""
    if not isinstance(output, OutputFolder):
        return None if options is None else str(options["input_prefix"])
    path = output.path / run.planned.key
    if not path.exists():
        return None
    with path.open("rb") as file:
        rows = next(pq.ParquetFile(file).iter_batches(1, columns=["source_uri", "key"]))  # this file always has some
    document = path_of(rows["source_uri"][0].as_py())
    return Path(document.parents[rows["key"][0].as_py().count("/")])


def _count_failed(output: Output, source: str | Path, wanted: Wanted) -> Mapping[str, int]:
    """Documents below a prefix or folder, by error class, without those that are gone from the folder."""
    below = f"{source.as_uri().rstrip('/')}/" if isinstance(source, Path) else source
    return Counter(
        document.error_class or document.status
        for document in find_documents(output, wanted)
        if document.source_uri.startswith(below)
        and (wanted.error_class or document.status in _FAILURES)
        and is_there(document.source_uri) is not False
    )

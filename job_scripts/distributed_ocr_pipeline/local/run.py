"""A run on a folder: the deployed workflow, on a local environment that lives as long as the run."""

from dataclasses import replace
from pathlib import Path

from distributed_ocr_pipeline.client.execution import execute
from distributed_ocr_pipeline.client.results import Observer, RunResult, UnfinishedRun
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.local.folders import (
    download_results,
    find_documents,
    require_writable,
    upload_documents,
    upload_ledger,
)

_POLL_SECONDS = 0.5


def run_folder(folder: Path, settings: RunSettings, *, output: Path, observer: Observer) -> RunResult:
    """Process the documents of a folder on this machine; those with an up-to-date result in `output` are left out.

    Args:
        folder: Every file below it is a document.
        settings: The run's options; what is not set has the local deployment's default.
        output: Folder of the results, of this run and of earlier ones, laid out like the output bucket.
        observer: Told about plan and progress.

    Raises:
        UnfinishedRun: The run ended, but not green; its results are in `output`.
        BadInput: There are no documents, one cannot be read, or `output` cannot be written; nothing was started.
        NotStarted, NotDeployed, ServiceFault: The local environment does not work.
    """
    find_documents(folder)
    require_writable(output)
    with LocalEnvironment() as environment:
        deployment = environment.deployment()
        storage, bucket = deployment.storage(), deployment.output_bucket
        upload_ledger(output, storage, bucket)
        input_prefix = upload_documents(folder, storage, environment.input_bucket)
        try:
            result = execute(deployment, settings, input_prefix, observer=observer, poll_seconds=_POLL_SECONDS)
        except UnfinishedRun as error:
            download_results(error.result.run_id, output, storage, bucket)
            raise UnfinishedRun(str(error), replace(error.result, output=str(output))) from None
        download_results(result.run_id, output, storage, bucket)
    return replace(result, output=str(output))

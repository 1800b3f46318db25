"""The early end of a run on this machine: jobs put off what they have not done, the report says what is there."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from distributed_ocr_pipeline.config import parse_options
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import ServiceFault
from distributed_ocr_pipeline.layout import RunLayout

logger = logging.getLogger(__name__)

_PULSE_SECONDS = 0.2
_AT_WORK = ("InProgress", "Stopping")


def finish_early(deployment: Deployment, run_id: str, execution_arn: str) -> Mapping[str, Any] | None:
    """Stop a run, wait until its jobs have stored what they finished, and write its report.

    Returns:
        The content of report.json; None for a run that had stored no options yet, or where no report can be stored.
    """
    deployment.client("stepfunctions").stop_execution(executionArn=execution_arn)
    sagemaker = deployment.client("sagemaker")
    while any(sagemaker.list_processing_jobs(StatusEquals=status)["ProcessingJobSummaries"] for status in _AT_WORK):
        time.sleep(_PULSE_SECONDS)
    return _report(deployment, RunLayout(deployment.output_bucket, run_id))


def _report(deployment: Deployment, run: RunLayout) -> Mapping[str, Any] | None:
    # pylint: disable-next=import-outside-toplevel  # it takes 70 MB, and a run that goes on to its end does without
    from distributed_ocr_pipeline.run.reporting import store_report

    storage = deployment.storage()
    if not storage.exists(run.options):
        return None
    try:
        options = parse_options(storage.get_json(run.options))
        return store_report(storage, run, options, interrupted=True).as_dict()
    except ServiceFault as error:  # the disk is full
        logger.info("No report was stored: %s", error)
        return None

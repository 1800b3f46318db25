"""`OCRPipeline`: a run as one call, on AWS or on this machine."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.client.execution import Execution
from distributed_ocr_pipeline.config import AWSConfig, OCRConfig, RunOptions
from distributed_ocr_pipeline.deployment import Deployment, find_deployment, input_bucket
from distributed_ocr_pipeline.errors import RunFailed
from distributed_ocr_pipeline.run.planning import Plan
from distributed_ocr_pipeline.run.progress import Progress

_DEPLOYMENT_OPTIONS = ("instance_type", "max_parallel_jobs", "files_per_job")


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        run_id: Names the run's folders.
        plan: How many documents and shards the run had, and how many documents were up to date.
        report: report.json; None where the run ended before it, or had nothing to do.
        output: Where the tables and the report are: a folder or an S3 address.
        seconds: From the first call to the last.
    """

    run_id: str
    plan: Plan
    report: Mapping[str, Any] | None
    output: str
    seconds: float


class UnfinishedRun(RunFailed):
    """A run that was not green; `result` tells how far it came."""

    def __init__(self, cause: str, result: RunResult) -> None:
        super().__init__(cause)
        self.result = result


class Observer:
    """Told how a run goes along; this one ignores it."""

    def planned(self, plan: Plan) -> None:
        """The plan is made; work begins."""

    def progressed(self, progress: Progress) -> None:
        """Documents and pages done so far."""


class OCRPipeline:
    """Runs the workflow over the documents below a prefix.

    Args:
        aws_config: Where and how wide; a value that is not given comes from the deployment.
        ocr_config: How documents become text; likewise.
        output: Folder for the results of local runs.
        observer: Told about plan and progress.

    Example:
        >>> OCRPipeline(AWSConfig(), OCRConfig(languages="eng+deu")).run("documents/")  # doctest: +SKIP
    """

    def __init__(
        self,
        aws_config: AWSConfig | None = None,
        ocr_config: OCRConfig | None = None,
        *,
        output: str | Path = "output",
        observer: Observer | None = None,
    ) -> None:
        self._aws = aws_config or AWSConfig()
        self._ocr = ocr_config or OCRConfig()
        self._output = Path(output)
        self._observer = observer or Observer()

    def run(self, input_prefix: str, **options: Any) -> RunResult:
        """Process everything below `input_prefix` that has no up-to-date result.

        Args:
            input_prefix: `s3://bucket/prefix/`; or a prefix in the configured bucket; or, where no bucket is
                configured, a local folder, which is processed on this machine.
            options: Further run options, such as `reprocess=True` or `max_error_rate=0.01`.

        Raises:
            UnfinishedRun: The run ended, but not green.
            BadInput, NotDeployed, ServiceFault: The run did not start.
        """
        if input_prefix.startswith("s3://"):
            return self._run_deployed(input_prefix, options)
        if bucket := input_bucket(self._aws, os.environ):
            return self._run_deployed(f"s3://{bucket}/{input_prefix.lstrip('/')}", options)
        return self._run_local(Path(input_prefix), options)

    def _run_deployed(self, input_prefix: str, options: Mapping[str, Any]) -> RunResult:
        overrides = self._overrides(input_prefix, options)
        deployment = find_deployment(self._aws, os.environ, Path.cwd())
        return self._execute(deployment, overrides, poll_seconds=10)

    def _run_local(self, folder: Path, options: Mapping[str, Any]) -> RunResult:
        # pylint: disable=import-outside-toplevel  # the local environment is an extra
        from distributed_ocr_pipeline.local.environment import LocalEnvironment
        from distributed_ocr_pipeline.local.folders import (
            download_results,
            find_documents,
            require_writable,
            upload_documents,
            upload_ledger,
        )

        self._overrides("s3://checked-before-anything-starts/", options)
        find_documents(folder)
        require_writable(self._output)
        with LocalEnvironment() as environment:
            deployment = environment.deployment()
            storage = deployment.storage()
            upload_ledger(self._output, storage, deployment.output_bucket)
            overrides = self._overrides(upload_documents(folder, storage, environment.input_bucket), options)
            try:
                result = self._execute(deployment, overrides, poll_seconds=0.5)
            except UnfinishedRun as error:
                result = error.result
                download_results(result.run_id, self._output, storage, deployment.output_bucket)
                raise UnfinishedRun(str(error), replace(result, output=str(self._output))) from None
            download_results(result.run_id, self._output, storage, deployment.output_bucket)
        return replace(result, output=str(self._output))

    def _overrides(self, input_prefix: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """The execution's input: only what the caller chose, so that the deployment's defaults hold for the rest."""
        chosen = self._aws.model_dump(exclude_unset=True, include=set(_DEPLOYMENT_OPTIONS))
        chosen |= self._ocr.model_dump(exclude_unset=True) | {**options, "input_prefix": input_prefix}
        return RunOptions(**chosen).model_dump(exclude_unset=True)

    def _execute(self, deployment: Deployment, overrides: dict[str, Any], poll_seconds: float) -> RunResult:
        started = time.monotonic()
        execution = Execution(deployment, poll_seconds=poll_seconds)
        plan = execution.plan(overrides)
        self._observer.planned(plan)
        outcome = execution.follow(execution.start(plan, overrides), self._observer.progressed)
        output = f"s3://{deployment.output_bucket}"
        result = RunResult(execution.run_id, plan, outcome.report, output, time.monotonic() - started)
        if outcome.status != "SUCCEEDED":
            raise UnfinishedRun(outcome.cause or f"The execution ended as {outcome.status}.", result)
        return result

"""`OCRPipeline`: a run as one call, on AWS or on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.client.command_line.proposals import command
from distributed_ocr_pipeline.client.execution import execute
from distributed_ocr_pipeline.client.results import InterruptedRun, Observer, RunResult, UnfollowedRun
from distributed_ocr_pipeline.client.started_run import Run
from distributed_ocr_pipeline.config import AWSConfig, JobConfig, OCRConfig, RunSettings
from distributed_ocr_pipeline.deployment import Deployment, find_deployment, input_bucket, place_of
from distributed_ocr_pipeline.errors import BadInput

_POLL_SECONDS = 10.0


class OCRPipeline:
    """Runs the workflow over the documents below a prefix.

    Args:
        aws_config: Where and how wide; a value that is not given comes from the deployment.
        ocr_config: How documents become text; likewise.
        output: Folder for the results of local runs.
        observer: Told about plan and progress.

    Raises:
        BadInput: `output` is an empty text.

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
        if not str(output).strip():
            raise BadInput("The name of the output folder is empty.", "Give a folder ('.' is this one).")
        self._output = Path(os.path.expanduser(output))
        self._observer = observer or Observer()

    def start(self, input_prefix: str | Path, **options: Any) -> Run:
        """Begin what `run` does, and do not wait for it. The run's `wait` must be called before the program ends.

        Args:
            input_prefix, options: As of `run`.

        Raises:
            BadInput, NotDeployed: Such a run cannot be. Everything else is raised by the run's `wait`.
        """
        place, settings = self._place(input_prefix), self._settings(options)

        def work(observer: Observer) -> RunResult:
            return self._run(place, settings, observer)

        output = self._output if isinstance(place, Path) else f"s3://{self._deployment().output_bucket}"
        return Run(work, str(output), self._observer)

    def run(self, input_prefix: str | Path, **options: Any) -> RunResult:
        """Process everything below `input_prefix` that has no up-to-date result.

        Args:
            input_prefix: `s3://bucket/prefix/`; or a prefix in the configured bucket; or, where no bucket is
                configured, a local folder, which is processed on this machine, as a `Path` is in any case.
            options: Further run options, such as `reprocess=True` or `max_error_rate=0.01`.

        Raises:
            UnfinishedRun: The run ended, but not green.
            (`InterruptedRun`: Ctrl-C ended it here; on AWS it goes on.)
            UnfollowedRun: The run was started on AWS and goes on; AWS does not say any more how it is.
            BadInput, NotDeployed, ServiceFault: The run did not start.
        """
        return self._run(self._place(input_prefix), self._settings(options), self._observer)

    def _place(self, input_prefix: str | Path) -> str | Path:
        """An S3 address, which a deployment processes, or a folder."""
        return place_of(input_prefix, input_bucket(self._aws, os.environ))

    def _run(self, place: str | Path, settings: RunSettings, observer: Observer) -> RunResult:
        if isinstance(place, Path):
            return self._run_local(place, settings, observer)
        return self._run_deployed(place, settings, observer)

    def _deployment(self) -> Deployment:
        return find_deployment(self._aws, os.environ, Path.cwd())

    def _settings(self, options: Mapping[str, Any]) -> RunSettings:
        """Only what the caller chose is set, so that the deployment's defaults hold for the rest."""
        chosen = self._aws.model_dump(exclude_unset=True, include=set(JobConfig.names()))
        return RunSettings(**(chosen | self._ocr.model_dump(exclude_unset=True) | dict(options)))

    def _run_deployed(self, input_prefix: str, settings: RunSettings, observer: Observer) -> RunResult:
        deployment = self._deployment()
        try:
            return execute(deployment, settings, input_prefix, observer=observer, poll_seconds=_POLL_SECONDS)
        except InterruptedRun as error:
            cause = f"{error.cause} {_goes_on('It', error.result.run_id)}"
            raise InterruptedRun(cause, error.result, error.execution_arn) from None
        except UnfollowedRun as error:
            advice = _goes_on(f"The run {error.run_id}", error.run_id)
            raise UnfollowedRun(str(error), error.run_id, advice, code=error.code) from error

    def _run_local(self, folder: Path, settings: RunSettings, observer: Observer) -> RunResult:
        from distributed_ocr_pipeline.local.run import (  # pylint: disable=import-outside-toplevel  # an extra
            run_folder,
        )

        return run_folder(folder, settings, output=self._output, observer=observer)


def _goes_on(subject: str, run_id: str) -> str:
    return f"{subject} goes on without this command; to stop it: {command('stop', run_id)}"

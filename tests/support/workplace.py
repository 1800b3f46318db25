"""A deployment at the local endpoint for runs of real documents, questions about them, and the faults of scenarios."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from fpdf import FPDF

from distributed_ocr_pipeline.client.execution import Execution
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.local.deploy import INPUT_BUCKET
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.latest import current_rows
from distributed_ocr_pipeline.tables.schema import DOCUMENTS_SCHEMA, LEDGER_SCHEMA, PAGES_SCHEMA
from local_aws.clients import Endpoint
from tests.support.scenarios import Outcome, Scenario
from tests.support.tables import read_table

RUN_SECONDS = 180
RETRY_WAIT_SCALE = 0.001


def paper(text: str) -> bytes:
    """A page of born-digital text: as cheap to read as a document can be."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.multi_cell(0, text=f"This is the document {ascii(text)}. " * 8)
    return bytes(pdf.output())


OTHER_JOB_FAULTS = (
    {"name": "ocr-s*", "run": "a-job-is-killed-again", "kill": "progress run_id", "times": 1},
    {
        "name": "ocr-check-*",
        "run": "check-meets-faults",
        "end": {"status": "Failed", "failure": "capacity"},
        "times": 2,
    },
    {
        "name": "ocr-check-*",
        "run": "check-meets-faults",
        "end": {"status": "Failed", "failure": "algorithm"},
        "times": 1,
    },
    {"name": "ocr-s*", "run": "stopped-at-work", "stop": "progress run_id"},
    {
        "name": "ocr-plan-*",
        "run": "plan-needs-memory",
        "end": {"status": "Failed", "failure_reason": "ClientError: Please use an instance type with more memory."},
    },
    {"name": "ocr-s*", "run": "map-fails", "end": {"status": "Failed", "failure_reason": "ClientError: no such image"}},
)
"""Of test_runs.py."""

BARRED_PREFIX = f"s3://{INPUT_BUCKET}/barred/"
OTHER_REQUEST_FAULTS = (
    {"method": "PUT", "path": "*/locks/*/after-late-1-*", "refuse": "SlowDown", "times": 1},
    {"method": "PUT", "path": "*/locks/*/after-late-1-*", "refuse": "SlowDown", "times": 1, "done": True},
    {"method": "PUT", "path": "*/runs/unanswered/run.json", "refuse": "SlowDown", "times": 1, "done": True},
    {
        "method": "PUT",
        "path": f"*/locks/{hashlib.sha256(BARRED_PREFIX.encode()).hexdigest()}.json",
        "refuse": "SlowDown",
    },
    {"method": "GET", "path": "/barred*", "refuse": "AccessDenied"},
)
"""Of test_turns.py, and the last one of test_bad_input.py."""


def fault_plan(scenarios: tuple[Scenario, ...]) -> dict[str, Any]:
    """Everybody's rules in one file, each for its own run."""
    return {
        "retry_wait_scale": RETRY_WAIT_SCALE,
        "jobs": [{**rule, "run": scenario.name} for scenario in scenarios for rule in scenario.job_faults]
        + list(OTHER_JOB_FAULTS),
        "requests": [
            {**rule, "path": rule["path"].format(run=scenario.name)}
            for scenario in scenarios
            for rule in scenario.request_faults
        ]
        + list(OTHER_REQUEST_FAULTS),
        "objects": [{"path": "/*/three-gigabytes.pdf", "size_bytes": 3 * 1024**3}],
    }


@dataclass(frozen=True)
class Workplace:
    """The deployment, and questions about runs."""

    deployment: Deployment

    @cached_property
    def _endpoint(self) -> Endpoint:
        return Endpoint(str(self.deployment.endpoint_url))

    def client(self, service: str) -> Any:
        return self._endpoint.client(service, self.deployment.region)

    @property
    def input_bucket(self) -> str:
        return str(self.deployment.input_bucket)

    def put(self, prefix: str, *names: str) -> str:
        """Store small documents; returns the run's input_prefix."""
        for name in names:
            self.client("s3").put_object(Bucket=self.input_bucket, Key=f"{prefix}/{name}", Body=paper(name))
        return f"s3://{self.input_bucket}/{prefix}/"

    def start(self, run_id: str, input_prefix: str, **options: Any) -> str:
        """Start a run as from the console: it plans by itself."""
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.deployment.state_machine_arn,
            name=run_id,
            input=json.dumps({"input_prefix": input_prefix, "max_parallel_jobs": 2, **options}),
        )
        return str(answer["executionArn"])

    def run_changed(self, prefix: str, change: Callable[[Any, str], object], **options: Any) -> tuple[str, str]:
        """A run that its caller planned, with a change to the input bucket between plan and start.

        Args:
            prefix: The run's input_prefix.
            change: Gets the client of S3 and the bucket's name.
            options: Of the run.

        Returns:
            How it ended, and its id.
        """
        execution = Execution(self.deployment, poll_seconds=0.1)
        with TemporaryDirectory() as folder:
            before = execution.last_turn(prefix)
            plan = execution.plan({"input_prefix": prefix, **options}, Path(folder))
            change(self.client("s3"), self.input_bucket)
            arn = execution.start(plan, {"input_prefix": prefix, **options}, Path(folder), planned_after=before)
        return execution.follow(arn, lambda progress: None).status, execution.run_id

    def finish(self, execution_arn: str, seconds: float = RUN_SECONDS) -> Mapping[str, Any]:
        """The execution's description after its end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer: Mapping[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution_arn)
            if answer["status"] != "RUNNING":
                return answer
            time.sleep(0.1)
        raise AssertionError(f"{execution_arn} did not end in {seconds} seconds")

    def jobs(self, run_id: str) -> dict[str, int]:
        """How many jobs of each kind a run created."""
        client = self.client("sagemaker")
        pages = client.get_paginator("list_processing_jobs").paginate()
        names = {job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]}  # pages overlap
        counts = {"plan": 0, "s": 0, "check": 0, "report": 0}
        for name in names:
            if client.describe_processing_job(ProcessingJobName=name)["Environment"]["OCR_RUN_ID"] == run_id:
                counts[next(kind for kind in counts if name.startswith(f"ocr-{kind}"))] += 1
        return counts

    def rows(self, run_id: str) -> dict[str, list[dict[str, Any]]]:
        """A run's ledger by file name; a document may wrongly have several rows."""
        found: dict[str, list[dict[str, Any]]] = {}
        location = self._location(f"documents/run_id={run_id}/")
        for row in read_table(self._storage(), location, DOCUMENTS_SCHEMA, DOCUMENTS_SCHEMA.names):
            found.setdefault(row["source_uri"].rpartition("/")[2], []).append(row)
        return found

    def pages(self, run_id: str) -> list[tuple[str, int, str]]:
        """A run's pages: document, number and text, sorted."""
        columns = ["source_uri", "page_number", "text"]
        rows = read_table(self._storage(), self._location(f"pages/run_id={run_id}/"), PAGES_SCHEMA, columns)
        return sorted((row["source_uri"].rpartition("/")[2], row["page_number"], row["text"]) for row in rows)

    def current(self, input_prefix: str) -> dict[str, Outcome]:
        """The rows that count below a prefix."""
        ledger = read_table(self._storage(), self._location("documents/"), LEDGER_SCHEMA, LEDGER_SCHEMA.names)
        table = pa.Table.from_pylist(ledger, LEDGER_SCHEMA)
        rows = [row for row in current_rows(table).to_pylist() if row["source_uri"].startswith(input_prefix)]
        return {row["source_uri"].removeprefix(input_prefix): (row["status"], row["error_class"]) for row in rows}

    def report(self, run_id: str) -> Mapping[str, Any]:
        """report.json."""
        report: Mapping[str, Any] = self._storage().get_json(self._location(f"runs/{run_id}/report.json"))
        return report

    def _storage(self) -> Storage:
        return self.deployment.storage()

    def _location(self, key: str) -> S3Location:
        return S3Location(self.deployment.output_bucket, key)

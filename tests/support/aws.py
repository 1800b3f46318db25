"""S3 on a moto server, and what stands in for the other services that a client calls."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage

REGION = "us-east-1"
CREDENTIALS = ("testing", "testing")
OUTPUT_BUCKET = "results"


@contextmanager
def s3_server() -> Iterator[str]:
    """A moto server that has nothing in it; yields its address. Servers of one process share what they have."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    try:
        urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()
        yield endpoint
    finally:
        server.stop()


def session() -> boto3.Session:
    """Credentials that moto takes, whatever the environment says."""
    return boto3.Session(*CREDENTIALS, region_name=REGION)


def s3_client(endpoint: str) -> Any:
    """boto3's client of the server's S3."""
    return session().client("s3", endpoint_url=endpoint)


def use_server(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Make the usual AWS settings of this process and its children mean the server."""
    access_key, secret_key = CREDENTIALS
    settings = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key, "AWS_DEFAULT_REGION": REGION}
    for name, value in {"AWS_ENDPOINT_URL": endpoint, **settings}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def upload_folder(storage: Storage, folder: Path, prefix: S3Location) -> None:
    """Store every file below a folder, under the same relative names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            storage.upload(path, prefix.below(path.relative_to(folder).as_posix()))


def refusal(code: str, operation: str = "Call") -> ClientError:
    """An answer of AWS that refuses a call."""
    return ClientError({"Error": {"Code": code, "Message": "No."}}, operation)


@dataclass(frozen=True)
class StandIn(Deployment):
    """A deployment whose S3 is a moto server, and whose other services are objects of a test, or moto's."""

    services: Mapping[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.services[service] if service in self.services else super().client(service)


class Workflow:
    """Step Functions with one state machine: an execution that ends, after `polls` looks at it, as it is told to.

    `at_start` is called with the execution's name, as the workflow would begin; `report` is stored at the end.
    """

    def __init__(
        self,
        s3: Any,
        *,
        status: str = "SUCCEEDED",
        cause: str | None = None,
        report: Mapping[str, Any] | None = None,
        polls: int = 1,
        at_start: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._s3, self._at_start = s3, at_start
        self._end = {"status": status} | ({"cause": cause} if cause else {})
        self._report, self._polls = report, polls
        self.started: list[dict[str, Any]] = []

    def describe_state_machine(self, **_: Any) -> dict[str, Any]:
        fields = RunOptions.model_fields
        defaults = {name: field.default for name, field in fields.items() if name != "input_prefix"}
        return {"definition": json.dumps({"States": {"Defaults": {"Result": defaults}}})}

    def start_execution(self, **request: Any) -> dict[str, str]:
        self.started.append(request)
        self._at_start(request["name"])
        return {"executionArn": f"arn:{request['name']}"}

    def describe_execution(self, *, executionArn: str) -> Mapping[str, Any]:  # pylint: disable=invalid-name
        assert executionArn == f"arn:{self.started[-1]['name']}"
        if self._polls:
            self._polls -= 1
            return {"status": "RUNNING"}
        if self._report is not None:
            location: S3Location = RunLayout(OUTPUT_BUCKET, self.started[-1]["name"]).report
            self._s3.put_object(Bucket=location.bucket, Key=location.key, Body=json.dumps(self._report))
        return self._end


class Logs:
    """CloudWatch Logs: answers in order, each the (time in ms, message) of one call's events, or a refusal."""

    def __init__(self, *answers: list[tuple[int, str]] | ClientError) -> None:
        self._answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    def get_paginator(self, name: str) -> "Logs":
        assert name == "filter_log_events"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.calls.append(request)
        answer = self._answers.pop(0) if self._answers else []
        if isinstance(answer, ClientError):
            raise answer
        for moment, message in answer:
            yield {"events": [{"timestamp": moment, "message": message}]}

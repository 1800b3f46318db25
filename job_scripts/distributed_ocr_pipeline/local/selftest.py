"""The `test` command: a small run through the local environment and checks of its results."""

import io
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import RunFailed
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.local.background import running
from distributed_ocr_pipeline.records import S3Location

_DOCUMENTS = {"letter.png": "A letter to Alice", "invoice.pdf": "Invoice 2024", "notes.tiff": "Meeting notes"}
_FORMATS = {".png": "PNG", ".pdf": "PDF", ".tiff": "TIFF"}
_WIDTH, _HEIGHT, _DPI, _FONT_PIXELS = 1700, 600, 200, 110
_SECONDS = 300.0
_PULSE_SECONDS = 0.5


def run_test(folder: Path) -> None:
    """Process three small documents and check the results, a line for each check; `RunFailed` at the first failure."""
    deployment = running(folder)
    run_id = f"test-{uuid4().hex[:8]}"
    _upload(deployment, run_id)
    answer = _execute(deployment, run_id)
    _check(f"the run {run_id} succeeded", answer["status"] == "SUCCEEDED", answer.get("cause") or answer["status"])
    run = RunLayout(deployment.output_bucket, run_id)
    documents = _rows(deployment, run.documents)
    _check(f"the ledger has {len(_DOCUMENTS)} documents", len(documents) == len(_DOCUMENTS), f"{len(documents)} rows")
    failed = [row for row in documents if row["status"] != "succeeded"]
    _check("all of them succeeded", not failed, str(failed))
    pages = _rows(deployment, run.pages)
    for name, text in _DOCUMENTS.items():
        found = " ".join(row["text"] for row in pages if row["source_uri"].endswith(f"/{name}"))
        _check(f"{name} reads '{text}'", text.split()[0] in found, f"its text is {found!r}")


def _upload(deployment: Deployment, run_id: str) -> None:
    for name, text in _DOCUMENTS.items():
        deployment.client("s3").put_object(
            Bucket=deployment.input_bucket, Key=f"{run_id}/{name}", Body=_draw(text, _FORMATS[Path(name).suffix])
        )


def _draw(text: str, image_format: str) -> bytes:
    """One page with one line of text."""
    page = Image.new("L", (_WIDTH, _HEIGHT), 255)
    ImageDraw.Draw(page).text((150, 200), text, fill=0, font=ImageFont.load_default(_FONT_PIXELS))
    content = io.BytesIO()
    page.save(content, image_format, resolution=_DPI, dpi=(_DPI, _DPI))
    return content.getvalue()


def _execute(deployment: Deployment, run_id: str) -> Mapping[str, Any]:
    client = deployment.client("stepfunctions")
    arn = client.start_execution(
        stateMachineArn=deployment.state_machine_arn,
        name=run_id,
        input=json.dumps({"input_prefix": f"s3://{deployment.input_bucket}/{run_id}/"}),
    )["executionArn"]
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        answer: Mapping[str, Any] = client.describe_execution(executionArn=arn)
        if answer["status"] != "RUNNING":
            return answer
        time.sleep(_PULSE_SECONDS)
    raise RunFailed(f"The run {run_id} did not end within {_SECONDS:.0f} s.", "See `make local-logs`.")


def _rows(deployment: Deployment, prefix: S3Location) -> list[dict[str, Any]]:
    """All rows of the Parquet files below a prefix."""
    client = deployment.client("s3")
    found = client.list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.key).get("Contents", [])
    rows: list[dict[str, Any]] = []
    for item in found:
        content = client.get_object(Bucket=prefix.bucket, Key=item["Key"])["Body"].read()
        # On this thread: one of Arrow's that lets go of a Python file while the process ends takes the process down.
        rows += pq.ParquetFile(io.BytesIO(content)).read(use_threads=False).to_pylist()
    return rows


def _check(what: str, holds: bool, otherwise: str) -> None:
    print(f"{'ok' if holds else 'FAILED'}: {what}" + ("" if holds else f": {otherwise}"))
    if not holds:
        raise RunFailed("The local environment does not work as it should.", "See `make local-logs`.")

"""What a run would take is told of every source, and a run that may cost more than is allowed begins nothing."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.main import main
from tests.support.workplace import Workplace

NAMES = ("a.pdf", "b c.pdf", "d.pdf")


@pytest.fixture(name="workplace")
def fixture_workplace() -> Iterator[Workplace]:
    with LocalEnvironment() as environment, pytest.MonkeyPatch.context() as patch:
        for name, content in environment.environ().items():
            patch.setenv(name, content)
        yield Workplace(environment.deployment())


def inventory_of(workplace: Workplace) -> str:
    """The address of an S3 Inventory's manifest that names the documents."""
    client, bucket = workplace.client("s3"), workplace.input_bucket
    rows = "".join(f'"{bucket}","in/{name.replace(" ", "%20")}"\n' for name in NAMES)
    client.put_object(Bucket=bucket, Key="inventory/data.csv.gz", Body=gzip.compress(rows.encode()))
    manifest = {
        "sourceBucket": bucket,
        "destinationBucket": f"arn:aws:s3:::{bucket}",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key",
        "files": [{"key": "inventory/data.csv.gz"}],
    }
    client.put_object(Bucket=bucket, Key="inventory/manifest.json", Body=json.dumps(manifest).encode())
    return f"s3://{bucket}/inventory/manifest.json"


def estimated(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    status, printed = main(["estimate", *words, "--json"]), capsys.readouterr()
    assert status == ExitCode.OK, printed.err
    found: dict[str, Any] = json.loads(printed.out)
    return found


def test_a_prefix_a_list_an_inventory_and_a_folder_of_the_same_documents_have_the_same_pages(
    workplace: Workplace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix, listed, folder = workplace.put("in", *NAMES), tmp_path / "list.txt", tmp_path / "in"
    listed.write_text("".join(f"{prefix}{name}\n" for name in NAMES), encoding="utf-8")
    folder.mkdir()
    for name in NAMES:
        workplace.client("s3").download_file(workplace.input_bucket, f"in/{name}", str(folder / name))
    lists = (str(listed), inventory_of(workplace))
    found = [estimated(capsys, prefix), *(estimated(capsys, prefix, "--document-list", one) for one in lists)]
    for name in (name for name in os.environ if name.startswith("OCR_")):  # with a deployment, a path is of its bucket
        monkeypatch.delenv(name)
    found.append(estimated(capsys, str(folder)))
    assert [(one["documents"], one["pages"]["expected"]) for one in found] == [(3, 3)] * 4


def test_a_run_over_its_price_begins_no_shard(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    prefix = workplace.put("in", *NAMES)
    assert main(["--input-prefix", prefix, "--max-cost-usd", "0.000001"]) == ExitCode.BAD_INPUT
    assert "The run may cost more than max_cost_usd 1e-06" in capsys.readouterr().err
    answer = workplace.finish(workplace.start("too-dear", prefix, max_cost_usd=0.000001))
    assert answer["status"] == "FAILED" and "may cost more than max_cost_usd 1e-06" in answer["cause"]
    assert workplace.jobs("too-dear") == {"plan": 1, "s": 0, "check": 0, "report": 0}

"""What a run cannot be planned from: one line on the command line and in the console, and nothing half-written."""

import gzip
import json
import re
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.execution import Execution
from distributed_ocr_pipeline.errors import BadInput
from tests.support.workplace import Workplace

CASES = {
    "missing-bucket": ("s3://not-there/in/", None, r"Listing s3://not-there/in/ failed: .* \(NoSuchBucket\)\."),
    "barred-bucket": ("s3://barred/in/", None, r"Listing s3://barred/in/ failed: .* \(AccessDenied\)\."),
    "empty-prefix": ("s3://{bucket}/nothing/", None, r"There are no documents under s3://\S+/nothing/\."),
    "missing-list": (
        "s3://{bucket}/bad/",
        "lists/no.txt",
        r"Reading s3://\S+/lists/no\.txt failed: .* \(NoSuchKey\)\.",
    ),
    "line-of-list": (
        "s3://{bucket}/bad/",
        "lists/a.txt",
        r"'s3://elsewhere/b\.pdf' in line 2 of s3://\S+/lists/a\.txt",
    ),
    "line-of-json": ("s3://{bucket}/bad/", "lists/a.jsonl", r"Line 2 of s3://\S+/lists/a\.jsonl cannot be read: "),
    "not-utf-8": ("s3://{bucket}/bad/", "lists/b.txt", r"Line 2 of s3://\S+/lists/b\.txt is not UTF-8\."),
    "manifest": (
        "s3://{bucket}/bad/",
        "lists/broken/manifest.json",
        r"s3://\S+/manifest\.json cannot be read: .*line 2",
    ),
    "line-of-inventory": (
        "s3://{bucket}/bad/",
        "lists/inventory/manifest.json",
        r"Line 2 of the inventory's file s3://\S+/1\.csv\.gz cannot be read: it has 1 values for 2 columns",
    ),
}


@pytest.fixture(name="lists", scope="module")
def fixture_lists(workplace: Workplace) -> None:
    """A document that a run could read, and lists of it that are wrong from their second line on."""
    workplace.put("bad", "a.pdf")
    good = f"s3://{workplace.input_bucket}/bad/a.pdf"
    manifest = {
        "sourceBucket": workplace.input_bucket,
        "destinationBucket": f"arn:aws:s3:::{workplace.input_bucket}",
        "fileFormat": "CSV",
        "fileSchema": "Key, Size",
        "files": [{"key": "lists/inventory/1.csv.gz"}],
    }
    contents = {
        "lists/a.txt": f"{good}\ns3://elsewhere/b.pdf\n".encode(),
        "lists/a.jsonl": f'{{"uri": "{good}"}}\n{{"uri": \n'.encode(),
        "lists/b.txt": good.encode() + b"\ns3://caf\xe9.pdf\n",
        "lists/broken/manifest.json": b'{"sourceBucket":\n',
        "lists/inventory/manifest.json": json.dumps(manifest).encode(),
        "lists/inventory/1.csv.gz": gzip.compress(b'"bad/a.pdf","1000"\n"bad/b.pdf"\n'),
    }
    for key, content in contents.items():
        workplace.client("s3").put_object(Bucket=workplace.input_bucket, Key=key, Body=content)


def options_of(workplace: Workplace, name: str) -> dict[str, str]:
    """The input of a case's run."""
    prefix, document_list, _ = CASES[name]
    options = {"input_prefix": prefix.format(bucket=workplace.input_bucket)}
    return options | ({"document_list": f"s3://{workplace.input_bucket}/{document_list}"} if document_list else {})


def left_behind(workplace: Workplace, run_id: str) -> set[str]:
    """Names of a run's files, results included."""
    pages = workplace.client("s3").get_paginator("list_objects_v2").paginate(Bucket=workplace.deployment.output_bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {key.rpartition("/")[2] for key in keys if run_id in key.replace("run_id=", "").split("/")}


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize("name", CASES)
def test_the_command_line_says_in_one_line_what_is_wrong_and_stores_nothing(
    workplace: Workplace, tmp_path: Path, name: str
) -> None:
    execution = Execution(workplace.deployment)
    with pytest.raises(BadInput, match=CASES[name][2]) as caught:
        execution.plan(options_of(workplace, name), tmp_path)
    assert "\n" not in str(caught.value)
    assert left_behind(workplace, execution.run_id) == set()


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize("name", CASES)
def test_the_console_says_the_same_after_one_planning_job(workplace: Workplace, name: str) -> None:
    run_id, options = f"bad-{name}", options_of(workplace, name)
    answer = workplace.finish(workplace.start(run_id, options.pop("input_prefix"), **options))
    assert answer["status"] == "FAILED"
    assert re.search(CASES[name][2], answer["cause"])
    assert "\n" not in answer["cause"] and "Internal error" not in answer["cause"]
    assert workplace.jobs(run_id) == {"plan": 1, "s": 0, "check": 0, "report": 0}, "tried once, and no shard started"
    assert left_behind(workplace, run_id) == {"run.json"}

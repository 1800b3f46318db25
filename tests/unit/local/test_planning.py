"""A run's plan is made from the folder itself, by a process that ends with its caller."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from distributed_ocr_pipeline.config import RunOptions, parse_options
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.errors import BadInput, PipelineError, ServiceFault
from distributed_ocr_pipeline.layout import PLANNED_FILE
from distributed_ocr_pipeline.local.deploy import INPUT_BUCKET, default_options
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.local.planning import FolderPlanner
from local_aws.s3.folder import FolderBucket
from local_aws.settings import BucketFolder
from tests.support.aws import CREDENTIALS, OUTPUT_BUCKET, REGION, s3_client, s3_server

PATIENCE = 60.0


@pytest.fixture(name="deployment", scope="module")
def fixture_deployment() -> Iterator[Deployment]:
    with s3_server() as endpoint:
        s3_client(endpoint).create_bucket(Bucket=OUTPUT_BUCKET)
        yield Deployment(REGION, "arn:machine", OUTPUT_BUCKET, INPUT_BUCKET, None, endpoint, CREDENTIALS)


@pytest.fixture(name="folders")
def fixture_folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Documents, results, and where the plan's files go."""
    for name in ("docs/a.pdf", "docs/sub/b ü.pdf", "docs/out/old.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"%PDF-1.4 " + name.encode())
    os.mkfifo(tmp_path / "docs/pipe.pdf")
    (tmp_path / "plan").mkdir()
    return tmp_path / "docs", tmp_path / "docs/out", tmp_path / "plan"


def options(**chosen: object) -> RunOptions:
    return parse_options({**default_options(), "input_prefix": f"s3://{INPUT_BUCKET}/", **chosen})


def test_the_plan_has_what_the_bucket_would_list_but_no_results(
    deployment: Deployment, folders: tuple[Path, Path, Path]
) -> None:
    documents, results, folder = folders
    plan = FolderPlanner(documents, results)(deployment, options(), folder)
    assert (plan.documents, plan.shards, plan.up_to_date, plan.max_concurrency) == (3, 1, 0, 1)
    assert plan.input_uri == f"{documents.as_uri()}/"
    rows = pq.read_table(folder / PLANNED_FILE, columns=["key", "etag", "source_uri"]).to_pylist()
    listed = FolderBucket(BucketFolder(documents, read_only=True, left_out=(results,))).walk()
    assert {row["key"]: row["etag"] for row in rows} == {item.key: item.etag for item in listed}
    assert {row["source_uri"] for row in rows} == {
        (documents / name).as_uri() for name in ("a.pdf", "sub/b ü.pdf", "pipe.pdf")
    }


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (
            {"include": ["*.tif"]},
            r"^There are no documents under /\S+/docs/\. Check the patterns of include and exclude\.$",
        ),
        ({"passwords": "none.txt"}, "^The passwords in 'none.txt' cannot be read: There is no 'none.txt'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    chosen: dict[str, object], words: str, deployment: Deployment, folders: tuple[Path, Path, Path]
) -> None:
    documents, results, folder = folders
    with pytest.raises(BadInput, match=words):
        FolderPlanner(documents, results)(deployment, options(**chosen), folder)


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        ("exit 2", ServiceFault, "^It failed.$"),
        ("exit 1", PipelineError, r"was ended \(exit status 1\)\. warning\nIt failed\.$"),
        ("kill -9 $$", ServiceFault, r"was ended \(signal 9\)\. If memory ran out, .*run again: nothing has begun\.$"),
    ],
)
def test_how_the_process_ended_is_told(
    end: str,
    kind: type[PipelineError],
    words: str,
    deployment: Deployment,
    folders: tuple[Path, Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    documents, results, folder = folders
    python = folder / "python"
    python.write_text(f"#!/bin/sh\necho warning; echo It failed.; {end}\n", encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(PipelineError, match=words) as error:
        FolderPlanner(documents, results)(deployment, options(), folder)
    assert error.type is kind


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 cannot leave the working folder out")
def test_no_module_of_the_working_folder_is_loaded(
    deployment: Deployment, folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, results, folder = folders
    for name in ("queue.py", "distributed_ocr_pipeline.py"):
        (documents / name).write_text("import sys\nsys.exit('a file among the documents was run')\n", encoding="utf-8")
    monkeypatch.chdir(documents)
    assert FolderPlanner(Path(), results)(deployment, options(), folder).documents == 5
    with LocalEnvironment(bare=True) as environment:
        assert environment.client("s3").list_buckets()["Buckets"] == []


def test_the_process_ends_with_its_caller(folders: tuple[Path, Path, Path]) -> None:
    documents, results, folder = folders
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        program = f"""
from pathlib import Path
from distributed_ocr_pipeline.deployment import Deployment
from distributed_ocr_pipeline.local.environment import LocalEnvironment
from distributed_ocr_pipeline.local.planning import FolderPlanner
from tests.unit.local.test_planning import options
url = "http://127.0.0.1:{silent.getsockname()[1]}"
deployment = Deployment("{REGION}", "arn", "{OUTPUT_BUCKET}", None, None, url, ("a", "b"))
FolderPlanner(Path({str(documents)!r}), Path({str(results)!r}))(deployment, options(), Path({str(folder)!r}))
"""
        with subprocess.Popen([sys.executable, "-c", program]) as caller:
            silent.settimeout(PATIENCE)
            with silent.accept()[0]:
                planner = psutil.Process(caller.pid).children()[0]
                caller.send_signal(signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while planner.is_running() and planner.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < end, "the planner goes on"
            time.sleep(0.05)

"""What a server loads, and what it can load later."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[2] / "job_scripts"
BATCH = """
import sys
from local_aws.imports import without_batch
with without_batch():
    from local_aws import application
print("moto.ec2" in sys.modules, "moto.batch" in sys.modules)
from moto.backends import get_backend
print(get_backend("batch")["123456789012"]["us-west-2"].region_name)
"""
MODELS = """
import collections, json
from botocore.loaders import JSONFileLoader

load, read = JSONFileLoader.load_file, collections.Counter()

def load_counted(self, path):
    data = load(self, path)
    read["/".join(path.split("/")[-3::2])] += data is not None
    return data

JSONFileLoader.load_file = load_counted
from local_aws.server import serving
from local_aws.settings import ServerSettings

with serving(ServerSettings({}, "ROOT", "RUN", "image", "", "DEMO_")) as endpoint:
    logs, sagemaker, s3 = (endpoint.client(name, "us-west-2") for name in ("logs", "sagemaker", "s3"))
    jobs = sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
    groups = logs.describe_log_groups()["logGroups"]
    s3.create_bucket(Bucket="docs", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    upload = s3.create_multipart_upload(Bucket="docs", Key="a")["Key"]
print(json.dumps([read, jobs, groups, upload]))
"""


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_server_starts_without_ec2_and_answers_calls_of_batch_all_the_same() -> None:
    assert printed(BATCH).split("\n")[:2] == ["False False", "us-west-2"]


def test_a_model_is_read_once_but_for_those_that_moto_amends() -> None:
    read: dict[str, int]
    answers: list[Any]
    read, *answers = json.loads(printed(MODELS))
    assert answers == [[], [], "a"]
    models = {name.partition("/")[0]: times for name, times in read.items() if name.endswith("/service-2") and times}
    assert models == {"logs": 1, "sagemaker": 1, "s3": 2}

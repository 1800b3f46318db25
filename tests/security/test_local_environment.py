"""The local environment against web pages, and a run against what a hostile plan or document could make of it."""

import http.client
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from tests.support.executions import finish, jobs_of, run, start, write_pretending_scripts

# Instead of reading documents: tells what the worker's job sees of its environment.
CURIOUS_WORKER = """
import json, os, pathlib
folder = pathlib.Path(os.environ["OCR_ML_ROOT"]) / "processing/output/documents"
(folder / (os.environ["OCR_SHARD_ID"] + ".parquet")).write_text(json.dumps(dict(os.environ)))
"""


@pytest.fixture(scope="module", name="scripts")
def fixture_scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pretending_scripts(tmp_path_factory.mktemp("scripts"))


@pytest.fixture(scope="module", name="environment")
def fixture_environment(scripts: Path) -> Iterator[LocalEnvironment]:
    (scripts / "faults.json").write_text('{"retry_wait_scale": 0.001}', encoding="utf-8")
    secrets = {"AWS_SECRET_ACCESS_KEY": "hidden", "AWS_SESSION_TOKEN": "hidden", "GITHUB_TOKEN": "hidden"}
    environ = secrets | {"OCR_LOCAL_FAULTS": str(scripts / "faults.json")}
    with LocalEnvironment(scripts=scripts, grace_seconds=1, environ=environ) as environment:
        yield environment


def answer(environment: LocalEnvironment, headers: Mapping[str, str], method: str = "GET") -> int:
    """Status of a request for the list of buckets with these headers."""
    address = urlsplit(environment.endpoint_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    try:
        headers = {name: value.replace("PORT", str(address.port)) for name, value in headers.items()}
        connection.request(method, "/", body=b"" if method == "POST" else None, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


FROM_A_WEB_PAGE: list[dict[str, str]] = [
    {"Host": "attacker.example"},  # whose name leads to this machine meanwhile
    {"Host": "attacker.example:PORT"},
    {"Host": "localhost.attacker.example"},
    {"Host": "127.0.0.1.attacker.example:PORT"},
    {"Host": "127.0.0.1@attacker.example"},
    {"Host": ""},
    {"Origin": "http://attacker.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Origin": "https://127.0.0.1:PORT"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("headers", FROM_A_WEB_PAGE, ids=str)
def test_a_web_page_is_refused(environment: LocalEnvironment, headers: dict[str, str], method: str) -> None:
    assert answer(environment, headers, method) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:PORT"},
        {"Host": "LOCALHOST"},
        {"Host": "ocr-local-input.localhost:PORT"},
        {"Origin": "http://127.0.0.1:PORT", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_programs_and_its_own_pages_are_answered(environment: LocalEnvironment, headers: dict[str, str]) -> None:
    assert answer(environment, headers) == 200


def test_only_this_machine_can_connect(environment: LocalEnvironment) -> None:
    connections = psutil.Process(environment.pid).net_connections("tcp")
    assert {socket.laddr.ip for socket in connections if socket.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_the_worker_of_a_run_is_cut_off_and_sees_no_credentials(environment: LocalEnvironment, scripts: Path) -> None:
    (scripts / "process_shard.py").write_text(CURIOUS_WORKER, encoding="utf-8")
    run(environment, "curious", "a.pdf")
    (job,) = jobs_of(environment, "curious", "ocr-s0000-")
    assert job["NetworkConfig"]["EnableNetworkIsolation"]
    key = "documents/run_id=curious/s0000.parquet"
    seen = json.loads(environment.client("s3").get_object(Bucket=environment.output_bucket, Key=key)["Body"].read())
    assert {name for name in seen if name.startswith("AWS_")} == {"AWS_EC2_METADATA_DISABLED"}
    assert "hidden" not in json.dumps(seen)


@pytest.mark.parametrize("shard_id", ["../../up", "a/b", "s0 --network=host", "s" * 40])
def test_a_shard_with_a_hostile_id_never_becomes_a_job(environment: LocalEnvironment, shard_id: str) -> None:
    run_id = f"hostile-{len(shard_id)}"
    for name, content in {"shards": [{"shard_id": shard_id}], "plan": {"shards": 1}}.items():
        environment.client("s3").put_object(
            Bucket=environment.output_bucket, Key=f"runs/{run_id}/{name}.json", Body=json.dumps(content)
        )
    prefix = f"s3://{environment.input_bucket}/{run_id}/"
    ended = finish(environment, start(environment, run_id, input_prefix=prefix, planned=True))
    assert ended["status"] == "FAILED"
    assert not [job for job in jobs_of(environment, run_id, "ocr-") if "-report-" not in job["ProcessingJobName"]]

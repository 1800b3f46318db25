"""Processing jobs that really run: what they find, and what becomes of them."""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local_aws.errors import TransferError
from local_aws.sagemaker import supervisor
from local_aws.sagemaker.reasons import OUT_OF_MEMORY, REASONS
from local_aws.sagemaker.runner import read_message
from tests.support.harness import BUCKET, Harness, gone, s3_input

WITH_NETWORK = {"EnableNetworkIsolation": False}


def test_a_job_without_network_sees_its_own_environment_and_no_credentials(local: Harness) -> None:
    job = local.run(
        "import json; (OUT / 'environ').write_text(json.dumps(dict(os.environ)))", Environment={"OCR_RUN_ID": "one"}
    )
    found = json.loads(local.read(f"{job['ProcessingJobName']}/out/environ"))
    assert found["OCR_RUN_ID"] == "one"
    assert {name for name in found if name.startswith("AWS_")} == {"AWS_EC2_METADATA_DISABLED"}
    assert set(found) <= {*_SURROUNDINGS, "OCR_RUN_ID"}
    assert found["TMPDIR"].startswith(os.path.dirname(found["OCR_ML_ROOT"]))


_SURROUNDINGS = {
    *("PATH", "TESSDATA_PREFIX", "LANG", "LC_CTYPE", "HOME", "TMPDIR"),
    *("LD_LIBRARY_PATH", "PYTHONPATH"),  # where this machine's libraries are; some libraries set them when imported
    *("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "AWS_EC2_METADATA_DISABLED", "OCR_ML_ROOT"),
    *("MALLOC_ARENA_MAX", "ARROW_DEFAULT_MEMORY_POOL", "OPENBLAS_NUM_THREADS"),  # of jobs on this machine
}


def _network_can_be_cut() -> bool:
    program = "print(open('/proc/net/dev').read().count(':'))"
    command = [sys.executable, supervisor.__file__, supervisor.NO_NETWORK, sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        return process.stdout.read() == b"1\n"


@pytest.mark.skipif(not _network_can_be_cut(), reason="this system lets a user make no network namespace")
@pytest.mark.parametrize(("isolated", "reached"), [(True, False), (False, True)])
def test_an_isolated_job_reaches_nothing(local: Harness, isolated: bool, reached: bool) -> None:
    address = urlsplit(local.environment.endpoint_url)
    code = f"import socket; socket.create_connection(({address.hostname!r}, {address.port})).close()"
    job = local.run(code, NetworkConfig={"EnableNetworkIsolation": isolated})
    assert (job["ProcessingJobStatus"] == "Completed") == reached


def test_a_job_with_network_has_its_roles_credentials(local: Harness) -> None:
    code = "import boto3; MESSAGE.write_text(boto3.client('sts', 'us-west-2').get_caller_identity()['Arn'])"
    job = local.run(code, NetworkConfig=WITH_NETWORK)
    assert "assumed-role/job/" in job["ExitMessage"]


def test_a_job_with_network_has_no_region_but_its_requests(local: Harness) -> None:
    code = "MESSAGE.write_text(' '.join(sorted(name for name in os.environ if name.startswith('AWS_'))))"
    access = "AWS_ACCESS_KEY_ID AWS_EC2_METADATA_DISABLED AWS_ENDPOINT_URL AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
    assert local.run(code, NetworkConfig=WITH_NETWORK)["ExitMessage"] == access
    given = local.run(code, NetworkConfig=WITH_NETWORK, Environment={"AWS_REGION": "eu-central-1"})
    assert given["ExitMessage"].split() == sorted([*access.split(), "AWS_REGION"])


def test_a_completed_job_uploads_its_output_but_follows_no_links(local: Harness) -> None:
    code = "(OUT / 'sub').mkdir(); (OUT / 'sub/a').write_text('A'); (OUT / 'link').symlink_to('/etc/hostname')"
    job = local.run(code)
    assert job["ProcessingJobStatus"] == "Completed"
    assert local.keys(f"{job['ProcessingJobName']}/out/") == ["sub/a"]


def test_a_failed_job_says_why_and_its_output_is_lost(local: Harness) -> None:
    job = local.run("(OUT / 'a').write_text('A'); MESSAGE.write_text('no ink'); sys.exit(64)")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == REASONS["algorithm"]
    assert job["ExitMessage"] == "no ink"
    assert not local.keys(f"{job['ProcessingJobName']}/out/")


def test_continuous_output_is_kept_after_every_end_of_the_job(local: Harness) -> None:
    job = local.run("(OUT / 'a').write_text('A'); sys.exit(1)", upload_mode="Continuous")
    assert local.keys(f"{job['ProcessingJobName']}/out/") == ["a"]


def test_a_container_that_nobody_here_killed_was_out_of_memory(local: Harness) -> None:
    assert local.run("os.kill(os.getpid(), 9)")["FailureReason"] == OUT_OF_MEMORY
    assert local.run("os.kill(os.getpid(), 15)")["FailureReason"] == REASONS["algorithm"]


def test_a_message_that_is_not_utf8_fails_the_job(local: Harness) -> None:
    job = local.run(r"MESSAGE.write_bytes(b'\xff\xfe')")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError")


def test_a_long_message_is_cut_to_one_kilobyte(local: Harness) -> None:
    job = local.run("MESSAGE.write_text('x' + 'é' * 1000)")
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ExitMessage"] == "x" + "é" * 511


def test_output_lines_are_log_events_of_the_jobs_stream(local: Harness) -> None:
    job = local.run(r"print('out'); print('err', file=sys.stderr); os.write(1, b'\xff last, without end of line')")
    assert local.log(job["ProcessingJobName"]) == ["out", "err", "\ufffd last, without end of line"]


def test_lines_are_there_while_the_job_runs(local: Harness) -> None:
    name = local.create("print('begun', flush=True); time.sleep(600)")
    local.wait_for_line(name, "begun")
    local.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_embedded_metrics_become_cloudwatch_metrics(local: Harness) -> None:
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {"Namespace": "Test", "Dimensions": [["Pipeline"]], "Metrics": [{"Name": "Pages", "Unit": "Count"}]}
            ],
        },
        "Pipeline": "ocr",
        "Pages": [3, 4],
    }
    local.run(f"print({json.dumps(json.dumps(line))})")
    answer = local.client("cloudwatch").get_metric_statistics(
        Namespace="Test",
        MetricName="Pages",
        Dimensions=[{"Name": "Pipeline", "Value": "ocr"}],
        StartTime=time.time() - 3600,
        EndTime=time.time() + 3600,
        Period=7200,
        Statistics=["Sum", "SampleCount"],
    )
    assert [(point["Sum"], point["SampleCount"]) for point in answer["Datapoints"]] == [(7, 2)]


def test_a_container_finds_what_sagemaker_lays_out(local: Harness) -> None:
    code = (
        "import json; config = json.loads((ROOT / 'config/processingjobconfig.json').read_text());"
        "hosts = json.loads((ROOT / 'config/resourceconfig.json').read_text());"
        "MESSAGE.write_text(config['ProcessingJobArn'] + ' ' + hosts['current_host'] + ' ' + str(OUT.is_dir()))"
    )
    job = local.run(code)
    assert job["ExitMessage"] == f"{job['ProcessingJobArn']} algo-1 True"


def test_a_manifest_keeps_the_folders_of_its_keys(local: Harness) -> None:
    local.put("manifest/a b/ü.txt", b"one")
    local.put("manifest/c.txt", b"two")
    job = _run_with_manifest(local, "kept", ["a b/ü.txt", "c.txt"])
    assert job == ("Completed", "a b/ü.txt c.txt")


@pytest.mark.parametrize("key", ["../up.txt", "x" * 256, "not/there.txt", "c.txt/below"])
def test_a_key_that_cannot_be_downloaded_fails_the_job(local: Harness, key: str) -> None:
    local.put("manifest/c.txt", b"two")
    if key != "not/there.txt":
        local.put(f"manifest/{key}", b"three")
    status, reason = _run_with_manifest(local, f"bad{abs(hash(key))}", ["c.txt", key])
    assert status == "Failed"
    assert reason.startswith("ClientError: Failed to download data")


def test_an_archived_object_cannot_be_downloaded(local: Harness) -> None:
    local.client("s3").put_object(Bucket=BUCKET, Key="manifest/cold.pdf", Body=b"ice", StorageClass="DEEP_ARCHIVE")
    status, reason = _run_with_manifest(local, "cold", ["cold.pdf"])
    assert status == "Failed"
    assert reason.startswith("ClientError: Failed to download data") and "InvalidObjectState" in reason


KMS_CODES = {
    "disabled": "KMS.DisabledException",
    "foreign": "AccessDenied",
    "pending deletion": "KMS.KMSInvalidStateException",
}


@pytest.mark.parametrize("state", KMS_CODES)
def test_an_object_whose_key_decrypts_nothing_cannot_be_downloaded(local: Harness, state: str) -> None:
    kms, name = local.client("kms"), state.replace(" ", "-")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    used = key.replace(":123456789012:", ":999999999999:") if state == "foreign" else key
    local.client("s3").put_object(
        Bucket=BUCKET, Key=f"manifest/{name}", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=used
    )
    if state != "foreign":
        assert _run_with_manifest(local, f"{name}-before", [name])[0] == "Completed"
    if state == "disabled":
        kms.disable_key(KeyId=key.rpartition("/")[2])
    elif state == "pending deletion":
        kms.schedule_key_deletion(KeyId=key.rpartition("/")[2])
    status, reason = _run_with_manifest(local, name, [name])
    assert status == "Failed"
    assert reason.startswith("ClientError: Failed to download data")
    assert KMS_CODES[state] in reason
    with pytest.raises(ClientError, match=KMS_CODES[state]):
        local.client("s3").get_object(Bucket=BUCKET, Key=f"manifest/{name}", Range="bytes=0-0")


def test_inputs_that_are_larger_than_the_volume_cannot_be_downloaded(local: Harness) -> None:
    local.put("manifest/huge.pdf", b"of 3 GB, by a rule; the volume has 1 GB")
    status, reason = _run_with_manifest(local, "huge", ["huge.pdf"])
    assert status == "Failed"
    assert reason == "ClientError: Failed to download data. s3://data/manifest/huge.pdf: No space left on device"


def _run_with_manifest(local: Harness, name: str, suffixes: list[str]) -> tuple[str, str]:
    manifest = [{"prefix": f"s3://{BUCKET}/manifest/"}, *suffixes]
    local.put(f"manifests/{name}.json", json.dumps(manifest).encode())
    code = (
        "paths = sorted(str(p.relative_to(IN / 'data')) for p in (IN / 'data').rglob('*') if p.is_file());"
        "MESSAGE.write_text(' '.join(paths))"
    )
    job = local.run(code, name, inputs=[s3_input("data", f"s3://{BUCKET}/manifests/{name}.json", "ManifestFile")])
    return job["ProcessingJobStatus"], job.get("FailureReason") or job["ExitMessage"]


def test_a_prefix_with_nothing_under_it_fails_the_job(local: Harness) -> None:
    job = local.run("", inputs=[s3_input("data", f"s3://{BUCKET}/nothing/here/")])
    assert "No S3 objects found" in job["FailureReason"]


def test_a_stopped_job_gets_sigterm_and_may_say_a_last_word(local: Harness) -> None:
    code = """
import signal
signal.signal(signal.SIGTERM, lambda *_: (MESSAGE.write_text("put away"), sys.exit(0)))
print("ready", flush=True)
time.sleep(600)
"""
    name = local.create(code)
    local.wait_for_line(name, "ready")
    local.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    job = local.wait(name)
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Stopped", "put away")


def test_a_job_that_will_not_stop_is_killed_with_all_its_processes(local: Harness) -> None:
    code = """
import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
print("ready", flush=True)
time.sleep(600)
"""
    name = local.create(code)
    local.wait_for_line(name, "ready")
    local.client("sagemaker").stop_processing_job(ProcessingJobName=name)
    assert local.wait(name)["ProcessingJobStatus"] == "Stopped"
    assert gone(int(local.log(name)[0]))


@pytest.mark.parametrize("afterwards", ["time.sleep(600)", "pass"])
@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [("killed", "Failed", REASONS["algorithm"]), ("starved", "Failed", OUT_OF_MEMORY), ("halted", "Stopped", None)],
)
def test_a_fault_kills_or_stops_a_job_at_a_line_however_quick_it_is(
    local: Harness, name: str, status: str, reason: str | None, afterwards: str
) -> None:
    job = local.run(f"print('half done', flush=True); {afterwards}", f"{name}-{uuid.uuid4()}")
    assert (job["ProcessingJobStatus"], job.get("FailureReason")) == (status, reason)


def test_a_fault_loses_the_output_of_a_job_that_completed(local: Harness) -> None:
    job = local.run("(OUT / 'a').write_text('A')", f"lossy-{uuid.uuid4()}")
    assert job["ProcessingJobStatus"] == "Completed"
    assert not local.keys(f"{job['ProcessingJobName']}/out/")


def test_a_job_over_its_time_is_stopped(local: Harness) -> None:
    job = local.run("time.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert job["ProcessingJobStatus"] == "Stopped"


def test_a_jobs_folder_is_removed(local: Harness) -> None:
    job = local.run("MESSAGE.write_text(str(ROOT))")
    assert not os.path.exists(os.path.dirname(job["ExitMessage"]))


def test_an_exit_message_that_is_a_link_is_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "message").symlink_to(tmp_path / "secret")
    assert read_message(tmp_path / "message") == ""
    assert read_message(tmp_path / "secret") == "secret"


def test_a_message_cut_within_a_letter_loses_that_letter_only(tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(b"x" * 1023 + "é".encode())
    assert read_message(tmp_path / "message") == "x" * 1023
    (tmp_path / "message").write_bytes(b"x\xff")
    with pytest.raises(TransferError, match="not valid UTF-8"):
        read_message(tmp_path / "message")

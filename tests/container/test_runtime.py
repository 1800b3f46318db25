"""Jobs in containers: what a job sees of the machine, and the commands that start it."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import BadInput, MissingTool
from local_aws.sagemaker import supervisor
from local_aws.sagemaker.container_runtime import BuildahRuntime, EngineRuntime, choose_runtime, find_tool
from local_aws.sagemaker.runtime import ScriptRuntime


@contextmanager
def started(image: str, folder: Path, program: str, isolated: bool = False) -> Iterator["subprocess.Popen[str]"]:
    """A shell program in the image, started as the local environment starts jobs."""
    root = folder / f"job-{uuid.uuid4().hex[:8]}" / "ml"
    for path in (root, root.parent / "tmp"):
        path.mkdir(parents=True)
    runtime = BuildahRuntime(image, 1024, ("sh", "-c"))
    command = runtime.command({"ContainerArguments": [program]}, {"COLOUR": "green"}, root, isolated)
    arguments = [supervisor.NO_NETWORK, *command.arguments] if command.without_network else command.arguments
    whole = [sys.executable, "-I", "-S", supervisor.__file__, *arguments]
    with subprocess.Popen(
        whole, env=dict(command.environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
            subprocess.run(command.cleanup, capture_output=True, check=True)


def shown(image: str, folder: Path, program: str, isolated: bool = False) -> str:
    with started(image, folder, program, isolated) as process:
        assert process.stdout is not None
        return process.stdout.read()


def test_a_job_without_network_has_no_interface_but_its_own(image: str, tmp_path: Path) -> None:
    program = "cat /proc/net/dev"
    interfaces = [line.partition(":")[0].strip() for line in shown(image, tmp_path, program, True).splitlines()[2:]]
    assert set(interfaces) <= {"lo"}
    assert len(shown(image, tmp_path, program).splitlines()) > 2 + len(interfaces)


def test_a_job_has_its_folders_its_environment_and_limited_memory(image: str, tmp_path: Path) -> None:
    program = "touch /opt/ml/made /tmp/made; echo $COLOUR $PYTHONUNBUFFERED; ulimit -v"
    assert shown(image, tmp_path, program).split() == ["green", "1", str(1024 * 1024)]
    assert len(list(tmp_path.glob("job-*/ml/made"))) == len(list(tmp_path.glob("job-*/tmp/made"))) == 1


def test_a_request_to_stop_arrives_in_the_container(image: str, tmp_path: Path) -> None:
    program = "trap 'echo asked to stop; exit 3' TERM; echo ready; while :; do sleep 0.1; done"
    with started(image, tmp_path, program) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert "asked to stop" in process.stdout.read()


# ---- without an image: the commands ----------------------------------------------------------------------------


@pytest.mark.parametrize("isolated, network", [(True, "none"), (False, "host")])
def test_docker_and_podman_limit_network_and_memory(isolated: bool, network: str) -> None:
    root = Path("/scratch/job-1/ml")
    command = EngineRuntime("podman", "image:tag", 2048).command(
        {"ContainerArguments": ["process"]}, {"OCR_RUN_ID": "r1"}, root, isolated
    )
    assert {f"--network={network}", "--memory=2048m", "--memory-swap=2048m"} <= set(command.arguments)
    assert {f"--volume={root}:/opt/ml", "--volume=/scratch/job-1/tmp:/tmp"} <= set(command.arguments)
    assert "--env=OCR_RUN_ID=r1" in command.arguments and command.arguments[-2:] == ("image:tag", "process")
    assert not command.without_network, "a client that reaches its daemon by network must keep it"
    assert command.cleanup == ("podman", "rm", "--force", "ocr-job-1")


@pytest.mark.parametrize(
    "environ, error, words",
    [
        ({"LOCAL_RUNTIME": "vm"}, BadInput, "process or container"),
        ({"LOCAL_RUNTIME": "container", "LOCAL_MEMORY_MB": "much"}, BadInput, "LOCAL_MEMORY_MB"),
        ({"LOCAL_RUNTIME": "container", "CONTAINER_TOOL": "no-such-tool"}, MissingTool, "no-such-tool"),
    ],
)
def test_wrong_settings_are_named(environ: Mapping[str, str], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        choose_runtime(Path("job_scripts"), environ)


def test_plain_processes_are_the_default() -> None:
    assert choose_runtime(Path("job_scripts"), {}) == ScriptRuntime(Path("job_scripts"))


def test_docker_without_its_daemon_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, status in (("docker", 1), ("podman", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tool({}) == "podman"

"""Jobs in containers: what a job sees of the machine."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_aws.sagemaker import supervisor
from local_aws.sagemaker.container_runtime import BuildahRuntime


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

"""Jobs in an image: the choice of the program, and the commands."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from local_aws.errors import BadSetting, MissingTool
from local_aws.sagemaker.container_runtime import BuildahRuntime, EngineRuntime, choose_runtime, find_tool
from local_aws.sagemaker.runtime import ScriptRuntime
from tests.support.harness import settings


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
    assert command.cleanup == ("podman", "rm", "--force", "local-aws-job-1")


@pytest.mark.parametrize(
    "environ, error, words",
    [
        ({"TEST_RUNTIME": "vm"}, BadSetting, "process or container"),
        ({"TEST_RUNTIME": "container", "TEST_MEMORY_MB": "much"}, BadSetting, "TEST_MEMORY_MB"),
        ({"TEST_RUNTIME": "container", "CONTAINER_TOOL": "no-such-tool"}, MissingTool, "no-such-tool"),
    ],
)
def test_wrong_settings_are_named(
    environ: Mapping[str, str], error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        choose_runtime(settings(tmp_path), environ)


def test_plain_processes_are_the_default(tmp_path: Path) -> None:
    ours = settings(tmp_path)
    assert choose_runtime(ours, {}) == ScriptRuntime(ours.scripts, ours.root_variable)


def test_docker_runs_a_job_as_the_user_who_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def user_of(tool: str, uid: int) -> bool:
        monkeypatch.setattr(os, "getuid", lambda: uid)
        command = EngineRuntime(tool, "image:tag", 2048).command({}, {}, Path("/scratch/job-1/ml"))
        return f"--user={uid}:{os.getgid()}" in command.arguments

    assert (user_of("docker", 1000), user_of("docker", 0), user_of("podman", 1000)) == (True, False, False)


def test_buildah_runs_the_images_entry_point_with_limited_memory() -> None:
    root = Path("/scratch/job-1/ml")
    runtime = BuildahRuntime("image:tag", 2048, ("entrypoint", "--quiet"))
    command = runtime.command({"ContainerArguments": ["process"]}, {"RUN": "r1"}, root, isolated=True)
    assert command.arguments[-4:] == (str(2048 * 1024**2), "entrypoint", "--quiet", "process")
    assert "--env=RUN=r1" in command.arguments and "--env=AWS_EC2_METADATA_DISABLED=true" in command.arguments
    assert command.without_network and command.cleanup == ("buildah", "rm", "local-aws-job-1")


# ---- with programs that only answer what is needed ---------------------------------------------------------------


@pytest.fixture(name="install")
def fixture_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a shell program on a search path that holds nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(name: str, program: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{program}\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)

    return install


def container_environ(**variables: str) -> dict[str, str]:
    return {"TEST_RUNTIME": "container"} | {f"TEST_{name}": value for name, value in variables.items()}


def test_docker_without_its_daemon_is_passed_over(install: Callable[[str, str], None]) -> None:
    install("docker", "exit 1")
    install("podman", "exit 0")
    assert find_tool({}) == "podman"


def test_image_and_memory_are_the_variables_or_the_projects(
    install: Callable[[str, str], None], tmp_path: Path
) -> None:
    install("podman", "exit 0")
    ours = settings(tmp_path)
    assert choose_runtime(ours, container_environ()) == EngineRuntime("podman", "project:latest", 4096)
    chosen = container_environ(IMAGE="other:1", MEMORY_MB="512")
    assert choose_runtime(ours, chosen) == EngineRuntime("podman", "other:1", 512)


@pytest.mark.parametrize("tool", ["podman", "buildah"])
def test_a_missing_image_is_named_with_the_projects_advice(
    install: Callable[[str, str], None], tmp_path: Path, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    install(tool, "exit 125")
    with pytest.raises(BadSetting, match=f"^{tool} has no image project:latest. Build it.$"):
        choose_runtime(settings(tmp_path), container_environ())


def test_buildah_tells_the_entry_point_and_needs_root(
    install: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("buildah", """echo '{"OCIv1": {"config": {"Entrypoint": ["entrypoint"]}}}'""")
    monkeypatch.setattr(os, "getuid", lambda: 0)
    expected = BuildahRuntime("project:latest", 4096, ("entrypoint",))
    assert choose_runtime(settings(tmp_path), container_environ()) == expected
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with pytest.raises(BadSetting, match="Containers need root with buildah"):
        choose_runtime(settings(tmp_path), container_environ())

"""Jobs in the built image, with docker, podman or buildah, instead of as plain processes.

LOCAL_RUNTIME=container chooses this; LOCAL_IMAGE, CONTAINER_TOOL and LOCAL_MEMORY_MB say what runs, with what, in
how much memory.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distributed_ocr_pipeline.errors import BadInput, MissingTool
from local_aws.sagemaker.runtime import Command, Runtime, ScriptRuntime

TOOLS = ("docker", "podman", "buildah")
DEFAULT_IMAGE = "distributed-ocr-pipeline:latest"
DEFAULT_MEMORY_MB = 4096

_BUILD = "Build it: make build-image"
# buildah would kill a job that it is asked to end. The job has a process id of this machine, so it is asked directly.
_BUILDAH_RUN = """
buildah from --quiet --pull-never --name "$0" "$1" >/dev/null || exit
job=$2; shift 2
trap 'kill -TERM "$(cat "$job")"' TERM
buildah run --isolation chroot "$@" &
while :; do wait $!; status=$?; kill -0 $! 2>/dev/null || exit $status; done
"""
_IN_BUILDAH = 'echo $$ >/tmp/.job && exec prlimit --as="$0" "$@"'


def choose_runtime(scripts: Path, environ: Mapping[str, str]) -> Runtime:
    """What runs jobs: the scripts in this folder, or with LOCAL_RUNTIME=container the image."""
    name = environ.get("LOCAL_RUNTIME") or "process"
    if name == "process":
        return ScriptRuntime(scripts)
    if name != "container":
        raise BadInput(f"LOCAL_RUNTIME is {name!r}.", "It is process or container.")
    image = environ.get("LOCAL_IMAGE") or DEFAULT_IMAGE
    memory = environ.get("LOCAL_MEMORY_MB") or str(DEFAULT_MEMORY_MB)
    if not memory.isdecimal():
        raise BadInput(f"LOCAL_MEMORY_MB is {memory!r}.", "It is a number of megabytes.")
    tool = find_tool(environ)
    if tool == "buildah":
        return BuildahRuntime(image, int(memory), _buildah_entrypoint(image))
    if subprocess.run([tool, "image", "inspect", image], capture_output=True, check=False).returncode != 0:
        raise BadInput(f"{tool} has no image {image}.", _BUILD)
    return EngineRuntime(tool, image, int(memory))


def find_tool(environ: Mapping[str, str]) -> str:
    """The program that runs containers here: CONTAINER_TOOL, or the first of docker, podman and buildah."""
    wanted = environ.get("CONTAINER_TOOL")
    for tool in [wanted] if wanted else TOOLS:
        if shutil.which(tool) and (tool != "docker" or _docker_answers()):
            return tool
    raise MissingTool(
        f"There is no {wanted or 'docker (with its daemon), podman or buildah'} to run containers with.", "Install one."
    )


def _docker_answers() -> bool:
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def _buildah_entrypoint(image: str) -> tuple[str, ...]:
    """`buildah run` does not use the image's entry point by itself."""
    if os.getuid() != 0:
        raise BadInput("Containers need root with buildah.", "Be root, or use docker or podman.")
    found = subprocess.run(["buildah", "inspect", "--type", "image", image], capture_output=True, check=False)
    if found.returncode != 0:
        raise BadInput(f"buildah has no image {image}.", _BUILD)
    return tuple(json.loads(found.stdout)["OCIv1"]["config"]["Entrypoint"])


@dataclass(frozen=True)
class EngineRuntime:
    """docker or podman."""

    tool: str
    image: str
    memory_mb: int

    def command(
        self,
        specification: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        root: Path,
        isolated: bool = False,
    ) -> Command:
        """The image with /opt/ml and /tmp from this machine; its network is this machine's, or none."""
        name = _container_name(root)
        command = [self.tool, "run", "--rm", "--pull=never", f"--name={name}"]
        command += [f"--network={'none' if isolated else 'host'}", "--security-opt=no-new-privileges"]
        command += [f"--memory={self.memory_mb}m", f"--memory-swap={self.memory_mb}m"]
        if self.tool == "docker" and os.getuid() != 0:  # else the results would belong to root
            command += [f"--user={os.getuid()}:{os.getgid()}"]
        command += [*_surroundings(root, environment), self.image, *specification.get("ContainerArguments", [])]
        return Command(tuple(command), dict(os.environ), cleanup=(self.tool, "rm", "--force", name))


@dataclass(frozen=True)
class BuildahRuntime:
    """buildah as root, without an OCI runtime; memory is limited for each process."""

    image: str
    memory_mb: int
    entrypoint: tuple[str, ...]

    def command(
        self,
        specification: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        root: Path,
        isolated: bool = False,
    ) -> Command:
        """As with docker; without network if it is started without."""
        name = _container_name(root)
        command = ["sh", "-c", _BUILDAH_RUN, name, self.image, str(root.parent / "tmp" / ".job")]
        command += [*_surroundings(root, environment), name, "--"]
        command += ["sh", "-c", _IN_BUILDAH, str(self.memory_mb * 1024**2), *self.entrypoint]
        command += specification.get("ContainerArguments", [])
        return Command(tuple(command), dict(os.environ), cleanup=("buildah", "rm", name), without_network=isolated)


def _container_name(root: Path) -> str:
    return f"ocr-{root.parent.name}"


def _surroundings(root: Path, environment: Mapping[str, str]) -> list[str]:
    """What a container gets: its folders and its environment. It cannot reach the metadata of a real machine."""
    shared = [f"--volume={root}:/opt/ml", f"--volume={root.parent / 'tmp'}:/tmp"]
    whole = {"AWS_EC2_METADATA_DISABLED": "true"} | dict(environment)
    return shared + [f"--env={name}={value}" for name, value in whole.items()]

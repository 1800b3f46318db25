"""Jobs in an image, with docker, podman or buildah, instead of plain processes.

The value `container` of the server's variable RUNTIME chooses this. Its variables IMAGE and MEMORY_MB and the variable
CONTAINER_TOOL choose the image, the memory and the program.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_aws.errors import BadSetting, MissingTool
from local_aws.sagemaker.runtime import Command, Runtime, ScriptRuntime
from local_aws.settings import ServerSettings

TOOLS = ("docker", "podman", "buildah")
DEFAULT_MEMORY_MB = 4096

# At SIGTERM, buildah kills the job. The job has a process id of this machine, so the signal goes to it directly.
_BUILDAH_RUN = """
buildah from --quiet --pull-never --name "$0" "$1" >/dev/null || exit
job=$2; shift 2
trap 'kill -TERM "$(cat "$job")"' TERM
buildah run --isolation chroot "$@" &
while :; do wait $!; status=$?; kill -0 $! 2>/dev/null || exit $status; done
"""
_IN_BUILDAH = 'echo $$ >/tmp/.job && exec prlimit --as="$0" "$@"'


def choose_runtime(settings: ServerSettings, environ: Mapping[str, str]) -> Runtime:
    """What runs jobs: the scripts of the settings, or with RUNTIME=container the image.

    Raises:
        BadSetting: A variable has a wrong value, or the image is missing.
        MissingTool: There is no program that runs containers.
    """
    variable = settings.variable("RUNTIME")
    name = environ.get(variable) or "process"
    if name == "process":
        return ScriptRuntime(settings.scripts, settings.root_variable)
    if name != "container":
        raise BadSetting(f"{variable} is {name!r}.", "It must be process or container.")
    image = environ.get(settings.variable("IMAGE")) or settings.image
    memory_mb = _memory_mb(settings.variable("MEMORY_MB"), environ)
    tool = find_tool(environ)
    if tool == "buildah":
        return BuildahRuntime(image, memory_mb, _buildah_entrypoint(image, settings.image_advice))
    if subprocess.run([tool, "image", "inspect", image], capture_output=True, check=False).returncode != 0:
        raise BadSetting(f"{tool} has no image {image}.", settings.image_advice)
    return EngineRuntime(tool, image, memory_mb)


def _memory_mb(variable: str, environ: Mapping[str, str]) -> int:
    memory = environ.get(variable) or str(DEFAULT_MEMORY_MB)
    if not memory.isdecimal():
        raise BadSetting(f"{variable} is {memory!r}.", "It must be a number of megabytes.")
    return int(memory)


def find_tool(environ: Mapping[str, str]) -> str:
    """The program that runs containers: CONTAINER_TOOL, or the first of docker, podman and buildah that works."""
    wanted = environ.get("CONTAINER_TOOL")
    for tool in [wanted] if wanted else TOOLS:
        if shutil.which(tool) and (tool != "docker" or _docker_answers()):
            return tool
    raise MissingTool(
        f"There is no {wanted or 'docker (with its daemon), podman or buildah'} to run containers with.", "Install one."
    )


def _docker_answers() -> bool:
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def _buildah_entrypoint(image: str, advice: str) -> tuple[str, ...]:
    """The image's entry point: `buildah run` does not use it by itself."""
    if os.getuid() != 0:
        raise BadSetting("Containers need root with buildah.", "Be root, or use docker or podman.")
    found = subprocess.run(["buildah", "inspect", "--type", "image", image], capture_output=True, check=False)
    if found.returncode != 0:
        raise BadSetting(f"buildah has no image {image}.", advice)
    return tuple(json.loads(found.stdout)["OCIv1"]["config"]["Entrypoint"])


@dataclass(frozen=True)
class EngineRuntime:
    """Runs jobs with docker or podman."""

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
        """A container of the image with /opt/ml and /tmp from this machine and this machine's network, or none."""
        name = _container_name(root)
        command = [self.tool, "run", "--rm", "--pull=never", f"--name={name}"]
        command += [f"--network={'none' if isolated else 'host'}", "--security-opt=no-new-privileges"]
        command += [f"--memory={self.memory_mb}m", f"--memory-swap={self.memory_mb}m"]
        if self.tool == "docker" and os.getuid() != 0:  # otherwise the results belong to root
            command += [f"--user={os.getuid()}:{os.getgid()}"]
        first, *others = specification.get("ContainerEntrypoint", [""])
        command += [f"--entrypoint={first}"] if first else []
        command += [*_surroundings(root, environment), self.image]
        command += [*others, *specification.get("ContainerArguments", [])]
        return Command(tuple(command), dict(os.environ), cleanup=(self.tool, "rm", "--force", name))


@dataclass(frozen=True)
class BuildahRuntime:
    """Runs jobs with buildah as root, without an OCI runtime; the memory limit holds for each process."""

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
        """The same container with buildah; it has no network if its process is started without."""
        name = _container_name(root)
        entrypoint = specification.get("ContainerEntrypoint", self.entrypoint)
        command = ["sh", "-c", _BUILDAH_RUN, name, self.image, str(root.parent / "tmp" / ".job")]
        command += [*_surroundings(root, environment), name, "--"]
        command += ["sh", "-c", _IN_BUILDAH, str(self.memory_mb * 1024**2), *entrypoint]
        command += specification.get("ContainerArguments", [])
        return Command(tuple(command), dict(os.environ), cleanup=("buildah", "rm", name), without_network=isolated)


def _container_name(root: Path) -> str:
    return f"local-aws-{root.parent.name}"


def _surroundings(root: Path, environment: Mapping[str, str]) -> list[str]:
    """A container's folders and environment. The environment keeps it from the metadata of a real machine."""
    shared = [f"--volume={root}:/opt/ml", f"--volume={root.parent / 'tmp'}:/tmp"]
    whole = {"AWS_EC2_METADATA_DISABLED": "true"} | dict(environment)
    return shared + [f"--env={name}={value}" for name, value in whole.items()]

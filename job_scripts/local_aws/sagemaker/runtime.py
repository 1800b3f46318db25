"""How a job's container runs. A runtime turns a job into a command for this machine; here, into a plain process."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local_aws.errors import CannotRun

_FROM_THIS_MACHINE = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH", "PYTHONPATH")
"""What an image would contain: where programs, language files, libraries and modules are."""

_ML = "/opt/ml/"


@dataclass(frozen=True)
class Command:
    """A process to start: its arguments and its whole environment.

    `without_network`: the process must be started without network, because it does not leave the network by itself.
    `cleanup` runs after every end of the process.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    without_network: bool = False
    cleanup: tuple[str, ...] = ()


class Runtime(Protocol):
    """Runs what AWS runs as a container."""

    def command(
        self,
        specification: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        root: Path,
        isolated: bool = False,
    ) -> Command:
        """The command for a job's AppSpecification.

        `environment` holds the job's own variables and its credentials; `root` is the folder that stands for /opt/ml.
        `isolated`: the job has no network.

        Raises:
            CannotRun: The runtime lacks what the job needs.
        """


@dataclass(frozen=True)
class ScriptRuntime:
    """Runs job scripts as plain processes of this machine and ignores the image.

    Args:
        scripts: The script of each container argument.
        root_variable: The environment variable that names the folder that stands for /opt/ml.
    """

    scripts: Mapping[str, Path]
    root_variable: str

    def command(
        self,
        specification: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        root: Path,
        isolated: bool = False,
    ) -> Command:
        """The script that the only one of the ContainerArguments chooses, or the program of a ContainerEntrypoint."""
        arguments = list(specification.get("ContainerArguments", []))
        surroundings = self._surroundings(root) | dict(environment)
        if "ContainerEntrypoint" in specification:
            program = [_here(argument, root) for argument in [*specification["ContainerEntrypoint"], *arguments]]
            return Command(tuple(program), surroundings, without_network=isolated)
        if len(arguments) != 1 or arguments[0] not in self.scripts:
            raise CannotRun(f"ContainerArguments must be one of {', '.join(self.scripts)}, got {arguments}.")
        script = self.scripts[arguments[0]]
        if not script.is_file():
            raise CannotRun(f"The job script {script} does not exist.")
        return Command((sys.executable, str(script)), surroundings, without_network=isolated)

    def _surroundings(self, root: Path) -> dict[str, str]:
        """What a container has besides the job's environment; it inherits nothing else from this machine."""
        inherited = {name: os.environ[name] for name in _FROM_THIS_MACHINE if name in os.environ}
        return inherited | {
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(root.parent / "home"),
            "TMPDIR": str(root.parent / "tmp"),
            self.root_variable: str(root),
        }


def _here(argument: str, root: Path) -> str:
    """An argument of a container on this machine: its Python is this one, and /opt/ml is the job's folder."""
    if argument == "python3":
        return sys.executable
    return str(root / argument.removeprefix(_ML)) if argument.startswith(_ML) else argument

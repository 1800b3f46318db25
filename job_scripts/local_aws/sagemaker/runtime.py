"""How a job's container is run. A runtime turns a job into a command for this machine."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_SCRIPTS = {
    "plan": "plan_shards.py",
    "process": "process_shard.py",
    "check": "check_shard.py",
    "report": "report_run.py",
}

_FROM_THIS_MACHINE = ("PATH", "TESSDATA_PREFIX")
"""What an image would bring along: where programs and language files are."""


class CannotRun(Exception):
    """The job asks for something this runtime has not got; the message becomes the job's failure reason."""


@dataclass(frozen=True)
class Command:
    """A process to start: its arguments and its whole environment.

    `without_network`: it is to be started without network, because it does not leave the network by itself.
    `cleanup` is run when it has ended, however it did.
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

        `environment` is the job's own (and its credentials); `root` is the folder that stands for /opt/ml.
        `isolated`: the job is to have no network.
        """


@dataclass(frozen=True)
class ScriptRuntime:
    """Runs the job scripts as plain processes of this machine; the image is ignored."""

    scripts: Path

    def command(
        self,
        specification: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        root: Path,
        isolated: bool = False,
    ) -> Command:
        """`[plan | process | report]` as ContainerArguments choose the script."""
        arguments = list(specification.get("ContainerArguments", []))
        if "ContainerEntrypoint" in specification or len(arguments) != 1 or arguments[0] not in _SCRIPTS:
            raise CannotRun(f"ContainerArguments must be one of {', '.join(_SCRIPTS)}, got {arguments}.")
        script = self.scripts / _SCRIPTS[arguments[0]]
        if not script.is_file():
            raise CannotRun(f"The job script {script} does not exist.")
        surroundings = self._surroundings(root) | dict(environment)
        return Command((sys.executable, str(script)), surroundings, without_network=isolated)

    def _surroundings(self, root: Path) -> dict[str, str]:
        """What a container has besides the job's environment; nothing else of this machine's is passed on."""
        inherited = {name: os.environ[name] for name in _FROM_THIS_MACHINE if name in os.environ}
        return inherited | {
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(root.parent / "home"),
            "TMPDIR": str(root.parent / "tmp"),
            "OCR_ML_ROOT": str(root),
        }

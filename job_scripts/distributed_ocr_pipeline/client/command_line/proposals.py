"""Commands that people are told: pasted as they are, they do in any folder what they would do here."""

import json
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_NAME = "ocr-pipeline"
_MODULE = "distributed_ocr_pipeline.main"


def command(*words: str) -> str:
    """A call of this program with these words, as it was called itself, and quoted for a shell."""
    return shlex.join([*_program(sys.argv[0]), *words])


def run_command_line(source: str, output: str | Path | None, options: Mapping[str, Any]) -> str:
    """The call of a run.

    Args:
        source: The prefix, or the folder's absolute path.
        output: Folder of its results; None of a run on AWS.
        options: Of the run, by their names.
    """
    place = () if output is None else in_folder(output)
    return command("--input-prefix", source, *place, *_as_arguments(options))


def in_folder(output: str | Path) -> tuple[str, str]:
    """The words that name an output folder from anywhere."""
    return "--output", str(Path(output).absolute())


def _as_arguments(options: Mapping[str, Any]) -> Iterator[str]:
    """What a command line says of options; one that is None cannot be said."""
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif value is not None:
            text = json.dumps(value) if isinstance(value, Mapping) else value
            yield f"--{flag}={','.join(text) if isinstance(text, list) else text}"


def _program(called: str) -> list[str]:
    """The words before the first argument; in a Python program or a notebook, those that a shell would need."""
    script = Path(called) if Path(called).name == _NAME else Path(sys.executable).with_name(_NAME)
    is_module = Path(called).parts[-2:] == ("distributed_ocr_pipeline", "main.py")
    if is_module or not script.exists():
        return [_from_anywhere(Path(sys.executable)), "-m", _MODULE]
    return [_from_anywhere(script)]


def _from_anywhere(program: Path) -> str:
    """Its name where a shell finds this very file by it, else its path."""
    found, path = shutil.which(program.name), program.absolute()
    return program.name if found and Path(found).absolute() == path else str(path)

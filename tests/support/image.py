"""How tests build the container image, and run commands in it."""

import os
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BUILT_WITH = {"CONTAINER_TOOL": "buildah", "BASE_IMAGE": "debootstrap"}


def missing() -> str:
    """What this machine lacks to build the image; empty if nothing."""
    absent = [program for program in ("buildah", "debootstrap") if shutil.which(program) is None]
    return ", ".join(absent + (["root"] if os.getuid() != 0 else []))


def in_container(container: str, *command: str) -> str:
    """What a command prints in the container."""
    whole = ["buildah", "run", "--isolation", "chroot", container, "--", *command]
    return subprocess.run(whole, stdout=subprocess.PIPE, text=True, check=True).stdout

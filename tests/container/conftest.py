"""The image, built once for all tests here, on a base that debootstrap makes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BUILT_WITH = {"CONTAINER_TOOL": "buildah", "BASE_IMAGE": "debootstrap"}


def missing() -> str:
    """What this machine lacks to build the image; empty if nothing."""
    absent = [program for program in ("buildah", "debootstrap") if shutil.which(program) is None]
    return ", ".join(absent + (["root"] if os.getuid() != 0 else []))


@pytest.fixture(name="image", scope="session")
def fixture_image() -> str:
    if lacking := missing():
        pytest.skip(f"The image is not built and tested: this machine lacks {lacking}.")
    built = subprocess.run(
        [PROJECT / "scripts" / "build-image.sh"],
        env=os.environ | BUILT_WITH,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    return "distributed-ocr-pipeline:latest"


@pytest.fixture(name="container", scope="session")
def fixture_container(image: str) -> Iterator[str]:
    """One container of the image for all commands: on some storage drivers each is a whole copy."""
    made = subprocess.run(["buildah", "from", "--quiet", "--pull-never", image], stdout=subprocess.PIPE, check=True)
    name = made.stdout.decode().strip()
    yield name
    subprocess.run(["buildah", "rm", name], stdout=subprocess.DEVNULL, check=True)


def in_container(container: str, *command: str) -> str:
    """What a command prints in the container."""
    whole = ["buildah", "run", "--isolation", "chroot", container, "--", *command]
    return subprocess.run(whole, stdout=subprocess.PIPE, text=True, check=True).stdout

"""The image, built once for all tests here, on a base that debootstrap makes."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.image import BUILT_WITH, PROJECT, missing


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

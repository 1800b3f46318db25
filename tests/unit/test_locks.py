"""The lock files: pip, which checks hashes, takes nothing but what is pinned in them."""

import re
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]


def pinned(lock: str) -> dict[str, set[str]]:
    """The packages of a lock file with their extras."""
    lines = (PROJECT / lock).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"\w", line)]
    return {canonicalize_name(item.name): item.extras for item in found}


def asked(names: set[str]) -> Iterator[tuple[str, Requirement]]:
    """What these packages, as far as they are installed, ask of each other."""
    for distribution in distributions():
        for text in distribution.requires or () if canonicalize_name(distribution.name) in names else ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                yield distribution.name, requirement


LOCKS = (
    "requirements-dev.lock",
    "requirements-local.lock",
    "container/requirements.lock",
    "container/requirements-neural.lock",
)


@pytest.mark.parametrize("lock", LOCKS)
def test_extras_that_a_package_asks_for_are_pinned(lock: str) -> None:
    """Where `coverage[toml]` is asked for and `coverage` pinned, pip takes the newest, which has no hash."""
    packages = pinned(lock)
    missing = [
        f"{package} asks for {requirement}"
        for package, requirement in asked(set(packages))
        if not requirement.extras <= packages.get(canonicalize_name(requirement.name), set())
    ]
    assert missing == []


def test_who_does_not_want_the_neural_engine_installs_nothing_of_it() -> None:
    small, large = pinned("container/requirements.lock"), pinned("container/requirements-neural.lock")
    assert set(small) < set(large)
    assert {"rapidocr", "onnxruntime", "opencv-python-headless", "numpy"} <= set(large) - set(small)
    assert not {"rapidocr", "onnxruntime"} & set(pinned("requirements-local.lock"))

"""The scripts around the image, with substituted programs: what they call, and what they say when they cannot."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from scripts.pip_conf import pip_conf

from tests.support.image import PROJECT


def program(folder: Path, name: str, body: str) -> None:
    """A stand-in for a program, which also writes down how it was called."""
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/calls\n{body}\n', encoding="ascii")
    path.chmod(0o755)


def push(project: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    environ = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "CONTAINER_TOOL": "podman"}
    return subprocess.run(
        [project / "scripts" / "push-image.sh"], env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture(name="project")
def fixture_project(tmp_path: Path) -> Path:
    """The scripts alone, with a Python that only prints a password."""
    shutil.copytree(PROJECT / "scripts", tmp_path / "project" / "scripts")
    (tmp_path / "project" / ".venv" / "bin").mkdir(parents=True)
    program(tmp_path / "project" / ".venv" / "bin", "python", "echo password")
    return tmp_path / "project"


TERRAFORM = """case $3 in
  ecr_repository_url) printf registry.example/ocr ;; image_tag) printf 0123 ;; region) printf us-west-2 ;;
esac"""


def test_the_image_is_pushed_under_the_tag_that_the_deployment_expects(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "terraform", TERRAFORM)
    program(tmp_path, "podman", "case $1 in login) cat >> $0.stdin ;; esac")
    done = push(project, tmp_path)
    assert done.returncode == 0, done.stderr
    calls = [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("podman")]
    assert calls == [
        "podman inspect --type image distributed-ocr-pipeline:0123",
        "podman login --username AWS --password-stdin registry.example",
        "podman tag distributed-ocr-pipeline:0123 registry.example/ocr:0123",
        "podman push registry.example/ocr:0123",
        "podman logout registry.example",
    ]
    assert (tmp_path / "podman.stdin").read_text() == "password\n", "through a pipe, never as an argument"


def test_an_image_of_other_sources_is_not_pushed(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "terraform", TERRAFORM)
    program(tmp_path, "podman", "exit 1")
    done = push(project, tmp_path)
    assert done.returncode == 66 and "make build-image" in done.stderr
    assert "push" not in (tmp_path / "calls").read_text()


def test_without_a_deployment_there_is_nowhere_to_push(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "terraform", "exit 1")
    program(tmp_path, "podman", "")
    done = push(project, tmp_path)
    assert done.returncode == 66 and "terraform apply" in done.stderr


def test_without_a_tool_the_words_are_clear(tmp_path: Path) -> None:
    environ = os.environ | {"CONTAINER_TOOL": "no-such-tool"}
    script = PROJECT / "scripts" / "container-tool.sh"
    done = subprocess.run([script], env=environ, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 69 and "no-such-tool" in done.stderr


def test_a_lookup_that_looked_nothing_up_is_no_clean_audit(tmp_path: Path) -> None:
    program(tmp_path, "pip-audit", "echo 'Dependency not found on PyPI and could not be audited: a (1)' >&2; exit 1")
    environ = os.environ | {"PIP_AUDIT": str(tmp_path / "pip-audit")}
    script = PROJECT / "scripts" / "audit.sh"
    done = subprocess.run([script], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Not audited" in done.stderr
    assert "--strict" in (tmp_path / "calls").read_text()


def test_pip_settings_that_a_build_can_use_are_passed_on() -> None:
    listing = [
        "global.cert='/etc/some.crt'",
        "global.index-url='https://index.example/simple'",
        "global.extra-index-url='file:///srv/simple https://more.example/simple'",
        "global.find-links='/srv/wheels'",
    ]
    assert list(pip_conf(listing, certificates=True)) == [
        "[global]",
        "cert = /run/secrets/ca_bundle",
        "extra-index-url = https://more.example/simple",
        "index-url = https://index.example/simple",
    ]

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


PYTHON = """case $1 in
  *image_tag.py) echo 0123 ;;
  *ecr_password.py) echo password ;;
  *ecr_image.py) [ -f {folder}/registry ] && cat {folder}/registry ;;
esac"""
TERRAFORM = """case $3 in
  ecr_repository_url) printf registry.example/team/ocr ;; image_tag) printf old ;; region) printf us-west-2 ;;
esac"""
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(name="project")
def fixture_project(tmp_path: Path) -> Path:
    """The scripts alone, with a Python that knows what is in the registry: the file of that name."""
    shutil.copytree(PROJECT / "scripts", tmp_path / "project" / "scripts")
    (tmp_path / "project" / ".venv" / "bin").mkdir(parents=True)
    program(tmp_path / "project" / ".venv" / "bin", "python", PYTHON.format(folder=tmp_path))
    program(tmp_path, "terraform", TERRAFORM)
    return tmp_path / "project"


def pushing(folder: Path, manifest: str) -> str:
    """A container tool whose push arrives as a manifest of this kind."""
    return f"case $1 in login) cat >> $0.stdin ;; push) echo {manifest} > {folder}/registry ;; esac"


def calls_of(folder: Path, name: str) -> list[str]:
    return [line for line in (folder / "calls").read_text().splitlines() if line.startswith(name)]


def test_the_image_of_these_sources_is_pushed_as_sagemaker_takes_it(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "podman", pushing(tmp_path, DOCKER_MANIFEST))
    done = push(project, tmp_path)
    assert done.returncode == 0, done.stderr
    assert calls_of(tmp_path, "podman") == [
        "podman inspect --type image distributed-ocr-pipeline:0123",
        "podman login --username AWS --password-stdin registry.example",
        "podman tag distributed-ocr-pipeline:0123 registry.example/team/ocr:0123",
        "podman push --format v2s2 registry.example/team/ocr:0123",
        "podman logout registry.example",
    ]
    assert (tmp_path / "podman.stdin").read_text() == "password\n", "through a pipe, never as an argument"


def test_an_image_that_arrives_as_another_kind_of_manifest_is_not_used(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "podman", pushing(tmp_path, "application/vnd.oci.image.index.v1+json"))
    done = push(project, tmp_path)
    assert done.returncode == 66 and "oci.image.index" in done.stderr and "batch-delete-image" in done.stderr


def test_an_image_that_is_there_is_not_pushed_again(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "podman", "exit 1")
    (tmp_path / "registry").write_text(DOCKER_MANIFEST)
    done = push(project, tmp_path)
    assert done.returncode == 0 and "already" in done.stderr
    assert not calls_of(tmp_path, "podman")


def test_an_image_of_other_sources_is_not_pushed(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "podman", "exit 1")
    done = push(project, tmp_path)
    assert done.returncode == 66 and "make build-image" in done.stderr
    assert not any("push" in call for call in calls_of(tmp_path, "podman"))


def test_without_a_deployment_there_is_nowhere_to_push(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "terraform", "exit 1")
    program(tmp_path, "podman", "")
    done = push(project, tmp_path)
    assert done.returncode == 66 and "make deploy" in done.stderr


@pytest.mark.parametrize(
    ("tool", "flags"),
    [
        ("docker", "--provenance=false --sbom=false --output type=docker"),
        ("podman", "--format docker"),
        ("buildah", "--format docker"),
    ],
)
def test_the_image_is_built_with_dockers_kind_of_manifest(project: Path, tmp_path: Path, tool: str, flags: str) -> None:
    (project / "container").mkdir()
    shutil.copy(PROJECT / "container" / "Dockerfile", project / "container")
    shutil.copy(PROJECT / "pyproject.toml", project)
    package = Path("job_scripts/distributed_ocr_pipeline")
    (project / package).mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / package / "__init__.py", project / package)  # has the version
    program(tmp_path, tool, "")
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CONTAINER_TOOL": tool, "BASE_IMAGE": "base"}
    done = subprocess.run(
        [project / "scripts" / "build-image.sh"], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = [call for call in calls_of(tmp_path, tool) if f"{tool} build" in call]
    assert flags in built


def deploy(project: Path, folder: Path, tool: str = "podman") -> "subprocess.CompletedProcess[str]":
    environ = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "CONTAINER_TOOL": tool}
    command = [str(project / "scripts" / "deploy.sh"), "-auto-approve"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_a_deployment_pushes_the_image_before_the_workflow_points_to_it(project: Path, tmp_path: Path) -> None:
    program(tmp_path, "podman", pushing(tmp_path, DOCKER_MANIFEST))
    program(project / "scripts", "build-image.sh", "")
    done = deploy(project, tmp_path)
    assert done.returncode == 0, done.stderr
    order = [line for line in (tmp_path / "calls").read_text().splitlines() if " apply " in line or " push " in line]
    assert order == [
        "terraform apply -input=false -target=module.registry.aws_ecr_repository.image -auto-approve",
        "podman push --format v2s2 registry.example/team/ocr:0123",
        "terraform apply -input=false -auto-approve",
    ]


def test_a_deployment_whose_image_cannot_be_built_changes_nothing(project: Path, tmp_path: Path) -> None:
    program(
        tmp_path,
        "terraform",
        TERRAFORM.replace("esac", "*) case $1 in state) echo module.registry.aws_ecr_repository.image ;; esac ;; esac"),
    )
    done = deploy(project, tmp_path, "no-such-tool")
    assert done.returncode == 69 and "The workflow is as it was" in done.stderr
    assert not any(" apply " in call for call in calls_of(tmp_path, "terraform"))


def test_a_deployment_whose_image_is_there_needs_no_builder(project: Path, tmp_path: Path) -> None:
    (tmp_path / "registry").write_text(DOCKER_MANIFEST)
    done = deploy(project, tmp_path, "no-such-tool")
    assert done.returncode == 0, done.stderr


def test_without_a_tool_the_words_are_clear(tmp_path: Path) -> None:
    environ = os.environ | {"CONTAINER_TOOL": "no-such-tool"}
    script = PROJECT / "scripts" / "container-tool.sh"
    done = subprocess.run([script], env=environ, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 69 and "no-such-tool" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="Needs root and setpriv.")
@pytest.mark.parametrize(("mode", "kept"), [(0o644, False), (0o600, True)])
def test_roots_privileges_are_dropped_unless_the_downloads_could_not_be_read(
    tmp_path: Path, mode: int, kept: bool
) -> None:
    document = tmp_path / "ml" / "processing" / "input" / "documents" / "a.pdf"
    document.parent.mkdir(parents=True)
    document.touch(mode=mode)
    os.chown(document, 65534, 65534)
    program(tmp_path, "python", "grep CapEff /proc/self/status")
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "OCR_ML_ROOT": str(tmp_path / "ml")}
    command = [str(PROJECT / "container" / "entrypoint"), "process"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert (int(done.stdout.split()[1], 16) != 0) is kept, done.stdout
    assert ("privileges are kept" in done.stderr) is kept


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

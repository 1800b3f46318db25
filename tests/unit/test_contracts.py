"""What may import what: the code keeps the contracts of pyproject.toml, and each of them notices a breach."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGE = "distributed_ocr_pipeline"

BREACHES = [
    ("stand-in", "local_aws/server.py", f"{PACKAGE}.records"),
    ("jobs", "plan_shards.py", f"{PACKAGE}.client"),
    ("jobs", "process_shard.py", f"{PACKAGE}.main"),
    ("jobs", "report_run.py", "local_aws"),
    ("jobs", "check_shard.py", f"{PACKAGE}.deployment"),
    ("jobs", f"{PACKAGE}/run/delivery/manifests.py", f"{PACKAGE}.local"),
    ("layers", f"{PACKAGE}/storage.py", f"{PACKAGE}.run"),
    ("layers", f"{PACKAGE}/in_no_layer.py", f"{PACKAGE}.errors"),
    ("reading-alone", f"{PACKAGE}/ocr/worker.py", "pyarrow"),
    ("reading-alone", f"{PACKAGE}/ocr/rasters/raster.py", f"{PACKAGE}.storage"),
    ("reading-layers", f"{PACKAGE}/ocr/documents/source.py", f"{PACKAGE}.ocr.engines"),
    ("reading-layers", f"{PACKAGE}/ocr/processes/programs.py", f"{PACKAGE}.ocr.rasters"),
]

LINT_IMPORTS = """
import sys
sys.path[:0] = [".", "job_scripts"]
from importlinter.cli import lint_imports_command
lint_imports_command()
"""


def lint_imports(project: Path, *arguments: str) -> str:
    """What import-linter says of the code in this folder."""
    command = [sys.executable, "-c", LINT_IMPORTS, "--no-cache", "--no-logo", *arguments]
    return subprocess.run(command, cwd=project, stdout=subprocess.PIPE, text=True, check=False).stdout


@pytest.fixture(name="project")
def fixture_project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "job_scripts", tmp_path / "job_scripts")
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_code_keeps_every_contract(project: Path) -> None:
    shown = lint_imports(project)
    assert "Contracts: 5 kept, 0 broken." in shown, shown


@pytest.mark.parametrize("contract, module, imported", BREACHES)
def test_a_breach_is_noticed(project: Path, contract: str, module: str, imported: str) -> None:
    with (project / "job_scripts" / module).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {imported}\n")
    shown = lint_imports(project, "--contract", contract)
    assert "Contracts: 0 kept, 1 broken." in shown, shown


def test_the_contract_on_jobs_names_every_job() -> None:
    named = re.findall(r'"job_scripts\.(\w+)"', (PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert sorted(named) == sorted(path.stem for path in (PROJECT / "job_scripts").glob("*.py"))

"""The image's tag is made from what the image receives: .dockerignore, scripts/image_tag.py and main.tf agree."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from scripts.image_tag import image_sources, image_tag

PROJECT = Path(__file__).parents[2]
PACKAGE = "job_scripts/distributed_ocr_pipeline"
NOT_IN_THE_IMAGE = (f"{PACKAGE}/client", f"{PACKAGE}/local", f"{PACKAGE}/main.py", "job_scripts/local_aws")

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


@pytest.fixture(name="tree")
def fixture_tree(tmp_path: Path) -> Path:
    """A copy of the project, with Terraform's root cut down to the part that computes the tag."""
    tree = tmp_path / "project"
    shutil.copytree(PROJECT, tree, ignore=shutil.ignore_patterns(".venv*", ".git", ".terraform", ".*_cache", "build"))
    for cache in ("job_scripts/__pycache__", f"{PACKAGE}/ocr/__pycache__", "job_scripts/any.egg-info"):
        (tree / cache).mkdir(exist_ok=True)
        (tree / cache / "left-over").touch()
    block = re.search(r"^  image_rules = .*?^  \]\)\), 0, 16\)$", (PROJECT / "main.tf").read_text(), re.S | re.M)
    assert block is not None
    for file in (*tree.glob("*.tf"), tree / ".terraform.lock.hcl"):
        file.unlink()
    (tree / "main.tf").write_text(f"locals {{\n{block.group()}\n}}\n", encoding="utf-8")
    return tree


def let_in(tree: Path) -> list[str]:
    """The files that a container builder receives, as its documentation defines: the last rule that matches counts."""
    lines = (tree / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    names = (path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    return sorted(name for name in names if is_let_in(name, rules))


def is_let_in(name: str, rules: list[str]) -> bool:
    matching = [rule for rule in rules if re.fullmatch(f"{as_regex(rule.removeprefix('!'))}(/.*)?", name)]
    return not matching or matching[-1].startswith("!")


def as_regex(pattern: str) -> str:
    special = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\*\*/|\*\*|\*)", pattern)
    return "".join(special.get(part, re.escape(part)) for part in parts)


def terraform(tree: Path, expression: str) -> str:
    """The value of an expression that is one string."""
    done = subprocess.run(
        ["terraform", "console"], input=f"{expression}\n", cwd=tree, capture_output=True, text=True, check=True
    )
    return done.stdout.strip().strip('"')


def test_the_tag_is_made_from_the_files_that_dockerignore_lets_in(tree: Path) -> None:
    sources = image_sources(tree)
    assert sources == let_in(tree)
    assert {"container/Dockerfile", "job_scripts/plan_shards.py", f"{PACKAGE}/records.py"} <= set(sources)
    assert not [name for name in sources if name.startswith(NOT_IN_THE_IMAGE) or "left-over" in name]


@needs_terraform
def test_terraform_makes_the_same_tag_from_the_same_files(tree: Path) -> None:
    assert terraform(tree, 'join(" ", local.image_sources)').split() == image_sources(tree)
    assert terraform(tree, "local.image_tag") == image_tag(tree)


def change(tree: Path, *places: str) -> None:
    """Append a line to every file at or below these places, and put a new file into every folder."""
    for place in places:
        found = [tree / place, *(tree / place).rglob("*")]
        for path in found:
            file = path / "new.py" if path.is_dir() else path
            with file.open("a", encoding="utf-8") as stream:
                stream.write("# changed\n")


def test_what_runs_on_a_users_machine_does_not_change_the_tag(tree: Path) -> None:
    before = image_tag(tree)
    change(tree, *NOT_IN_THE_IMAGE, "README.md", "pyproject.toml", "tests/unit")
    assert image_tag(tree) == before
    change(tree, f"{PACKAGE}/records.py")
    assert image_tag(tree) != before


@needs_terraform
def test_what_runs_on_a_users_machine_does_not_change_terraforms_tag(tree: Path) -> None:
    before = terraform(tree, "local.image_tag")
    change(tree, *NOT_IN_THE_IMAGE, "README.md", "pyproject.toml", "tests/unit")
    assert terraform(tree, "local.image_tag") == before
    change(tree, f"{PACKAGE}/records.py")
    assert terraform(tree, "local.image_tag") != before

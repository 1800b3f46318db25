"""The programs of examples/, as they are: on a few documents, and those for AWS on the local environment."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from tests.support.copies import PROJECT, copy_project, run_in
from tests.support.documents import typed_pdf

PROGRAMS = PROJECT / "examples/programs"


@pytest.fixture(name="copy", scope="module")
def fixture_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a folder of three documents, one of which cannot be read."""
    copy = copy_project(tmp_path_factory.mktemp("examples"))
    (copy / "scans").mkdir()
    for name in ("scan-skewed.pdf", "born-digital.pdf", "encrypted.pdf"):
        shutil.copy(PROJECT / "examples/documents" / name, copy / "scans")
    return copy


@pytest.fixture(name="shown", scope="module")
def fixture_shown(copy: Path) -> str:
    """What folder.sh prints; the others find its results."""
    return run_in(copy, "examples/programs/folder.sh", "scans").stdout


def test_a_folder_is_read_and_what_failed_is_listed(copy: Path, shown: str) -> None:
    failed = [line for line in shown.splitlines() if line.startswith("failed\tencrypted\t")]
    assert len(failed) == 1 and failed[0].endswith("encrypted.pdf")
    assert Path(copy, shown.splitlines()[-1].rpartition(" ")[2]).suffix == ".html"
    assert len(list((copy / "output/runs").glob("*/report.html"))) == 1


@pytest.mark.usefixtures("shown")
def test_a_text_is_found_on_its_pages(copy: Path) -> None:
    found = run_in(copy, sys.executable, "examples/programs/search.py", "output", "the").stdout.splitlines()
    assert {line.partition(" page ")[0].rpartition("/")[2] for line in found[:-1]} == {
        "scan-skewed.pdf",
        "born-digital.pdf",
    }
    assert found[-1] == f"{len(found) - 1} pages"
    assert run_in(copy, sys.executable, "examples/programs/search.py", "output", "xyzzy").stdout == "0 pages\n"


@pytest.mark.usefixtures("shown")
def test_a_run_is_looked_at_from_python(copy: Path) -> None:
    lines = run_in(copy, sys.executable, "examples/programs/python_api.py", "scans").stdout.splitlines()
    assert [line for line in lines if line.startswith("failed ") and line.endswith("/encrypted.pdf")]
    assert lines[-1].startswith("born-digital.pdf succeeded ") and int(lines[-1].split()[-2]) > 100


@pytest.mark.usefixtures("shown")
def test_the_cells_of_the_notebook_run_one_after_another(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy)
    monkeypatch.delenv("OCR_BUCKET_NAME", raising=False)
    notebook = json.loads((PROGRAMS / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) == 6 and all(not cell.get("outputs") for cell in notebook["cells"])
    names: dict[str, object] = {}
    for cell in [*cells[:1], 'folder = "scans"', *cells[1:]]:
        exec(cell, names)  # pylint: disable=exec-used  # what a notebook does
    documents, least = names["documents"], names["least"]
    assert len(documents) == 3 and isinstance(least, list) and least  # type: ignore[arg-type]  # an Arrow table


@pytest.mark.usefixtures("shown")
def test_an_archive_has_searchable_pdfs_and_finds_a_word(copy: Path) -> None:
    arguments = ("examples/programs/searchable_archive.sh", "scans", "output")  # which folder.sh has filled
    read, _, found = run_in(copy, *arguments, "the").stdout.partition("Documents with 'the':\n")
    assert "Nothing to do" in read
    assert sorted(Path(name).name for name in found.split()) == ["born-digital.pdf.txt", "scan-skewed.pdf.txt"]
    pdfs = sorted(path.name for path in (copy / "output/outputs").rglob("*.pdf"))
    assert pdfs == ["born-digital.pdf.pdf", "scan-skewed.pdf.pdf"]
    assert run_in(copy, *arguments, "xyzzy").stdout.endswith("Documents with 'xyzzy':\nnone\n")


def test_an_archive_finds_no_word_of_an_earlier_version(copy: Path) -> None:
    (copy / "letters").mkdir()
    arguments = ("examples/programs/searchable_archive.sh", "letters", "archive")
    typed_pdf(copy / "letters/a letter.pdf", ["Yesterday it was said otherwise"])
    assert run_in(copy, *arguments, "yesterday").stdout.endswith("/a letter.pdf.txt\n")
    typed_pdf(copy / "letters/a letter.pdf", ["Today it is said in other words"])
    assert run_in(copy, *arguments, "yesterday").stdout.endswith("Documents with 'yesterday':\nnone\n")
    assert run_in(copy, *arguments, "today").stdout.endswith("/a letter.pdf.txt\n")


# ---- AWS -----------------------------------------------------------------------------------------------------------


@pytest.fixture(name="account", scope="module")
def fixture_account() -> Iterator[LocalEnvironment]:
    with LocalEnvironment() as environment:
        yield environment


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")
def test_a_run_needs_nothing_but_the_aws_cli(copy: Path, account: LocalEnvironment) -> None:
    names = (account.state_machine_arn, account.input_bucket, account.output_bucket)
    shown = run_in(copy, "examples/programs/aws_cli.sh", "scans", *names, more=account.environ()).stdout
    assert '"planned": 3' in shown and ".parquet" in shown


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
def test_terraform_takes_the_schedule(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "variables.tf", tmp_path)
    plan = ("terraform", "plan", "-input=false", "-no-color")
    shutil.copy(PROGRAMS / "schedule.tfvars", tmp_path / "terraform.tfvars")
    assert "undeclared variable" not in run_in(tmp_path, *plan).stdout
    wrong = (PROGRAMS / "schedule.tfvars").read_text(encoding="utf-8").replace("? *)", "* *)")
    (tmp_path / "terraform.tfvars").write_text(wrong, encoding="utf-8")
    assert "one is a question mark" in run_in(tmp_path, *plan, status=1).stderr


def test_the_page_lists_every_program() -> None:
    page = (PROJECT / "examples/README.md").read_text(encoding="utf-8")
    files = [path.name for path in PROGRAMS.iterdir() if path.is_file()]
    assert len(files) == 7 and [name for name in files if f"(programs/{name})" not in page] == []

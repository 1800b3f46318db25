"""`ocr-pipeline estimate` on a folder: a table for people, JSON for programs, and one line where it cannot."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.commands.estimate import describe
from distributed_ocr_pipeline.errors import ExitCode
from distributed_ocr_pipeline.local.folders import locked
from distributed_ocr_pipeline.main import main
from tests.support.documents import typed_pdf
from tests.support.plans import make_plan


@pytest.fixture(autouse=True)
def no_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCR_BUCKET_NAME", raising=False)


def test_the_examples_are_counted_and_priced(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "examples/documents", "--json", "--instance-type", "ml.c6i.4xlarge"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert found["documents"] == 22 and found["input_prefix"] == os.path.abspath("examples/documents")
    assert 24 * 0.8 <= found["pages"]["expected"] <= 24 * 1.2
    assert found["estimate"]["instance_type"] == "ml.c6i.4xlarge"
    assert 0 < found["estimate"]["provisioning_usd"] < found["estimate"]["usd"]["expected"]
    assert set(found["alternatives"]) == {"cheapest", "fastest", "within_quota"}


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "examples/documents", "--exclude", "*.pdf,notes.txt"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "Textract" in shown and "cheapest" in shown and "22" not in shown.splitlines()[4]


def test_who_has_scans_is_told_that_worn_ones_take_longer() -> None:
    def told(earlier: float, text_layer: float) -> bool:
        plan = make_plan(speed_factor=earlier, text_layer_share=text_layer)
        return any("Worn, faint or crooked" in line for line in describe(plan))

    assert told(earlier=1.0, text_layer=0.5)
    assert not told(earlier=1.0, text_layer=1.0) and not told(earlier=1.5, text_layer=0.5)


def test_a_folder_is_told_what_a_run_takes_here(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    assert main(["estimate", str(tmp_path)]) == ExitCode.OK
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert re.match(
        r"On this machine a run costs nothing and takes about 5( to \d+)? seconds on \d+ processors?\.", first
    )
    assert "earlier runs are not looked at" in second
    assert main(["estimate", str(tmp_path), "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    here = found["this_machine"]
    assert here["usd"] == 0 and here["seconds"]["low"] <= here["seconds"]["expected"] <= here["seconds"]["high"]
    assert (here["seconds"]["expected"] - 5) * here["processors"] == pytest.approx(found["cpu_seconds"]["expected"])
    assert found["input_uri"] == tmp_path.as_uri()


def test_bounds_that_look_the_same_are_one_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "examples/documents", "--include", "born-digital.pdf"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert re.search(r"takes about 5 seconds on", shown) and re.search(r"This run: [\d.]+ USD, [\d.]+ hours\.", shown)
    assert not re.search(r"([\d.,]+) to \1\b", shown)
    assert re.search(r"^pages +\d+$", shown, re.MULTILINE) and re.search(r"^CPU hours +0\.\d{4}", shown, re.MULTILINE)


def test_a_link_out_of_the_folder_is_one_plain_line_with_how_many(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        typed_pdf(tmp_path / name, ["A page"])
    (tmp_path / "documents").mkdir()
    for name, target in (("in.pdf", tmp_path / "documents/real.pdf"), ("out.pdf", tmp_path / "a.pdf")):
        (tmp_path / "documents" / name).symlink_to(target)
    typed_pdf(tmp_path / "documents/real.pdf", ["A page"])
    call = [sys.executable, "-m", "distributed_ocr_pipeline.main", "estimate", str(tmp_path / "documents")]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    expected = "Pages of 1 of 3 documents are estimated from their bytes: 'out.pdf' leads out of the folder"
    assert done.stderr == f"ocr-pipeline: warning: {expected}, or may not be read.\n"


def test_a_folder_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["estimate", str(tmp_path / "nowhere")]) == ExitCode.BAD_INPUT
    assert "nowhere' does not exist" in capsys.readouterr().err


def test_an_empty_folder_has_nothing_to_estimate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["estimate", str(tmp_path)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert (
        f"The folder {str(tmp_path)!r} holds no files. Give a folder of documents." in shown and "bucket" not in shown
    )
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    assert main(["estimate", str(tmp_path), "--exclude", "*.pdf"]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert f"There are no documents under {tmp_path}/. Check the patterns of include and exclude." in shown


def test_what_cannot_be_opened_is_counted_as_a_run_counts_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "link.pdf").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.pdf")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "b.pdf").write_bytes(b"%PDF-1.4")
    with locked(tmp_path / "results", tmp_path, "r1"):
        pass
    assert main(["estimate", str(tmp_path), "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["documents"] == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([""], "The input prefix is empty."),
        (["S3://bucket/in/"], "is no place of documents. Write s3://bucket/prefix/"),
        ([".", "--document-list", "list.txt"], "A list names documents in S3."),
    ],
)
def test_what_cannot_be_estimated_is_one_line(given: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", *given]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert words in shown and shown.count("\n") == 1

"""A run on a folder starts nothing that cannot end well."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from distributed_ocr_pipeline import OCRPipeline, Runs
from distributed_ocr_pipeline.client.results import Observer, RunResult
from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.errors import BadInput, BadOption, ExitCode, MissingTool
from distributed_ocr_pipeline.layout import MARK
from distributed_ocr_pipeline.local import run
from distributed_ocr_pipeline.local.folders import find_holder
from distributed_ocr_pipeline.local.run import run_folder, space_needs
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.planning.estimating import Range
from tests.support.plans import make_plan


@pytest.fixture(autouse=True)
def fixture_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(**_: Path) -> None:
        raise AssertionError("the local environment was started")

    monkeypatch.setattr(run, "LocalEnvironment", start)
    monkeypatch.delenv("OCR_BUCKET_NAME", raising=False)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.pdf").write_bytes(b"%PDF-1.4")
    return tmp_path / "docs"


def test_a_folder_without_documents_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no files"):
        run_folder(tmp_path, RunSettings(), output=tmp_path / "output", observer=Observer())
    assert not list(tmp_path.iterdir())


def test_an_output_folder_that_cannot_be_written_starts_nothing(folder: Path) -> None:
    (folder.parent / "file").touch()
    with pytest.raises(BadInput, match="cannot be written"):
        run_folder(folder, RunSettings(), output=folder.parent / "file", observer=Observer())


def test_a_language_that_is_missing_starts_nothing(folder: Path) -> None:
    with pytest.raises(MissingTool, match="no language xyz .*knows no xyz"):
        run_folder(folder, RunSettings(languages="eng+xyz"), output=folder.parent / "output", observer=Observer())
    assert not (folder.parent / "output").exists()


@pytest.mark.parametrize("prefix", ["", " "])
def test_an_empty_prefix_is_not_the_working_folder(prefix: str, folder: Path) -> None:
    with pytest.raises(BadInput, match="The input prefix is empty"):
        OCRPipeline(output=folder.parent / "output").run(prefix)


def test_what_is_in_s3_is_refused_for_a_folder(folder: Path) -> None:
    with pytest.raises(BadInput, match="go to a folder"):
        OCRPipeline(output="s3://bucket/results").run(folder)
    with pytest.raises(BadInput, match="A list names documents in S3"):
        OCRPipeline(output=folder.parent / "output").run(folder, document_list="list.txt")
    for address in ("S3://bucket/a/", "s3:/bucket/a/", "https://bucket/a/"):
        with pytest.raises(BadInput, match="is no place of documents"):
            OCRPipeline(output=folder.parent / "output").run(address)


@pytest.mark.parametrize("output", ["", " "])
def test_an_empty_output_is_not_the_working_folder(output: str, folder: Path) -> None:
    with pytest.raises(BadInput, match="The name of the output folder is empty"):
        OCRPipeline(output=output).run(folder)
    assert main(["--input-prefix", str(folder), "--output", output]) == ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_error_rate": 2}, "'max_error_rate': got 2"),
        ({"colour": "grey"}, "Unknown option 'colour'"),
        ({"planned": True}, "Unknown option 'planned'"),
    ],
)
def test_options_are_checked_before_anything_else(folder: Path, options: dict[str, object], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        OCRPipeline(output=folder.parent / "output").run(str(folder), **options)
    assert not (folder.parent / "output").exists()


def test_a_good_call_gets_as_far_as_starting(folder: Path) -> None:
    for name in (str(folder), folder.as_uri()):
        with pytest.raises(AssertionError, match="was started"):
            OCRPipeline(output=folder.parent / "output").run(name)


def test_a_tilde_is_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.chdir(folder)
    with pytest.raises(AssertionError, match="was started"):
        OCRPipeline(output="~/output").run("~/docs")
    assert (folder.parent / "output" / MARK).exists() and not (folder / "~").exists()
    assert Runs("~/output").latest() == []


def test_the_run_is_named_before_anything_starts_and_its_lock_names_it(folder: Path) -> None:
    told: list[tuple[str, ...]] = []

    class Listener(Observer):
        def started(self, run_id: str, output: str) -> None:
            holder = find_holder(Path(output))
            assert holder is not None and holder.is_at_work
            told.append(("started", run_id, holder.run_id))

        def notice(self, text: str) -> None:
            told.append(("notice", text))

    with pytest.raises(AssertionError, match="was started"):
        OCRPipeline(output=folder.parent / "output", observer=Listener()).run(folder)
    assert told[0][0] == "started" and told[0][1] == told[0][2]
    assert [what for what, *_ in told].count("started") == 1 and len(told) > 1


def test_a_folder_of_results_is_not_read(folder: Path) -> None:
    with pytest.raises(BadInput, match="'.*docs' is one for results"):
        OCRPipeline(output=folder.parent / "docs/../docs").run(str(folder))
    assert [path.name for path in folder.iterdir()] == ["a.pdf"]
    (folder / MARK).touch()
    with pytest.raises(BadInput, match="is one for results"):
        OCRPipeline(output=folder.parent / "output").run(str(folder))


def test_results_beside_documents_start_nothing(folder: Path) -> None:
    with pytest.raises(BadInput, match="holds 'docs/a.pdf', which is no result of a run"):
        OCRPipeline(output=folder.parent).run(str(folder))
    assert [path.name for path in folder.parent.iterdir()] == ["docs"]


@pytest.mark.parametrize(("on_another_disk", "copied"), [(False, 0), (True, 2_000_000)])
def test_documents_take_space_only_where_jobs_cannot_have_links_to_them(
    on_another_disk: bool, copied: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = Path("/dev/shm") if on_another_disk else folder.parent
    if on_another_disk and os.stat(scratch).st_dev == os.stat(folder).st_dev:
        pytest.skip("there is one disk")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    plan = make_plan(size_bytes=10_000_000, shards=10, max_concurrency=2, pages=Range(1000, 1000, 1000))
    needs = space_needs(plan, RunSettings(), folder, folder.parent / "output")
    results = needs[folder.parent / "output"]
    assert results > 0
    assert needs[scratch] == pytest.approx(results / 5 + copied, abs=1)


def test_the_seconds_of_a_run_count_from_the_call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def take_a_moment(*_: object) -> RunResult:
        time.sleep(0.2)
        return RunResult("r1", make_plan(), None, "s3://bucket", seconds=0.001)

    monkeypatch.setattr(run, "_run", take_a_moment)
    result = run_folder(folder, RunSettings(), output=folder.parent / "output", observer=Observer())
    assert result.seconds >= 0.2 and result.output == str(folder.parent / "output")

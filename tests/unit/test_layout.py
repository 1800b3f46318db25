"""Where files are in the output bucket: one spelling, which the workflow shares."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from distributed_ocr_pipeline.layout import RunLayout, all_runs, new_run_id, runs_in_folder, time_of
from distributed_ocr_pipeline.local.definition import DEFINITION
from distributed_ocr_pipeline.records import S3Location

RUN = RunLayout("results", "r1")
ANY = RunLayout("${output_bucket}", "{}")  # as the workflow's definition writes names that are not known yet


@pytest.mark.parametrize(
    ("location", "address"),
    [
        (RUN.folder, "s3://results/runs/r1/"),
        (RUN.options, "s3://results/runs/r1/run.json"),
        (RUN.plan, "s3://results/runs/r1/plan.json"),
        (RUN.shards, "s3://results/runs/r1/shards.json"),
        (RUN.shard("s00000"), "s3://results/runs/r1/shards/s00000/"),
        (RUN.shard_documents("s00000"), "s3://results/runs/r1/shards/s00000/documents.jsonl"),
        (RUN.failed_shards, "s3://results/runs/r1/failed/"),
        (RUN.failed("s00000"), "s3://results/runs/r1/failed/s00000.json"),
        (RUN.map_failure, "s3://results/runs/r1/map_failure.json"),
        (RUN.report, "s3://results/runs/r1/report.json"),
        (RUN.failures, "s3://results/runs/r1/failures.csv"),
        (RUN.pages, "s3://results/pages/run_id=r1/"),
        (RUN.documents, "s3://results/documents/run_id=r1/"),
        (RUN.images, "s3://results/images/run_id=r1/"),
        (RUN.output("letters 2024/é.pdf", ".txt"), "s3://results/outputs/run_id=r1/letters 2024/é.pdf.txt"),
        (RUN.output("../a//b/..", ".pdf"), "s3://results/outputs/run_id=r1/%2E%2E/a/%/b/%2E%2E.pdf"),
        (RUN.output("/50%\n\\", ".md"), "s3://results/outputs/run_id=r1/%/50%25%0A%5C.md"),
        (RUN.output("100%25.pdf", ".txt"), "s3://results/outputs/run_id=r1/100%2525.pdf.txt"),
        (RUN.output("caf\udce9.pdf", ".txt"), "s3://results/outputs/run_id=r1/caf%E9.pdf.txt"),
        (all_runs("results", "documents"), "s3://results/documents/"),
    ],
)
def test_every_location_is_where_users_and_policies_expect_it(location: S3Location, address: str) -> None:
    assert str(location) == address


@pytest.mark.parametrize(
    "spelling",
    [
        ANY.options.key,
        ANY.plan.key,
        ANY.shards.key,
        ANY.report.key,
        ANY.failed("{}").key,
        ANY.map_failure.key,
        str(ANY.shard("{}")),
        str(ANY.shard("{}").below("manifest.json")),
        *(str(table).rstrip("/") for table in (ANY.pages, ANY.documents, ANY.images)),
    ],
)
def test_the_workflow_spells_the_same_keys(spelling: str) -> None:
    assert f"States.Format('{spelling}', " in DEFINITION.read_text(encoding="utf-8")


def test_the_runs_of_a_folder_are_those_with_a_ledger(tmp_path: Path) -> None:
    for folder in ("documents/run_id=b", "documents/run_id=a", "documents/other", "pages/run_id=c"):
        (tmp_path / folder).mkdir(parents=True)
    assert list(runs_in_folder(tmp_path)) == ["a", "b"]
    assert not list(runs_in_folder(tmp_path / "nowhere"))


@pytest.mark.parametrize(("key", "below"), [("", "x"), ("a", "a/x"), ("a/", "a/x"), ("a/b//", "a/b/x")])
def test_a_name_below_a_location_has_one_slash_before_it(key: str, below: str) -> None:
    assert S3Location("bucket", key).below("x") == S3Location("bucket", below)


def test_a_name_that_no_file_may_have_is_cut_and_stays_its_own() -> None:
    long = [RUN.output("é" * 150 + end, ".alto.xml").key.rpartition("/")[2] for end in "ab"]
    assert long[0] != long[1] and all(name.endswith(".alto.xml") and "%~" in name for name in long)
    assert {len(name.encode()) <= 255 for name in long} == {True}
    assert RUN.output("x" * 230, ".pdf").key.endswith("/" + "x" * 230 + ".pdf")


def test_an_id_says_when_its_run_began() -> None:
    begun = time_of(new_run_id())
    assert begun is not None and abs(datetime.now(timezone.utc) - begun) < timedelta(hours=1)
    assert time_of("20261126-045742-8ee05f") == datetime(2026, 11, 26, 4, 57, 42, tzinfo=timezone.utc)
    assert [time_of(name) for name in ("nightly", "20261126-045742", "20269926-045742-8ee05f")] == [None] * 3

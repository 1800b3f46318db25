"""What this project tells `local_aws` about itself."""

from pathlib import Path

from distributed_ocr_pipeline.job import JobContext
from distributed_ocr_pipeline.local.serve import PROJECT, server_settings

PROJECT_SETTINGS = server_settings()


def test_every_container_argument_has_its_script() -> None:
    assert sorted(PROJECT_SETTINGS.scripts) == ["check", "plan", "process", "report"]
    assert all(script.is_file() for script in PROJECT_SETTINGS.scripts.values())


def test_the_entry_point_of_the_image_starts_the_same_scripts() -> None:
    entrypoint = (PROJECT / "container/entrypoint").read_text(encoding="utf-8")
    assert all(argument in entrypoint for argument in PROJECT_SETTINGS.scripts)


def test_a_job_reads_its_root_and_its_run_from_the_variables_that_are_named(tmp_path: Path) -> None:
    environ = {PROJECT_SETTINGS.root_variable: str(tmp_path), PROJECT_SETTINGS.run_variable: "run-1"}
    context = JobContext.from_environment(environ | {"OCR_OUTPUT_BUCKET": "results"})
    assert (context.root, context.run_id) == (tmp_path, "run-1")


def test_jobs_that_share_a_machine_keep_no_pools_of_memory_and_threads(tmp_path: Path) -> None:
    variables = server_settings(results=tmp_path).variables
    assert (variables["ARROW_DEFAULT_MEMORY_POOL"], variables["MALLOC_ARENA_MAX"]) == ("system", "1")
    assert variables["OPENBLAS_NUM_THREADS"] == "1"

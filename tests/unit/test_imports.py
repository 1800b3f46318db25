"""What each entry point loads: jobs nothing of the user's machine, and `--help` nothing that takes long."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "job_scripts"
USERS_MACHINE = [
    "distributed_ocr_pipeline.client",
    "distributed_ocr_pipeline.deployment",
    "distributed_ocr_pipeline.local",
    "distributed_ocr_pipeline.main",
    "local_aws",
    "moto",
    "python_terraform",
    "tqdm",
    "yaml",
]


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after `code`."""
    report = f"import sys\n{code}\nprint('|'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", report], cwd=SCRIPTS, capture_output=True, text=True, check=True)
    return set(done.stderr.strip().split("|"))


@pytest.mark.parametrize("script", ["plan_shards", "process_shard", "check_shard", "report_run"])
def test_a_job_loads_nothing_of_the_users_machine(script: str) -> None:
    modules = loaded(f"import {script}")
    assert "distributed_ocr_pipeline.job" in modules
    assert not modules & set(USERS_MACHINE)


def test_the_shards_job_loads_no_aws() -> None:
    assert not loaded("import process_shard") & {"boto3", "botocore", "distributed_ocr_pipeline.storage"}


def test_the_shards_job_loads_arrow_only_while_programs_answer() -> None:
    modules = loaded("import process_shard")
    assert "distributed_ocr_pipeline.ocr.worker" in modules and "pyarrow" not in modules


def test_the_local_environment_loads_no_arrow() -> None:
    assert not loaded("import distributed_ocr_pipeline.local.__main__") & {"pyarrow", "duckdb", "moto"}


def test_the_command_that_follows_a_run_on_a_folder_loads_no_arrow_and_no_database() -> None:
    modules = loaded("import distributed_ocr_pipeline.client.commands.run, distributed_ocr_pipeline.local.run")
    assert "distributed_ocr_pipeline.client.execution" in modules
    assert not modules & {"pyarrow", "duckdb", "moto"}


def test_help_loads_neither_aws_nor_arrow() -> None:
    modules = loaded(
        "from distributed_ocr_pipeline.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    )
    assert "distributed_ocr_pipeline.main" in modules
    assert not modules & {"boto3", "botocore", "pyarrow", "tqdm", "PIL", "jinja2"}
    parsing = {
        "",
        *(f".command_line{name}" for name in ("", ".arguments", ".calling", ".ctrl_c", ".parsers", ".proposals")),
    }
    package = "distributed_ocr_pipeline.client"
    assert {name for name in modules if name.startswith(package)} == {f"{package}{name}" for name in parsing}


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_the_help_of_a_command_without_options_of_a_run_loads_no_pydantic(command: str) -> None:
    show_help = f"try:\n    main([{command!r}, '--help'])\nexcept SystemExit:\n    pass"
    modules = loaded(f"from distributed_ocr_pipeline.main import main\n{show_help}")
    assert "distributed_ocr_pipeline.main" in modules and "pydantic" not in modules


def test_the_public_names_are_loaded_when_they_are_first_used() -> None:
    assert not loaded("import distributed_ocr_pipeline") & {"boto3", "pydantic", "distributed_ocr_pipeline.client"}
    modules = loaded(
        "from distributed_ocr_pipeline import OCRPipeline, DocumentProcessor\n"
        "from distributed_ocr_pipeline.config import AWSConfig, OCRConfig\n"
        "OCRPipeline(AWSConfig(), OCRConfig()), DocumentProcessor()"
    )
    assert {"distributed_ocr_pipeline.client.pipeline", "distributed_ocr_pipeline.client.processor"} <= modules
    with pytest.raises(subprocess.CalledProcessError):
        loaded("from distributed_ocr_pipeline import Nothing")

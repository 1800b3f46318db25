"""How a job becomes a plain process."""

import os
import sys
from pathlib import Path

import pytest

from local_aws.errors import CannotRun
from local_aws.sagemaker.runtime import ScriptRuntime

RUNTIME = ScriptRuntime({"count": Path("scripts/count.py")}, "COUNTER_ROOT")


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["count", "count"]])
def test_arguments_that_name_no_script_cannot_run(arguments: list[str]) -> None:
    with pytest.raises(CannotRun, match="ContainerArguments must be one of count"):
        RUNTIME.command({"ContainerArguments": arguments}, {}, Path("ml"))


def test_a_container_entry_point_runs_with_this_machines_python_and_the_jobs_folder() -> None:
    specification = {"ContainerArguments": ["-v"], "ContainerEntrypoint": ["python3", "/opt/ml/processing/a.py"]}
    command = RUNTIME.command(specification, {}, Path("job/ml"), isolated=True)
    assert command.arguments == (sys.executable, "job/ml/processing/a.py", "-v")
    assert command.without_network and command.environment["COUNTER_ROOT"] == "job/ml"


def test_a_script_that_is_not_there_cannot_run() -> None:
    with pytest.raises(CannotRun, match="scripts/count.py does not exist"):
        RUNTIME.command({"ContainerArguments": ["count"]}, {}, Path("ml"))


def test_an_argument_starts_its_script_with_the_root_in_the_projects_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of-this-machine")
    script = tmp_path / "count.py"
    script.touch()
    root = tmp_path / "job" / "ml"
    command = ScriptRuntime({"count": script}, "COUNTER_ROOT").command(
        {"ContainerArguments": ["count"]}, {"TMPDIR": "mine"}, root, isolated=True
    )
    assert command.arguments[-1] == str(script) and command.without_network
    assert command.environment["COUNTER_ROOT"] == str(root)
    assert command.environment["TMPDIR"] == "mine", "the job's own variables win"
    assert command.environment["PATH"] == os.environ["PATH"] and "SECRET" not in command.environment

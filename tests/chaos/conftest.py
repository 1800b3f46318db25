"""One local environment with the faults of all scenarios."""

import json
from collections.abc import Iterator

import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from tests.support.programs import misbehaving_path
from tests.support.scenarios import SCENARIOS
from tests.support.workplace import Workplace, fault_plan


@pytest.fixture(scope="package", name="workplace")
def fixture_workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    folder = tmp_path_factory.mktemp("chaos")
    (folder / "bin").mkdir()
    faults = folder / "faults.json"
    faults.write_text(json.dumps(fault_plan(SCENARIOS)), encoding="utf-8")
    environ = {"OCR_LOCAL_FAULTS": str(faults), "PATH": misbehaving_path(folder / "bin")}
    with LocalEnvironment(environ=environ, grace_seconds=20) as environment:
        yield Workplace(environment.deployment())

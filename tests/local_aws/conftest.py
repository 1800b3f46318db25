"""One server for all of these tests."""

import json
from collections.abc import Iterator

import pytest

from distributed_ocr_pipeline.local.environment import LocalEnvironment
from tests.support.harness import FAULTS, Harness, write_scripts


@pytest.fixture(name="local", scope="session")
def fixture_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    faults = tmp_path_factory.mktemp("faults") / "faults.json"
    faults.write_text(json.dumps(FAULTS), encoding="utf-8")
    scripts = write_scripts(tmp_path_factory.mktemp("scripts"))
    environ = {"OCR_LOCAL_FAULTS": str(faults), "AWS_PROFILE": "of-this-machine", "SECRET": "of-this-machine"}
    with LocalEnvironment(bare=True, scripts=scripts, grace_seconds=1, environ=environ) as environment:
        yield Harness(environment)

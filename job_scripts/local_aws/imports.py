"""What moto loads for nothing."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3.session

from local_aws.clients import new_session, raw_model


@contextmanager
def without_batch() -> Iterator[None]:
    """Import moto's state machines in here without its AWS Batch, whose constants they take.

    Batch brings what moto knows of EC2 with it: 100 MB and more than a second. Who calls Batch or EC2 later gets them.
    """
    spec = importlib.util.find_spec("moto.batch")
    if spec is None or "moto.batch" in sys.modules:
        yield
        return
    sys.modules["moto.batch"] = importlib.util.module_from_spec(spec)  # a package whose own code has not run
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name == "moto.batch" or name.startswith("moto.batch.")]:
            del sys.modules[name]


def share_models() -> None:
    """Let moto take its models of services from the clients here; it must have been imported.

    It reads each twice more, once for the regions and once for the answers: some 50 MB, SageMaker's most of it. A
    model that moto amends, such as S3's, stays its own.
    """
    from moto.core import base_backend, utils  # pylint: disable=import-outside-toplevel  # slow, and reads settings

    session = boto3.session.Session(botocore_session=new_session())
    setattr(base_backend.AccountSpecificBackend, "get_session", lambda: session)
    setattr(
        utils, "_load_service_model", _sharing(getattr(utils, "_load_service_model"), Path(utils.__file__).parents[1])
    )


def _sharing(load: Callable[[str, str], dict[str, Any]], amendments: Path) -> Callable[[str, str], dict[str, Any]]:
    def load_shared(service: str, type_name: str) -> dict[str, Any]:
        amended = any(amendments.glob(f"{service.replace('-', '')}/*/{type_name}.moto-extras.json*"))
        return load(service, type_name) if amended else raw_model(service, type_name)

    return load_shared

"""What moto loads for nothing."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager


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

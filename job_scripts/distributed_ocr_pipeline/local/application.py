"""moto's web application, with everything this environment adds to it."""

import os
import socket
from typing import Any

from moto.moto_server import werkzeug_app
from moto.moto_server.utilities import RegexConverter
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from distributed_ocr_pipeline.local import (
    athena,
    authorization,
    bucketpolicies,
    childexecutions,
    engine,
    sagemaker,
    states,
)
from distributed_ocr_pipeline.local.clients import Endpoint
from distributed_ocr_pipeline.local.faults import Faults, FaultyRequests
from distributed_ocr_pipeline.local.jobs import JobRegistry


def install(endpoint: Endpoint, registry: JobRegistry, faults: Faults) -> None:
    """Put the additions into moto. Once per process."""
    credentials = authorization.StateCredentials(endpoint) if _iam_enforced() else None
    if credentials:
        authorization.install(endpoint, credentials)
    engine.install(endpoint, registry, faults.retry_wait_scale, credentials)
    sagemaker.install(registry, faults)
    states.install()
    childexecutions.install()
    athena.install()
    bucketpolicies.install()


class _KeysWithNewlines(RegexConverter):
    """As moto's, but a dot in the pattern of a path also stands for a newline, which S3 keys may have."""

    def __init__(self, url_map: Any, *items: Any) -> None:
        super().__init__(url_map, *items)
        self.regex = f"(?s:{self.regex})"


def web_server(listener: socket.socket, faults: Faults) -> BaseWSGIServer:
    """The server behind a listening socket, with a thread for every connection."""
    setattr(werkzeug_app, "RegexConverter", _KeysWithNewlines)
    moto = DomainDispatcherApplication(create_backend_app)
    application = FaultyRequests(authorization.Authorizing(moto) if _iam_enforced() else moto, faults)
    host, port = listener.getsockname()
    return make_server(host, port, application, threaded=True, request_handler=MotoRequestHandler, fd=listener.fileno())


def _iam_enforced() -> bool:
    return os.environ.get(authorization.VARIABLE) == authorization.ENFORCED

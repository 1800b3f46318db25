"""boto3 clients of the local endpoint."""

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.model import ServiceModel

ACCOUNT = "123456789012"
"""The account that everything belongs to: moto's own."""

REGION = "us-west-2"
"""The default region; the endpoint answers for every region."""

ACCESS_KEY_ID = "local"
SECRET_ACCESS_KEY = "local"

_CONFIG = Config(
    connect_timeout=5, read_timeout=120, proxies={}, max_pool_connections=32, s3={"addressing_style": "path"}
)

_KEPT_OF_ROLES = 4
"""So many clients with a role's credentials are kept: every job has credentials of its own, and a client takes 3 MB."""

# botocore's own table has this form: name in files, environment variable, default, conversion.
_NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@cache
def _loader() -> Loader:
    """What reads botocore's files, each once in a process: SageMaker's takes a third of a second and many megabytes."""
    return create_loader()


def raw_model(service: str, type_name: str) -> dict[str, Any]:
    """A file of botocore's about a service, such as `service-2`; it is shared, so leave it as it is."""
    model: dict[str, Any] = _loader().load_service_model(service, type_name, None)
    return model


@cache
def service_model(service: str) -> ServiceModel:
    """What botocore knows of a service's calls."""
    return ServiceModel(raw_model(service, "service-2"), service)


def new_session() -> botocore.session.Session:
    """A session that knows nothing of this machine's AWS configuration."""
    session = botocore.session.Session(_NO_FILES)
    session.register_component("data_loader", _loader())
    return session


@dataclass(frozen=True)
class Credentials:
    """The keys of a principal; those of a role have a session token."""

    access_key_id: str = ACCESS_KEY_ID
    secret_access_key: str = SECRET_ACCESS_KEY
    session_token: str | None = None

    def environ(self) -> dict[str, str]:
        """The keys as environment variables."""
        token = {"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {}
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key} | token


class Endpoint:
    """The local endpoint. Its clients use neither this machine's AWS configuration nor a proxy.

    `attempts`: how often a client makes a call that is throttled or meets a fault of the service.
    """

    def __init__(self, url: str, attempts: int = 3) -> None:
        self.url = url
        self._config = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": attempts}))
        self._lock = threading.Lock()  # threads may share clients, but must not make them at the same time
        self._session = boto3.session.Session(botocore_session=new_session())
        self._clients: dict[tuple[str, str, Credentials], Any] = {}

    def client(self, service: str, region: str, credentials: Credentials = Credentials()) -> Any:
        """A client of a service, with the endpoint's own credentials or a role's."""
        key = (service, region, credentials)
        with self._lock:
            client = self._clients.pop(key, None) or self._make(service, region, credentials)
            self._clients[key] = client  # the last one used comes last
            of_roles = [one for one in self._clients if one[2].session_token]
            for one in of_roles[:-_KEPT_OF_ROLES]:
                del self._clients[one]
            return client

    def _make(self, service: str, region: str, credentials: Credentials) -> Any:
        return self._session.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=self._config,
        )

    def assume_role(self, role_arn: str, session_name: str, region: str) -> Credentials:
        """Temporary credentials of a role."""
        answer = self.client("sts", region).assume_role(RoleArn=role_arn, RoleSessionName=session_name)["Credentials"]
        return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])

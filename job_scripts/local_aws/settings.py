"""Everything that a server must be told about the project whose jobs it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_aws.account import Account


@dataclass(frozen=True)
class BucketFolder:
    """A folder whose files are the objects of a bucket (see `local_aws.s3`).

    Args:
        path: The folder.
        read_only: Writing is refused; the folder may hold anything.
        left_out: Files and folders below `path` that are no objects.
        left_out_with: The name of a file; where it lies in a folder below `path`, that folder holds no objects.
    """

    path: Path
    read_only: bool = False
    left_out: tuple[Path, ...] = ()
    left_out_with: str = ""


@dataclass(frozen=True)
class ServerSettings:
    """The settings of one server.

    Args:
        scripts: The script that each container argument starts where jobs are plain processes.
        root_variable: The environment variable that names the folder that stands for /opt/ml.
        run_variable: The environment variable of a job that holds the id of its run; rules for faults match it.
        image: The image that jobs run in where they are containers, unless the variable IMAGE names another.
        image_advice: What to do where the image is missing.
        variable_prefix: The beginning of the names of the server's own environment variables.
        port: The port on 127.0.0.1; 0 takes a free one.
        grace_seconds: Seconds between SIGTERM and SIGKILL when a job is stopped or its time is over.
        account: The account's quotas and words; by default a new account's. A file of faults may change them.
        variables: Variables in the environment of every job, as an image may have them.
        folders: The buckets that are folders of this machine; the server's memory holds the others.
    """

    scripts: Mapping[str, Path]
    root_variable: str
    run_variable: str
    image: str
    image_advice: str
    variable_prefix: str
    port: int = 0
    grace_seconds: float = 30.0
    account: Account = Account()
    variables: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, BucketFolder] = field(default_factory=dict)

    def variable(self, name: str) -> str:
        """The full name of one of the server's environment variables: FAULTS, IAM, RUNTIME, IMAGE or MEMORY_MB."""
        return f"{self.variable_prefix}{name}"

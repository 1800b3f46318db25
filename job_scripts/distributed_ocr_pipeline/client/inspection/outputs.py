"""Where runs' files are read: the output bucket of a deployment, or a folder that is laid out like it."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import FileSystem

from distributed_ocr_pipeline.client.command_line.proposals import command, in_folder
from distributed_ocr_pipeline.deployment import Deployment, deployment_in
from distributed_ocr_pipeline.errors import BadInput, NotDeployed
from distributed_ocr_pipeline.json_files import read_json
from distributed_ocr_pipeline.layout import DEFAULT_FOLDER, MARK
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage
from distributed_ocr_pipeline.tables.latest import local_filesystem

_MOST_NAMED = 3  # of the folders or runs that there are


class Output(Protocol):
    """Objects by their keys."""

    @property
    def address(self) -> str:
        """For people, without a slash at its end."""

    @property
    def words(self) -> Sequence[str]:
        """What names it on a command line, from anywhere."""

    def find_json(self, key: str) -> Any:
        """The value of a JSON document; None where there is none of that key."""

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys below a prefix that ends with a slash, sorted."""

    def filesystem(self) -> tuple[FileSystem, str]:
        """What Arrow reads with, and what comes before a key there."""


@dataclass(frozen=True)
class OutputFolder:
    """A folder that runs on this machine wrote."""

    path: Path

    @property
    def address(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def words(self) -> Sequence[str]:
        """The option --output."""
        return in_folder(self.path)

    def find_json(self, key: str) -> Any:
        """The value of a JSON file; None where there is none."""
        path = self.path / key
        return read_json(path) if path.exists() else None

    def keys(self, prefix: str) -> Iterator[str]:
        """Files below a folder; `PermissionError` where a part of it may not be looked into."""
        walked = os.walk(self.path / prefix, onerror=_unless_missing)
        for path in sorted(Path(parent, name) for parent, _, names in walked for name in names):
            if path.is_file():
                yield path.relative_to(self.path).as_posix()

    def filesystem(self) -> tuple[FileSystem, str]:
        """Local files."""
        return local_filesystem(self.path), f"{self.path}/"


@dataclass(frozen=True)
class OutputBucket:
    """The output bucket of a deployment."""

    bucket: str
    storage: Storage

    @property
    def address(self) -> str:
        """s3://bucket."""
        return f"s3://{self.bucket}"

    @property
    def words(self) -> Sequence[str]:
        """None: it is the deployment's."""
        return ()

    def find_json(self, key: str) -> Any:
        """The value of a JSON object; None where there is none."""
        return self.storage.find_json(S3Location(self.bucket, key))

    def keys(self, prefix: str) -> Iterator[str]:
        """Objects below a prefix."""
        for item in self.storage.list_objects(S3Location(self.bucket, prefix)):
            yield item.key

    def filesystem(self) -> tuple[FileSystem, str]:
        """Arrow's own client of S3."""
        return self.storage.arrow_filesystem(), f"{self.bucket}/"


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def open_table(output: Output, prefix: str, schema: pa.Schema) -> ds.Dataset | None:
    """All Parquet files below a prefix of an output; None where there are none."""
    filesystem, before = output.filesystem()
    files = [f"{before}{key}" for key in output.keys(prefix) if key.endswith(".parquet")]
    return ds.dataset(files, schema, "parquet", filesystem, "hive") if files else None


@contextmanager
def reading_table(output: Output, prefix: str) -> Iterator[None]:
    """Inside, a Parquet file that is damaged is a `BadInput` that says where it is."""
    try:
        yield
    except PermissionError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise BadInput(
            f"A table in {output.address}/{prefix} cannot be read: {error}.",
            "Restore the file that is damaged; or remove it, and run with --reprocess over its documents.",
        ) from error


def bucket_of(deployment: Deployment) -> OutputBucket:
    """A deployment's output bucket."""
    return OutputBucket(deployment.output_bucket, deployment.storage())


def chosen_place(folder: str | None, region: str | None) -> OutputFolder | Deployment:
    """What a command looks at: the folder that was named, or the deployment that there is, or else `output`.

    Raises:
        BadInput: There is no such folder.
    """
    if folder is not None:
        return require_there(OutputFolder(Path(folder)))
    try:
        return deployment_in(region)
    except NotDeployed:
        return require_there(OutputFolder(Path(DEFAULT_FOLDER)))


def require_there(output: OutputFolder) -> OutputFolder:
    """The folder; `BadInput` if there is none, with those beside it that runs wrote to."""
    if not os.path.isdir(output.path):
        raise BadInput(f"There is no folder {output.address!r}.", _places_beside(output.path))
    return output


def _places_beside(folder: Path) -> str:
    found = [shlex.quote(str(mark.parent)) for mark in islice(folder.parent.glob(f"*/{MARK}"), _MOST_NAMED)]
    if found:
        return f"Runs wrote to {', '.join(sorted(found))}: name one of them with --output."
    return "Name the folder that runs wrote to with --output, or set up a deployment (`make deploy`)."


def no_such_run(run_id: str, output: Output, ids: Sequence[str]) -> BadInput:
    """The fault of who names a run that is none of `ids`, of which the latest come first."""
    advice = f"`{command('status', *output.words)}` lists the runs."
    if ids:
        latest = f"The latest are {', '.join(ids[:_MOST_NAMED])}" if len(ids) > 1 else f"The only one is {ids[0]}"
        advice = f"{latest}; {advice}"
    return BadInput(f"There is no run {run_id!r} in {output.address}.", advice)


def meant_by(word: str | None, folder: str | None) -> tuple[str | None, str | None]:
    """The output folder and the run that a word of the command line means; `folder` is what --output says."""
    if word and folder is None and os.path.isdir(word):
        return word, None
    return folder, word


def looked_at(word: str | None, folder: str | None, region: str | None) -> tuple[OutputFolder | Deployment, str | None]:
    """The place that a command looks at, and the run that it is asked for; see `meant_by` and `chosen_place`.

    Raises:
        BadInput: The word is neither a folder nor a run: there is no place that has runs.
    """
    chosen, run_id = meant_by(word, folder)
    try:
        return chosen_place(chosen, region), run_id
    except BadInput as error:
        if run_id is None or chosen is not None:
            raise
        raise BadInput(f"There is neither a folder {run_id!r} nor a run of this name.", error.advice) from error

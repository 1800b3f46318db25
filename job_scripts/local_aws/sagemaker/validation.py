"""What CreateProcessingJob accepts: the constraints of the service model, and the few rules that it does not state.

botocore checks types, required members and lower limits. The same model holds upper limits, patterns and enumerations,
which botocore leaves to the service; they are checked here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

from local_aws.clients import service_model
from local_aws.errors import InvalidRequest

LOCAL_PATH_PREFIX = "/opt/ml/processing/"


class RequestValidator:
    """Checks requests of one SageMaker operation against the service model."""

    def __init__(self, operation: str) -> None:
        shape = service_model("sagemaker").operation_model(operation).input_shape
        if shape is None:
            raise ValueError(f"{operation} takes no request.")
        self._shape: Shape = shape

    def check(self, request: Mapping[str, Any]) -> None:
        """Raise an `InvalidRequest` that names the first constraint that the request breaks."""
        report = ParamValidator().validate(dict(request), self._shape)
        if report.has_errors():
            raise InvalidRequest(report.generate_report())
        for problem in _problems(self._shape, request, ""):
            raise InvalidRequest(f"1 validation error detected: {problem}")


@cache
def instance_types() -> tuple[str, ...]:
    """The instance types of processing jobs."""
    return tuple(service_model("sagemaker").shape_for("ProcessingInstanceType").enum)  # type: ignore[attr-defined]


def check_processing_job(request: Mapping[str, Any]) -> None:
    """Raise `InvalidRequest` for what breaks a rule that the model does not state, and for what cannot run here."""
    inputs = [_only_s3(item, "S3Input") for item in request.get("ProcessingInputs", [])]
    outputs = [_only_s3(item, "S3Output") for item in request.get("ProcessingOutputConfig", {}).get("Outputs", [])]
    paths = [item.get("LocalPath", "") for item in inputs + outputs]
    for path in paths:
        if not path.startswith(LOCAL_PATH_PREFIX) or ".." in path.split("/"):
            raise InvalidRequest(f"LocalPath must be a path under {LOCAL_PATH_PREFIX}, got '{path}'.")
    if len(set(paths)) != len(paths):
        raise InvalidRequest("Every input and output must have its own LocalPath.")
    for item in inputs:
        if item.get("S3InputMode", "File") != "File" or item.get("S3CompressionType", "None") != "None":
            raise InvalidRequest("The local environment downloads inputs only in File mode and uncompressed.")
    _check_tags(request.get("Tags", []))
    cluster = request["ProcessingResources"]["ClusterConfig"]
    if "InstanceType" not in cluster or cluster.get("InstanceCount") != 1:
        raise InvalidRequest("The local environment runs only jobs with an InstanceType and an InstanceCount of 1.")


def _check_tags(tags: Iterable[Mapping[str, str]]) -> None:
    """A key is there once, and does not begin like AWS's own (SageMaker API Reference, Tag)."""
    keys = [tag["Key"] for tag in tags]
    for key in keys:
        if key.lower().startswith("aws:"):
            raise InvalidRequest(f"Tag keys must not begin with aws:, got '{key}'.")
        if keys.count(key) > 1:
            raise InvalidRequest(f"Duplicate tag keys found: '{key}'. Tag keys must be unique.")


def _only_s3(item: Mapping[str, Any], member: str) -> dict[str, Any]:
    if member not in item:
        raise InvalidRequest(f"The local environment needs {member} in every processing input or output.")
    found: dict[str, Any] = item[member]
    return found


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Walk value and model side by side and yield every problem."""
    yield from _own_problems(shape, value, path)
    if isinstance(shape, StructureShape):
        for name, item in value.items():
            yield from _problems(
                shape.members[name], item, f"{path}.{_lower_first(name)}" if path else _lower_first(name)
            )
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path} key")
            yield from _problems(shape.value, item, f"{path}.{key}")


def _own_problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    limits: Mapping[str, Any] = shape.metadata
    size = value if isinstance(value, (int, float)) else len(value)
    word = "value" if isinstance(value, (int, float)) else "length"
    failed = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    if "max" in limits and size > limits["max"]:
        yield f"{failed} have {word} less than or equal to {limits['max']}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"{failed} satisfy enum value set: {limits['enum']}"
    if "pattern" in limits and not re.fullmatch(_python_pattern(limits["pattern"]), value):
        yield f"{failed} satisfy regular expression pattern: {limits['pattern']}"


def _python_pattern(pattern: str) -> str:
    """A pattern of the model in Python's syntax: it is Java's, with Unicode classes of other names."""
    return pattern.replace(r"\p{L}", r"\w").replace(r"\p{Z}", r"\s").replace(r"\p{N}", r"\d")


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]

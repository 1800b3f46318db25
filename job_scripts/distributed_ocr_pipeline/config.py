"""Every setting, typed and validated once.

`AWSConfig` and `OCRConfig` are what callers of the Python API write. `RunOptions` is what one run uses: the
execution input merged over the deployment's defaults, as stored in `runs/<run_id>/run.json`. A wrong value
raises `BadOption`, which names the field, what it got and what is allowed.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from distributed_ocr_pipeline.errors import BadOption

TEXT_REVISION = 1
"""Raise it when a change of this code changes the text of documents: every result becomes out of date."""

OutputType = Literal["text", "image", "both"]
ImageFormat = Literal["webp", "jpeg"]
EngineName = Literal["pytesseract", "tesserocr"]
TextLayer = Literal["auto", "ignore", "only"]
PartitionKey = Literal["document_id", "run_id", "language", "media_type", "status"]
Languages = Annotated[str, Field(pattern=r"^[A-Za-z0-9_/]+(\+[A-Za-z0-9_/]+)*$")]
S3Prefix = Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/", max_length=1024)]
Rate = Annotated[float, Field(ge=0, le=1)]
TesseractConfig = dict[str, str | int | float | bool]


class _Config(BaseModel):
    """A frozen record that knows its fields and rejects all others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise BadOption(_explain(type(self), error)) from error


class AWSConfig(_Config):
    """Where the pipeline runs and how wide."""

    region: str = Field(default="us-west-2", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    bucket: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    role_arn: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")
    instance_type: str = Field(default="ml.t3.xlarge", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    max_parallel_jobs: int = Field(default=10, ge=1, le=10_000)
    files_per_job: int = Field(default=10, ge=1, le=100_000)


class OCRConfig(_Config):
    """How documents become text."""

    output_type: OutputType = "text"
    output_format: Literal["parquet"] = "parquet"
    partition_key: PartitionKey = "document_id"
    image_format: ImageFormat = "webp"
    engine: EngineName = "pytesseract"
    languages: Languages = "eng"
    tesseract_config: TesseractConfig | None = None
    text_layer: TextLayer = "auto"
    words: bool = False
    dpi: int = Field(default=300, ge=50, le=1200)
    page_timeout_seconds: int = Field(default=120, ge=1, le=3600)
    document_timeout_seconds: int = Field(default=3600, ge=1, le=86_400)
    engine_memory_mb: int = Field(default=2048, ge=128)
    max_page_pixels: int = Field(default=100_000_000, ge=1_000_000)
    max_document_mb: int = Field(default=2048, ge=1)


class RunOptions(OCRConfig):
    """The options of one run: everything an execution's input may say."""

    input_prefix: S3Prefix
    planned: bool = False
    reprocess: bool = False
    max_parallel_jobs: int = Field(default=10, ge=1, le=10_000)
    files_per_job: int = Field(default=10, ge=1, le=100_000)
    tolerated_failed_shards_percent: float = Field(default=10, ge=0, le=100)
    max_error_rate: Rate = 0.05
    max_input_error_rate: Rate = 1.0

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change whenever an option (or `TEXT_REVISION`) changes what the tables hold."""
        content = {name: getattr(self, name) for name in _CONTENT_OPTIONS} | {"revision": TEXT_REVISION}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


_CONTENT_OPTIONS = (
    "output_type",
    "image_format",
    "engine",
    "languages",
    "tesseract_config",
    "text_layer",
    "words",
    "dpi",
)


def parse_options(values: Mapping[str, Any]) -> RunOptions:
    """`RunOptions` from decoded JSON; `BadOption` names what is wrong."""
    return RunOptions(**values)


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    """One line for all that pydantic found: `field: got …, allowed …`."""
    return "; ".join(_explain_one(model, found) for found in error.errors())


def _explain_one(model: type[BaseModel], found: Any) -> str:
    name = ".".join(str(part) for part in found["loc"])
    match found["type"]:
        case "extra_forbidden":
            return f"unknown option {name!r}: allowed are {', '.join(sorted(model.model_fields))}."
        case "missing":
            return f"option {name!r} is required and was not given."
        case _:
            return f"option {name!r}: got {found['input']!r}; {found['msg'].lower()}."

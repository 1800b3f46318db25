"""Every setting, typed and validated once.

`AWSConfig` and `OCRConfig` are what callers of the Python API write; `RunSettings` is both, with the limits of a run.
`RunOptions` is what one run uses: the execution input merged over the deployment's defaults, as stored in run.json. A
wrong value raises `BadOption`, which names the field, what it got and what is allowed.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from distributed_ocr_pipeline.errors import BadOption, ErrorClass
from distributed_ocr_pipeline.records import FormatName

TEXT_REVISION = 1
"""Raise it when a change of this code changes the text of documents: every result becomes out of date."""


NEED_WORDS: tuple[FormatName, ...] = ("searchable_pdf", "pdfa", "hocr", "alto", "tsv")
"""Outputs that say where words stand: the option `words` is on with them."""

SHOW_PARAGRAPHS: frozenset[FormatName] = frozenset(("text", "markdown"))
"""Outputs that are better where words are known: jobs have them at hand while they make such files."""

ANY_FAILURE = "any"
"""Of the option `only_failed`."""

AUTO_LANGUAGES = "auto"
"""Of the option `languages`: whatever is installed for the script of each page."""


NEURAL_LANGUAGES = frozenset(
    (
        "afr aze bos cat ceb ces chi_sim chi_tra cos cym dan deu eng enm epo est eus fao fil fin fra frm fry gla "
        "gle glg hat hrv hun ind isl ita ita_old jav jpn kmr lat lav lit ltz mlt mri msa nld nor oci pol por que "
        "ron slk slv spa spa_old sqi srp_latn sun swa swe ton tur uzb"
    ).split()
)
"""Languages, by Tesseract's names, whose letters are all among the characters of the neural models (PP-OCRv6 small)."""


def _split(patterns: Any) -> Any:
    """The command line gives one text."""
    return [part.strip() for part in patterns.split(",") if part.strip()] if isinstance(patterns, str) else patterns


OutputType = Literal["text", "image", "both"]
ImageFormat = Literal["webp", "jpeg"]
EngineName = Literal["pytesseract", "tesserocr", "rapidocr"]
SecondOpinion = Literal["none", "doubtful", "always"]
TextLayer = Literal["auto", "ignore", "only"]
PartitionKey = Literal["document_id", "run_id", "language", "media_type", "text_source"]
Languages = Annotated[str, Field(pattern=r"^[A-Za-z0-9_/]+(\+[A-Za-z0-9_/]+)*$")]
S3Prefix = Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/", max_length=1024)]
InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
Rate = Annotated[float, Field(ge=0, le=1)]
Patterns = Annotated[list[str], BeforeValidator(_split)]
Outputs = Annotated[list[FormatName], BeforeValidator(_split), AfterValidator(lambda names: list(dict.fromkeys(names)))]
TesseractConfig = dict[str, str | int | float | bool]


class _Config(BaseModel):
    """A frozen record that knows its fields and rejects all others."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # a job needs one of the five

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of all options."""
        return frozenset(cls.model_fields)

    @model_validator(mode="wrap")
    @classmethod
    def _explained(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(values)
        except ValidationError as error:
            raise BadOption(" ".join(_explain(cls, found) for found in error.errors())) from error


class JobConfig(_Config):
    """How wide a run is."""

    instance_type: InstanceType = Field(default="ml.t3.xlarge", description="instance type of the processing jobs")
    max_parallel_jobs: int = Field(default=10, ge=1, le=10_000, description="processing jobs at a time")
    target_shard_minutes: float = Field(
        default=30, ge=1, le=1440, description="work of one processing job, by the estimate, in minutes"
    )
    files_per_job: int | None = Field(
        default=None, ge=1, le=100_000, description="most documents in one processing job, however little work they are"
    )


class AWSConfig(JobConfig):
    """Where the pipeline runs and how wide.

    What is not given comes from the deployment: `bucket` and `role_arn` from the environment or `terraform output`,
    the others from Terraform's variables.
    """

    region: str = Field(default="us-west-2", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    bucket: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    # Its default, like the others, holds only where it is written: a deployment packs by work.
    files_per_job: int | None = Field(default=10, ge=1, le=100_000)
    role_arn: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")


class OCRConfig(_Config):
    """How documents become text."""

    output_type: OutputType = Field(default="text", description="what to make of each page: text, image or both")
    output_format: Literal["parquet"] = Field(default="parquet", description="format of the tables")
    partition_key: PartitionKey = Field(
        default="document_id", description="column that sorts (document_id) or splits the pages table"
    )
    image_format: ImageFormat = Field(
        default="jpeg", description="format of page images: jpeg, or webp (smaller, slower)"
    )
    engine: EngineName = Field(
        default="pytesseract", description="pytesseract, tesserocr (in-process) or rapidocr (neural)"
    )
    languages: Languages = Field(default="eng", description="Tesseract languages, such as eng+deu, or auto")
    tesseract_config: TesseractConfig | None = Field(
        default=None, description='Tesseract settings as JSON, such as {"psm": 6}'
    )
    second_opinion: SecondOpinion = Field(
        default="none", description="pages that the neural engine reads too: none, doubtful ones or always"
    )
    text_layer: TextLayer = Field(
        default="auto", description="PDF text: use it where it can be trusted (auto), ignore it, or only use it"
    )
    words: bool = Field(default=False, description="also store every word with its box and confidence")
    outputs: Outputs = Field(
        default=[],
        description=(
            f"files to make of each document, separated by commas: {', '.join(get_args(FormatName))}; "
            f"{', '.join(NEED_WORDS[:-1])} and {NEED_WORDS[-1]} switch words on"
        ),
    )
    dpi: int = Field(default=300, ge=50, le=1200, description="highest resolution at which pages are rendered")
    page_timeout_seconds: int = Field(default=120, ge=1, le=3600, description="time limit of one page")
    document_timeout_seconds: int = Field(default=3600, ge=1, le=86_400, description="time limit of one document")
    engine_memory_mb: int = Field(default=2048, ge=128, description="memory limit of one engine process")
    max_page_pixels: int = Field(
        default=100_000_000, ge=1_000_000, description="larger pages are rendered at a lower resolution"
    )
    max_document_mb: int = Field(default=2048, ge=1, description="larger documents are not tried")

    @property
    def neural(self) -> bool:
        """Whether the neural engine is needed."""
        return self.engine == "rapidocr" or self.second_opinion != "none"

    @property
    def keeps_words(self) -> bool:
        """Whether pages come with their words: for the table (`words`), or for files in which they show paragraphs."""
        return self.words or not SHOW_PARAGRAPHS.isdisjoint(self.outputs)

    @field_validator("languages")
    @classmethod
    def _readable(cls, languages: str, info: ValidationInfo) -> str:
        if info.data.get("engine") == "rapidocr" and (fault := _neural_language_error(languages)):
            raise PydanticCustomError("neural_language", "{fault}", {"fault": fault})
        return languages

    @field_validator("second_opinion")
    @classmethod
    def _second(cls, second_opinion: SecondOpinion, info: ValidationInfo) -> SecondOpinion:
        if second_opinion == "none":
            return second_opinion
        languages = info.data.get("languages", "")
        fault = "" if languages == AUTO_LANGUAGES else _neural_language_error(languages)
        if info.data.get("engine") == "rapidocr":
            fault = "it is the engine rapidocr's, which reads all pages already; use none"
        if fault:
            raise PydanticCustomError("second_opinion", "{fault}", {"fault": fault})
        return second_opinion

    @model_validator(mode="before")
    @classmethod
    def _with_words(cls, values: Any) -> Any:
        """Of what outputs need, the caller need not think, and a default that says otherwise is no contradiction."""
        outputs = _split(values.get("outputs")) if isinstance(values, Mapping) else None
        needed = isinstance(outputs, (list, tuple)) and any(name in outputs for name in NEED_WORDS)
        return {**values, "words": True} if needed else values

    @field_validator("outputs")
    @classmethod
    def _has_text(cls, outputs: list[FormatName], found: ValidationInfo) -> list[FormatName]:
        if outputs and found.data.get("output_type") == "image":
            raise PydanticCustomError("without_text", "they are made of text, and output_type is image")
        return outputs

    @field_validator("tesseract_config")
    @classmethod
    def _harmless(cls, settings: TesseractConfig | None, info: ValidationInfo) -> TesseractConfig | None:
        if settings and info.data.get("engine") == "rapidocr":
            raise PydanticCustomError("tesseract_setting", "the engine rapidocr has none of Tesseract's settings")
        for name, value in (settings or {}).items():
            if fault := _setting_error(name, str(value)):
                raise PydanticCustomError("tesseract_setting", "{fault}", {"fault": fault})
        return settings


class RunSettings(JobConfig, OCRConfig):
    """The options of one run, wherever its documents are."""

    reprocess: bool = Field(default=False, description="process documents again that have an up-to-date result")
    retry_failed: bool = Field(default=False, description="try documents again whose failure is final")
    only_failed: Patterns = Field(
        default=[],
        description=(
            "only documents that failed before with one of these error classes, separated by commas, or any; "
            "final failures, too (`ocr-pipeline retry`)"
        ),
    )
    document_list: str | None = Field(
        default=None,
        description=(
            "a list of the documents below the prefix: s3://… or file, .txt .csv .jsonl, "
            "or an inventory's manifest.json"
        ),
    )
    passwords: str | None = Field(
        default=None,
        min_length=1,
        max_length=900,
        description="a file below the prefix with passwords of PDFs, one a line",
    )
    include: Patterns = Field(default=[], description="only these documents: .gitignore patterns, separated by commas")
    exclude: Patterns = Field(default=[], description="not these documents: .gitignore patterns, separated by commas")
    max_cost_usd: float | None = Field(
        default=None,
        gt=0,
        le=1_000_000_000,
        description="a run that may cost more, by the estimate, is not started",
    )
    tolerated_failed_shards: int = Field(
        default=10, ge=0, description="failed jobs that never stop the others, however few jobs there are"
    )
    tolerated_failed_shards_percent: int = Field(
        default=10, ge=0, le=100, description="percentage of failed jobs that does not stop the others"
    )
    max_error_rate: Rate = Field(
        default=0.05, description="share of documents with processing faults that fails the run, 0-1"
    )
    max_input_error_rate: Rate = Field(default=1.0, description="share of unreadable documents that fails the run, 0-1")
    max_poor_pages: Rate = Field(default=1.0, description="share of badly read pages that fails the run, 0-1")

    @field_validator("only_failed")
    @classmethod
    def _known_classes(cls, names: list[str], found: ValidationInfo) -> list[str]:
        known = [ANY_FAILURE, *(error.value for error in ErrorClass)]
        if wrong := next((name for name in names if name not in known), None):
            raise PydanticCustomError(
                "error_class", "{name} is none of {known}", {"name": repr(wrong), "known": ", ".join(known)}
            )
        if names and found.data.get("reprocess"):
            raise PydanticCustomError("all_again", "reprocess takes all documents")
        return names

    def tolerated_of(self, shards: int) -> int:
        """How many of a run's shards may fail before the others are stopped: the larger of count and percentage."""
        return max(self.tolerated_failed_shards, self.tolerated_failed_shards_percent * shards // 100)


class RunOptions(RunSettings):
    """The options of one run and where its documents are: everything an execution's input may say."""

    input_prefix: S3Prefix = Field(description="where the documents are")
    planned: bool = Field(default=False, description="the plan is already written")
    planned_after: str = Field(
        default="", description="ARN of the execution whose turn over the prefix was the last before the plan was made"
    )
    may_be_empty: bool = Field(default=False, description="a prefix without documents is nothing to do, and no mistake")

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change whenever an option (or `TEXT_REVISION`) changes what the tables hold."""
        content = {name: getattr(self, name) for name in _CONTENT_OPTIONS} | {"revision": TEXT_REVISION}
        if self.second_opinion != "none":  # results without one were made before there was such an option
            content["second_opinion"] = self.second_opinion
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


def _neural_language_error(languages: str) -> str:
    """What is wrong with languages for the neural engine: letters that its models do not know come out as others."""
    if languages == AUTO_LANGUAGES:
        return "the engine rapidocr does not find out a page's script: name languages, such as eng+fra"
    unknown = [name for name in languages.split("+") if name not in NEURAL_LANGUAGES]
    known = "it knows Latin letters (but not Fraktur and Vietnamese), Chinese and Japanese"
    return f"the neural engine does not read {', '.join(unknown)}: {known}" if unknown else ""


_NUMBERED_SETTINGS = {"psm": ("1", *map(str, range(3, 14))), "oem": ("0", "1", "2", "3")}
_TEXT_SETTINGS = ("tessedit_char_whitelist", "tessedit_char_blacklist", "tessedit_char_unblacklist")
_LONGEST_TEXT = 20_000  # characters; one argument of a program ends at 128 KB
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|true|false", re.IGNORECASE | re.ASCII)
# Settings that open files or windows (through a shell), or print what they read: known by their names, which say so in
# every version of Tesseract.
_FORBIDDEN_NAMES = re.compile(
    "file|suffix|write|create|save|dump|show|display|debug|editor|interactive|training|_train_|boxes|applybox"
)
_REPLACED_SETTINGS = {
    "page_separator": "pages are told apart by it",
    "tessedit_page_number": "all pages are read",
    "tessedit_pageseg_mode": "use psm",
    "tessedit_ocr_engine_mode": "use oem",
    "tessedit_load_sublangs": "use the option languages",
}


def _setting_error(name: str, value: str) -> str:
    """What is wrong with one Tesseract setting: no name, no such mode, or it could do more than read a page."""
    if name in _NUMBERED_SETTINGS:
        allowed = _NUMBERED_SETTINGS[name]
        return "" if value in allowed else f"{name!r} must be one of {', '.join(allowed)}"
    if name in _REPLACED_SETTINGS:
        return f"{name!r} cannot be set: {_REPLACED_SETTINGS[name]}"
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or _FORBIDDEN_NAMES.search(name):
        return f"{name!r} is not allowed; allowed are psm, oem and variables that only change how a page is read"
    if name in _TEXT_SETTINGS:
        harmless = "\0" not in value and len(value) <= _LONGEST_TEXT
        return "" if harmless else f"{name!r} must be at most {_LONGEST_TEXT} characters, without NUL"
    return "" if _NUMBER.fullmatch(value) else f"{name!r} must be a number; text is for {', '.join(_TEXT_SETTINGS)}"


_LARGEST_WHOLE = 2.0**53  # from there on, a float does not tell a number from the next


def parse_options(values: Mapping[str, Any]) -> RunOptions:
    """`RunOptions` from decoded JSON, where a number in quotes is a mistake: the workflow cannot use it.

    JSON has one kind of number: 300.0 is 300.
    """
    if isinstance(values, Mapping):  # what is none is refused below
        values = {**values, **{name: int(value) for name, value in values.items() if _is_whole(value)}}
    return RunOptions.model_validate(values, strict=True)


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and abs(value) < _LARGEST_WHOLE and value.is_integer()


def _explain(model: type[BaseModel], found: Any) -> str:
    """One sentence for one thing that pydantic found: which field, what it got, what is allowed."""
    name = str(found["loc"][0]) if found["loc"] else "options"
    match found["type"]:
        case "extra_forbidden":
            return f"Unknown option {name!r}: the options are {', '.join(sorted(model.model_fields))}."
        case "missing":
            return f"The option {name!r} is required and was not given."
        case "string_pattern_mismatch":
            return f"Option {name!r}: got {found['input']!r}; it should look like {_EXAMPLES[name]}."
        case _:
            return f"Option {name!r}: got {found['input']!r}; {found['msg'][0].lower()}{found['msg'][1:]}."


_EXAMPLES = {
    "region": "us-west-2",
    "bucket": "my-documents",
    "role_arn": "arn:aws:iam::123456789012:role/name",
    "instance_type": "ml.c6i.4xlarge",
    "languages": "eng or eng+deu",
    "input_prefix": "s3://bucket/prefix/",
}

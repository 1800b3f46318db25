"""What instances cost and how fast they are: figures with a date, from a file that the user can replace.

The file in the package holds list prices of one region. `OCR_FIGURES` names another file of the same form, for
another region, a discount, or speeds measured on one's own documents.
"""

import json
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import BadInput

FIGURES_VARIABLE = "OCR_FIGURES"


class _Figure(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Instance(_Figure):
    """One instance type of SageMaker Processing."""

    vcpus: PositiveInt
    memory_gb: PositiveFloat
    usd_per_hour: PositiveFloat  # on demand
    speed: PositiveFloat  # work a vCPU does, where one of c6i does 1
    default_quota: int = Field(ge=0)  # instances that a new account may have for processing jobs

    @property
    def power(self) -> float:
        """CPU seconds of `Work` done in a second."""
        return self.vcpus * self.speed

    @property
    def usd_per_cpu_second(self) -> float:
        """Price of a CPU second of `Work`, when every vCPU is busy."""
        return self.usd_per_hour / 3600 / self.power


class Work(_Figure):
    """CPU seconds of one vCPU of speed 1."""

    scan_seconds: PositiveFloat  # a page that the engine reads: 1.1 times what one of clean print takes
    neural_seconds: PositiveFloat = 5.0  # a page that is read by the neural engine; a user's older file lacks it
    doubtful_share: float = Field(default=0.35, ge=0, le=1)  # of scanned pages: `second_opinion: doubtful` rereads them
    speckled_seconds: float = Field(default=0.15, ge=0)  # more, if it has many specks: to clean it, or read it twice
    megapixel_seconds: float = Field(default=0.017, ge=0)  # more, for each million pixels beyond those of an A4 page
    text_layer_seconds: PositiveFloat  # a page with text of its own
    document_seconds: float = Field(ge=0)  # opening and closing a document
    uncertainty: float = Field(ge=0, lt=1)  # of these figures on other documents, as a share

    def with_engines(self, config: OCRConfig) -> "Work":
        """The work with the engines that `config` names: `scan_seconds` are those of all that read a page."""
        second = {"none": 0.0, "doubtful": self.doubtful_share, "always": 1.0}[config.second_opinion]
        first = self.neural_seconds if config.engine == "rapidocr" else self.scan_seconds
        speckled = 0.0 if config.engine == "rapidocr" else self.speckled_seconds
        seconds = {"scan_seconds": first + second * self.neural_seconds, "speckled_seconds": speckled}
        return self.model_copy(update=seconds)


class Job(_Figure):
    """What a processing job takes beside its documents' work; wall seconds."""

    provisioning_seconds: float = Field(ge=0)  # until the container runs; assumed to be billed
    start_seconds: float = Field(ge=0)  # of the container, before and after its work
    download_mb_per_second: PositiveFloat


class DocumentKind(_Figure):
    """What is assumed of documents that were not opened."""

    bytes_per_page: PositiveFloat
    text_layer_share: float = Field(ge=0, le=1)  # of the pages


class Textract(_Figure):
    """List price of the service that people compare with."""

    usd_per_page: PositiveFloat
    pages: PositiveInt  # of a month at that price
    usd_per_page_beyond: PositiveFloat

    def usd(self, pages: float) -> float:
        """Price of so many pages, all in one month."""
        beyond = max(0.0, pages - self.pages)
        return (pages - beyond) * self.usd_per_page + beyond * self.usd_per_page_beyond


class Figures(_Figure):
    """The whole file."""

    read: str  # the date of the figures
    region: str
    sources: Mapping[str, str]
    instances: Mapping[str, Instance]
    work: Work
    job: Job
    documents: Mapping[str, DocumentKind]
    textract: Textract

    def instance(self, instance_type: str) -> Instance:
        """The figures of a type; one that is not in the file is taken for a dear one of its size."""
        return self.instances.get(instance_type) or self._assumed(instance_type)

    def _assumed(self, instance_type: str) -> Instance:
        size = re.fullmatch(r"(\d*)x?(medium|large)", instance_type.rpartition(".")[2])
        vcpus = 4 * int(size[1] or 1) if size and "xlarge" in instance_type else 2
        dearest = max(known.usd_per_hour / known.vcpus for known in self.instances.values())
        return Instance(vcpus=vcpus, memory_gb=2 * vcpus, usd_per_hour=dearest * vcpus, speed=0.8, default_quota=0)


def load_figures(path: str | Path | None = None) -> Figures:
    """The figures of a file: the one given, the one that `OCR_FIGURES` names, or the package's own.

    Raises:
        BadInput: The file cannot be read, or is not of this form.
    """
    chosen = path or os.environ.get(FIGURES_VARIABLE)
    try:
        text = Path(chosen).read_text("utf-8") if chosen else files(__package__).joinpath("figures.json").read_text()
        return Figures.model_validate(json.loads(text))
    except OSError as error:
        raise BadInput(f"The figures {str(chosen)!r} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        raise BadInput(f"The figures {str(chosen)!r} are wrong at {place}: {found['msg']}.") from error
    except ValueError as error:
        raise BadInput(f"The figures {str(chosen)!r} are not JSON: {error}.") from error

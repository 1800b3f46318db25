"""`languages: auto`: pages are read with the installed models that suit their script, and say so if there are none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.engines.automatic import AutomaticEngine
from distributed_ocr_pipeline.ocr.engines.recognition import Options, Outcome, Recognition
from distributed_ocr_pipeline.ocr.engines.script_models import FoundScript, first_models, models_of
from distributed_ocr_pipeline.ocr.processes.cancellation import TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import Word

LIMIT = TimeLimit(10, 1e12)


@dataclass
class Reader:
    """Reads pages, named by their script, well if it has the model for it."""

    models: str
    sure: float = 5.0
    read: list[str] = field(default_factory=list)
    closed: bool = False

    def recognise(self, rasters: Sequence[Raster], options: Options, limit: TimeLimit) -> list[Outcome]:
        del options, limit
        self.read += [raster.path.stem for raster in rasters]
        return [self._outcome(raster.path.stem) for raster in rasters]

    def script_of(self, raster: Raster, limit: TimeLimit) -> FoundScript | None:
        del limit
        name = raster.path.stem
        return None if name in ("Dust", "Broken") else FoundScript(name, self.sure)

    def close(self) -> None:
        self.closed = True

    def _outcome(self, script: str) -> Outcome:
        if script == "Broken":
            return DocumentError(ErrorClass.TIMEOUT, "Not done.")
        well = self.models in models_of(script, self.models.split("+"))
        return Recognition(self.models, (Word("word", 0, 0, 9, 9, 95.0 if well and script != "Dust" else 40.0, 1),))


@dataclass
class Bench:
    """An engine of such readers."""

    installed: Sequence[str]
    sure: float = 5.0
    readers: dict[str, Reader] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = AutomaticEngine(self._make, lambda: self.installed)

    def _make(self, models: str) -> Reader:
        self.made.append(models)
        return self.readers.setdefault(models, Reader(models, self.sure))

    def read(self, *scripts: str) -> list[Outcome]:
        rasters = [Raster(Path(f"{script}.tif"), 100, 100, 200) for script in scripts]
        return self.engine.recognise(rasters, {}, LIMIT)


def languages(outcomes: Sequence[Outcome]) -> list[str]:
    return [one.language if isinstance(one, Recognition) else one.error_class.value for one in outcomes]


def test_each_page_is_read_with_the_models_of_its_script() -> None:
    bench = Bench(["deu", "eng", "osd", "rus", "chi_sim", "jpn"])
    read = bench.read("Latin", "Cyrillic", "Han", "Cyrillic")
    assert languages(read) == ["eng+deu", "rus", "chi_sim+jpn", "rus"]
    assert bench.readers["eng+deu"].read == ["Latin", "Cyrillic", "Han", "Cyrillic"]
    assert bench.readers["rus"].read == ["Cyrillic", "Cyrillic"]  # with one call; pages that went well, once
    assert bench.made == ["eng+deu", "rus", "chi_sim+jpn"]  # models are loaded once
    bench.engine.close()
    assert all(reader.closed for reader in bench.readers.values())


def test_a_page_whose_script_no_model_reads_says_which_would() -> None:
    latin, greek = Bench(["eng", "osd"]).read("Latin", "Greek")
    assert isinstance(latin, Recognition) and isinstance(greek, DocumentError)
    assert greek.error_class is ErrorClass.LANGUAGE_MISSING and greek.error_class.retryable
    assert str(greek) == "The page is in Greek script, for which no language is installed, such as ell."


@pytest.mark.parametrize(("script", "sure"), [("Greek", 0.5), ("Dust", 5.0)])
def test_a_guess_at_the_script_is_no_reason_to_fail(script: str, sure: float) -> None:
    assert languages(Bench(["eng", "osd"], sure).read(script)) == ["eng"]


def test_a_fault_of_one_page_stays_its_own() -> None:
    assert languages(Bench(["eng", "osd", "rus"]).read("Broken", "Cyrillic")) == ["timeout", "rus"]


def test_a_reading_that_is_believed_less_is_not_taken() -> None:
    bench = Bench(["eng", "osd", "rus"])
    bench.readers["rus"] = Reader("eng")  # a model that reads nothing of the page
    [read] = bench.read("Cyrillic")
    assert languages([read]) == ["eng"]


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        (["deu", "eng", "fra", "ita", "osd"], "eng+deu+fra"),
        (["osd", "rus"], "rus"),
        (["eng", "iku", "osd", "swe"], "eng+swe"),
        (["equ", "osd", "script/Latin", "swe"], "swe"),
        (["osd"], ""),
    ],
)
def test_latin_letters_come_first_where_they_can_be_read(installed: list[str], expected: str) -> None:
    assert first_models(installed) == expected


@pytest.mark.parametrize(("script", "expected"), [("Hangul", "kor"), ("Katakana", "jpn"), ("Runic", "")])
def test_scripts_have_several_names(script: str, expected: str) -> None:
    assert models_of(script, ["eng", "jpn", "kor", "osd"]) == expected

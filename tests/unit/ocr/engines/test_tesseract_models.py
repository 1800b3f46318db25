"""What people are told about languages that are not installed: packages that there are, or names that are near."""

import shutil
import subprocess

import pytest

from distributed_ocr_pipeline.ocr.engines import tesseract_models
from distributed_ocr_pipeline.ocr.engines.script_models import _MODELS
from distributed_ocr_pipeline.ocr.engines.tesseract_models import how_to_get, near, package_of


@pytest.fixture(autouse=True)
def fixture_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)


@pytest.mark.parametrize(
    ("model", "package"),
    [
        ("deu", "tesseract-ocr-deu"),
        ("chi_sim_vert", "tesseract-ocr-chi-sim-vert"),
        ("Fraktur", "tesseract-ocr-script-frak"),
        ("script/HanS_vert", "tesseract-ocr-script-hans-vert"),
        ("klingon", None),
        ("de", None),
    ],
)
def test_a_model_has_the_package_that_debian_has(model: str, package: str | None) -> None:
    assert package_of(model) == package


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("de", ["deu (German)"]),
        ("German", ["deu (German)"]),
        ("frech", ["fra (French)"]),
        ("zh", ["chi_sim (Chinese, simplified)"]),
        ("klingon", []),
    ],
)
def test_languages_that_may_be_meant_are_named(word: str, meant: list[str]) -> None:
    assert near(word)[:1] == meant


def test_only_packages_that_there_are_are_to_be_installed() -> None:
    said = how_to_get(["klingon", "deu", "de"])
    assert said.startswith("Tesseract knows no klingon: https://")
    assert "Tesseract knows no de; did you mean deu (German)?" in said
    assert said.endswith("apt-get install tesseract-ocr-deu")
    assert "install" not in how_to_get(["klingon"])


def test_the_models_of_scripts_have_packages_or_are_of_newer_versions() -> None:
    models = [model for models in _MODELS.values() for model in models]
    assert {model for model in models if package_of(model) is None} == {"kur_ara", "deu_latf"}


@pytest.mark.skipif(
    subprocess.getstatusoutput("apt-cache show tesseract-ocr-eng")[0] != 0, reason="no list of packages"
)
def test_debian_has_all_these_packages_and_no_others() -> None:
    command = ["apt-cache", "search", "--names-only", "^tesseract-ocr-"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    there = {line.split()[0] for line in shown.splitlines()} - {"tesseract-ocr-all"}
    # pylint: disable=protected-access
    scripts = [entry.split()[0] for entry in tesseract_models._entries(tesseract_models._SCRIPTS)]
    assert {package_of(model) for model in [*tesseract_models._names(), *scripts]} == there

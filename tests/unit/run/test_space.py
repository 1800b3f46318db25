"""The space that a run's results are expected to take is near what the writers write."""

import random
from contextlib import nullcontext
from pathlib import Path

import pytest
from PIL import Image

from distributed_ocr_pipeline.config import RunSettings
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, save_page_image
from distributed_ocr_pipeline.outputs.document_files import Material, write_files
from distributed_ocr_pipeline.outputs.formats import SUFFIXES
from distributed_ocr_pipeline.outputs.structure import SourceDocument
from distributed_ocr_pipeline.planning.estimating import Range
from distributed_ocr_pipeline.records import PDFS, FormatName, PageResult, PageStatus, TextSource, Word
from distributed_ocr_pipeline.run.space import bytes_at_work, result_bytes
from tests.support.documents import printed_page
from tests.support.plans import make_plan
from tests.support.runs import outcome, write_run

PAGES, WORDS_ON_A_PAGE = 100, 450
PLAIN_WORDS, WORDS = False, True
VOCABULARY = ["".join(random.Random(seed).choices("etaoinshrdlu", k=2 + seed % 9)) for seed in range(3000)]


def page_of_text(number: int, name: str, with_words: bool) -> PageResult:
    chance = random.Random(name)
    text = chance.choices(VOCABULARY, k=WORDS_ON_A_PAGE)
    words = tuple(
        Word(word, chance.randrange(2400), chance.randrange(3400), 90 + 9 * len(word), 40, round(chance.random(), 4), 1)
        for word in text * with_words
    )
    return PageResult(number, PageStatus.SUCCEEDED, " ".join(text), TextSource.OCR, confidence=0.9, words=words)


def size_of_tables(folder: Path, words: bool) -> int:
    documents = [outcome(f"{number:064x}", etag=f"{number:032x}") for number in range(PAGES)]
    write_run(folder, "r1", *documents, page=lambda number, name, _: page_of_text(number, name, words), words=words)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("words", [False, True])
def test_tables_take_what_is_expected_of_full_pages(words: bool, tmp_path: Path) -> None:
    plan = make_plan(documents=PAGES, pages=Range(PAGES, PAGES, PAGES))
    expected = result_bytes(plan, RunSettings(words=words))
    assert expected / 2 < size_of_tables(tmp_path, words) < expected


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
@pytest.mark.parametrize("dpi", [150, 300])
def test_images_take_half_to_all_of_what_the_fullest_page_takes(image_format: str, dpi: int, tmp_path: Path) -> None:
    width, height = round(8.27 * dpi), round(11.69 * dpi)
    page = printed_page(font_pixels=25, size=(1240, 1754)).resize((width, height), Image.Resampling.LANCZOS)
    page.save(tmp_path / "page.tif")
    raster = Raster(tmp_path / "page.tif", width, height, dpi)
    save_page_image(raster, Transform(), tmp_path / "image", image_format)
    settings = RunSettings.model_validate({"output_type": "image", "image_format": image_format, "dpi": dpi})
    size = (tmp_path / "image").stat().st_size
    assert size / 2 < result_bytes(make_plan(pages=Range(1, 1, 1)), settings) < size


@pytest.mark.parametrize("name", [name for name in SUFFIXES if name not in PDFS])
def test_files_of_documents_take_what_is_expected_of_full_pages(name: FormatName, tmp_path: Path) -> None:
    words = PLAIN_WORDS if name in ("text", "markdown") else WORDS
    pages = [page_of_text(number, f"page {number}", words) for number in range(1, 11)]
    source = SourceDocument("a.pdf", "s3://bucket/a.pdf", len(pages))
    material = Material(source, "application/pdf", len(pages), lambda: nullcontext(tmp_path))
    assert write_files(material, pages, {name: tmp_path / "file"}) == {name: ""}
    plan = make_plan(pages=Range(10, 10, 10))
    expected = result_bytes(plan, RunSettings(outputs=[name], words=True)) - result_bytes(plan, RunSettings(words=True))
    assert expected / 2 < (tmp_path / "file").stat().st_size < expected


@pytest.mark.parametrize("name", sorted(PDFS))
def test_a_pdf_takes_as_much_as_its_document_and_what_text_adds(name: FormatName) -> None:
    plan, settings = make_plan(size_bytes=7_000, pages=Range(1, 1, 1)), RunSettings(outputs=[name])
    assert result_bytes(plan, settings) == result_bytes(plan, RunSettings(words=True)) + 12_000


def test_only_the_shards_in_work_take_space_beside_the_results() -> None:
    assert bytes_at_work(1000, make_plan(shards=10, max_concurrency=2)) == 200
    assert bytes_at_work(1000, make_plan(shards=0)) == 1000

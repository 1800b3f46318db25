"""The space that a run's results are expected to take is near what the writers write."""

import random
from pathlib import Path

import pytest
from PIL import Image

from distributed_ocr_pipeline.config import RunSettings, parse_options
from distributed_ocr_pipeline.ocr.rasters.raster import Raster, Transform, save_page_image
from distributed_ocr_pipeline.planning.estimating import Range
from distributed_ocr_pipeline.records import (
    Document,
    DocumentResult,
    DocumentStatus,
    PageChunk,
    PageResult,
    PageStatus,
    TextSource,
    Word,
)
from distributed_ocr_pipeline.run.space import bytes_at_work, result_bytes
from distributed_ocr_pipeline.tables.writer import ShardInfo, ShardTables
from tests.support.documents import printed_page
from tests.support.plans import make_plan

PAGES, WORDS_ON_A_PAGE = 100, 450
VOCABULARY = ["".join(random.Random(seed).choices("etaoinshrdlu", k=2 + seed % 9)) for seed in range(3000)]


def page_of_text(number: int, with_words: bool) -> PageResult:
    chance = random.Random(number)
    text = chance.choices(VOCABULARY, k=WORDS_ON_A_PAGE)
    words = tuple(
        Word(word, chance.randrange(2400), chance.randrange(3400), 90 + 9 * len(word), 40, round(chance.random(), 4), 1)
        for word in text * with_words
    )
    return PageResult(1, PageStatus.SUCCEEDED, " ".join(text), TextSource.OCR, confidence=0.9, words=words, dpi=300)


def size_of_tables(folder: Path, words: bool) -> int:
    info = ShardInfo("r1", "s00000", "bucket", "engine", "1", "fingerprint")
    run_options = parse_options({"input_prefix": "s3://bucket/docs/", "words": words})
    places = {name: folder / name for name in ("pages", "documents", "scratch")}
    with ShardTables(info, run_options, **places) as tables:
        for number in range(PAGES):
            document = Document(f"{number:064x}", f"file:///scans/{number}.pdf", f"{number}.pdf", f"{number:032x}", 9)
            tables.add_pages(PageChunk(document, "application/pdf", 1, (page_of_text(number, words),)))
            tables.add_document(DocumentResult(document, DocumentStatus.SUCCEEDED, page_count=1))
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


def test_only_the_shards_in_work_take_space_beside_the_results() -> None:
    assert bytes_at_work(1000, make_plan(shards=10, max_concurrency=2)) == 200
    assert bytes_at_work(1000, make_plan(shards=0)) == 1000

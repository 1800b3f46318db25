"""Pages, work and money from a listing and a sample."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.planning.database import open_database
from distributed_ocr_pipeline.planning.estimating import Amount, Range, estimate, fit_model, measure
from distributed_ocr_pipeline.planning.packing import Limits
from distributed_ocr_pipeline.planning.prices import FIGURES_VARIABLE, load_figures
from distributed_ocr_pipeline.run.planning import find_alternatives

FIGURES = load_figures()
LIMITS = Limits(seconds=30 * 60, size_bytes=8 * 1024**3)
_TABLES = """
create table todo (document_id varchar, key varchar, etag varchar, size_bytes bigint, archived boolean, kind varchar,
  attempts integer, deferrals integer, pages bigint);
create table looked_at (document_id varchar, sampled boolean, pages bigint, text_share double, speckled double,
  megapixels double)
"""


def _amount(
    folder: Path,
    documents: list[tuple[str, int, int | None]],
    looked_at: Sequence[tuple[int, int, float]],
    speckled: float = 0.0,
    megapixels: float = 8.7,
    **options: bool,
) -> Amount:
    """Documents are (kind, bytes, known pages); looked_at is (index, pages, share with text), all of the sample."""
    with open_database(folder) as database:
        database.execute(_TABLES)
        rows = [
            (f"{index:06d}", "k", "e", size, False, kind, 0, 0, pages)
            for index, (kind, size, pages) in enumerate(documents)
        ]
        database.insert("todo", rows)
        database.insert(
            "looked_at",
            [(f"{index:06d}", True, pages, share, speckled, megapixels) for index, pages, share in looked_at],
        )
        model = fit_model(database, FIGURES, ignore_text_layer=options.get("ignore_text_layer", False))
        return measure(database, model)


def test_without_a_sample_pages_come_from_bytes_and_the_range_is_wide(tmp_path: Path) -> None:
    amount = _amount(tmp_path, [("pdf", 600_000, None)] * 10, [])
    assert amount.pages == Range(100, 50, 150)


def test_a_picture_is_a_page_and_known_pages_are_certain(tmp_path: Path) -> None:
    amount = _amount(tmp_path, [("picture", 10_000_000, None), ("pdf", 10_000_000, 3)], [])
    assert amount.pages == Range(4, 4, 4)


@pytest.mark.parametrize(("megapixels", "more"), [(4.0, 0.0), (8.7, 0.0), (34.8, 26.1), (100.0, 91.3), (1225, 91.3)])
def test_large_pages_take_more_up_to_the_most_pixels_that_a_page_is_drawn_with(
    tmp_path: Path, megapixels: float, more: float
) -> None:
    (tmp_path / "usual").mkdir()
    (tmp_path / "large").mkdir()
    documents: list[tuple[str, int, int | None]] = [("pdf", 100_000, None)] * 4
    looked_at = [(0, 1, 0.0), (1, 1, 0.0)]  # and two that stand for themselves by what these two are
    usual = _amount(tmp_path / "usual", documents, looked_at).cpu_seconds.expected
    large = _amount(tmp_path / "large", documents, looked_at, megapixels=megapixels).cpu_seconds.expected
    assert large - usual == pytest.approx(4 * more * FIGURES.work.megapixel_seconds)


def test_an_empty_document_has_no_pages(tmp_path: Path) -> None:
    assert _amount(tmp_path, [("pdf", 0, None)], []).pages.expected == 0


def test_a_sample_corrects_pages_and_text_layers_and_its_range_holds_the_truth(tmp_path: Path) -> None:
    chance = random.Random(5)
    pages = [max(1, round(chance.lognormvariate(1.1, 1.2))) for _ in range(3000)]
    sizes = [max(1, round(count * 25_000 * chance.lognormvariate(0, 0.5))) for count in pages]
    looked_at = [(index, pages[index], index % 4 == 0) for index in range(200)]
    amount = _amount(tmp_path, [("pdf", size, None) for size in sizes], looked_at)
    assert amount.pages.low <= sum(pages) <= amount.pages.high
    assert amount.pages.high - amount.pages.low < 0.5 * sum(pages)
    assert 0.1 < amount.text_layer_share < 0.45


def test_pages_with_text_of_their_own_take_little_unless_the_text_layer_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "auto").mkdir()
    (tmp_path / "ignore").mkdir()
    documents: list[tuple[str, int, int | None]] = [("pdf", 100_000, None)] * 4
    looked_at = [(index, 5, True) for index in range(4)]
    auto = _amount(tmp_path / "auto", documents, looked_at)
    ignored = _amount(tmp_path / "ignore", documents, looked_at, ignore_text_layer=True)
    work = FIGURES.work
    assert auto.cpu_seconds.expected < 1
    assert ignored.cpu_seconds.expected == pytest.approx(4 * work.document_seconds + 20 * work.scan_seconds)


def test_a_document_of_text_and_scans_takes_what_each_of_its_pages_takes(tmp_path: Path) -> None:
    amount = _amount(tmp_path, [("pdf", 100_000, None)], [(0, 8, 0.25)])
    work = FIGURES.work
    pages = 2 * work.text_layer_seconds + 6 * work.scan_seconds
    assert amount.cpu_seconds.expected == pytest.approx(work.document_seconds + pages)
    assert amount.text_layer_share == pytest.approx(0.25)


def test_speckled_scans_take_longer_and_others_of_their_kind_are_taken_for_such(tmp_path: Path) -> None:
    documents: list[tuple[str, int, int | None]] = [("pdf", 100_000, None)] * 3
    amount = _amount(tmp_path, documents, [(0, 8, 0.25), (1, 8, 0.25)], speckled=0.5)
    work = FIGURES.work
    pages = 2 * work.text_layer_seconds + 6 * (work.scan_seconds + work.speckled_seconds / 2)
    assert amount.cpu_seconds.expected == pytest.approx(3 * (work.document_seconds + pages))


def test_the_neural_engine_reads_speckled_pages_once() -> None:
    assert FIGURES.work.with_engines(OCRConfig(engine="rapidocr")).speckled_seconds == 0
    assert FIGURES.work.with_engines(OCRConfig()).speckled_seconds == FIGURES.work.speckled_seconds > 0


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, FIGURES.work.scan_seconds),
        ({"engine": "rapidocr"}, 5.0),
        ({"second_opinion": "doubtful"}, FIGURES.work.scan_seconds + 0.35 * 5.0),
        ({"second_opinion": "always"}, FIGURES.work.scan_seconds + 5.0),
    ],
)
def test_the_neural_engine_is_in_the_estimate(options: dict[str, str], seconds: float) -> None:
    work = FIGURES.work.with_engines(OCRConfig.model_validate(options))
    assert work.scan_seconds == pytest.approx(seconds)
    assert work.text_layer_seconds == FIGURES.work.text_layer_seconds


def _scanned(pages: int) -> Amount:
    seconds = Range(pages, pages, pages).times(FIGURES.work.scan_seconds, 0.3)
    return Amount(pages // 7, pages * 60_000, Range(pages, pages, pages), 0.0, seconds)


def test_a_million_scanned_pages_on_a_new_account_cost_twenty_dollars_at_most() -> None:
    found = estimate(_scanned(10**6), FIGURES, "ml.t3.xlarge", limits=LIMITS, slots=2)
    assert found.usd_per_million_pages <= 20
    assert found.usd.low < found.usd.expected < found.usd.high


def test_nothing_to_do_takes_nothing() -> None:
    found = estimate(_scanned(0), FIGURES, "ml.t3.xlarge", limits=LIMITS, slots=2)
    assert (found.shards, found.usd.high, found.hours.high, found.provisioning_usd) == (0, 0.0, 0.0, 0.0)


def test_the_price_hardly_depends_on_the_slots_but_the_time_does() -> None:
    few = estimate(_scanned(10**6), FIGURES, "ml.c6i.4xlarge", limits=LIMITS, slots=4)
    many = estimate(_scanned(10**6), FIGURES, "ml.c6i.4xlarge", limits=LIMITS, slots=20)
    assert many.usd.expected < 1.1 * few.usd.expected
    assert many.hours.expected < few.hours.expected / 3


def test_instance_types_that_are_too_slow_for_one_run_are_no_alternatives() -> None:
    work = _scanned(10**8)
    with pytest.raises(BadInput, match="a run has at most 10000"):
        estimate(work, FIGURES, "ml.t3.xlarge", limits=LIMITS, slots=2)
    found = find_alternatives(work, FIGURES, LIMITS, 100, None)
    assert set(found) == {"cheapest", "fastest"}  # a new account has small types only
    assert all(item.shards <= 10_000 for item in found.values())
    assert not find_alternatives(_scanned(10**11), FIGURES, LIMITS, 100, None)


@pytest.mark.parametrize(("name", "vcpus"), [("ml.x9.large", 2), ("ml.x9.xlarge", 4), ("ml.x9.12xlarge", 48)])
def test_a_type_without_a_price_is_taken_for_a_dear_one_of_its_size(name: str, vcpus: int) -> None:
    assumed = FIGURES.instance(name)
    assert assumed.vcpus == vcpus
    assert assumed.usd_per_cpu_second >= max(known.usd_per_cpu_second for known in FIGURES.instances.values())


def test_textract_has_two_prices() -> None:
    assert FIGURES.textract.usd(1000) == pytest.approx(1.5)
    assert FIGURES.textract.usd(2_000_000) == pytest.approx(1500 + 600)


def test_the_user_can_give_figures_of_his_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = FIGURES.model_copy(update={"region": "eu-west-1"})
    path = tmp_path / "figures.json"
    path.write_text(changed.model_dump_json())
    monkeypatch.setenv(FIGURES_VARIABLE, str(path))
    assert load_figures().region == "eu-west-1"


@pytest.mark.parametrize(
    ("content", "problem"), [("{", "not JSON"), ('{"read": 1}', "wrong at read"), (None, "cannot be read")]
)
def test_bad_figures_are_named(tmp_path: Path, content: str | None, problem: str) -> None:
    path = tmp_path / "figures.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInput, match=problem):
        load_figures(path)

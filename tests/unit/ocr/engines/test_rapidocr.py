"""The neural engine: broken by substitution, and reading pages that are made on the spot."""

import socket
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from distributed_ocr_pipeline.config import NEURAL_LANGUAGES, OCRConfig
from distributed_ocr_pipeline.errors import DocumentError, ErrorClass, MissingTool
from distributed_ocr_pipeline.ocr.engines import rapidocr_tasks
from distributed_ocr_pipeline.ocr.engines.engines import check_engine, engine_version, make_engine
from distributed_ocr_pipeline.ocr.engines.rapidocr import RapidOCREngine, recognition_of_lines
from distributed_ocr_pipeline.ocr.engines.recognition import Recognition
from distributed_ocr_pipeline.ocr.processes.cancellation import Stop, TimeLimit
from distributed_ocr_pipeline.ocr.rasters.raster import Raster
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus, Word
from tests.support.documents import Ledger, scanned_pdf

needs_models = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the extra neural is not installed")

_FAKE_RAPIDOCR = """
import os, pathlib, time
from types import SimpleNamespace as Made
calls = pathlib.Path({folder!r}) / "calls"
class RapidOCR:
    def __init__(self, params): pass
    def run_ocr_steps(self, pixels, record):
        calls.open("a").write("x")
        what = {behaviour!r}.get(calls.stat().st_size, "read")
        if what == "hang": time.sleep(600)
        if what == "crash": os.abort()
        if what == "killed": os.kill(os.getpid(), 9)
        if what == "memory": bytearray(1 << 33)
        if what == "native memory": raise RuntimeError("Failed to allocate memory for requested buffer of size 99")
        if what == "refuse": raise RuntimeError("cannot read")
        record["padding_1"] = dict(top=0, left=0)
        read = Made(word_cols=[[0, 1, 2, 3]], line_txt_len=9.0, confs=[0.9] * 4)
        if what == "garbage": read.confs = [float("nan")] * 4
        texts = () if what == "fewer" else ("word",)
        found = Made(boxes=[[[10, 10], [90, 10], [90, 30], [10, 30]]])
        return found, None, Made(txts=texts, word_results=[read]), []
"""
FAULTS = {
    "hang": ErrorClass.TIMEOUT,
    "crash": ErrorClass.ENGINE_CRASH,
    "killed": ErrorClass.OUT_OF_MEMORY,
    "memory": ErrorClass.OUT_OF_MEMORY,
    "native memory": ErrorClass.OUT_OF_MEMORY,
    "refuse": ErrorClass.ENGINE_CRASH,
    "garbage": ErrorClass.ENGINE_CRASH,
    "fewer": ErrorClass.ENGINE_CRASH,
}


@needs_models
@pytest.mark.parametrize(("fault", "error_class"), FAULTS.items(), ids=FAULTS)
def test_a_fault_of_the_neural_engine_costs_one_page(
    fault: str,
    error_class: ErrorClass,
    tmp_path: Path,
    process: Callable[..., Ledger],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a page needs more memory for is tried in a new process, since pages before may have left too little."""
    behaviour = dict.fromkeys((2, 3) if error_class is ErrorClass.OUT_OF_MEMORY else (2,), fault)
    fake = _FAKE_RAPIDOCR.format(behaviour=behaviour, folder=str(tmp_path))
    (tmp_path / "rapidocr.py").write_text(fake, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = scanned_pdf(tmp_path / "a.pdf", 4)
    [(result, pages)] = process([path], engine="rapidocr", page_timeout_seconds=10, workers=1)
    assert [page.error_class for page in pages] == [None, error_class, None, None]
    assert (pages[2].text, result.status) == ("word", DocumentStatus.PARTIAL)
    assert pages[2].confidence == pytest.approx(63), "of words that the models are sure of to 90 %, so many are right"


@needs_models
@pytest.mark.parametrize("fault", ["killed", "memory", "native memory"])
def test_a_page_that_lacks_the_memory_that_others_left_is_read_in_a_new_process(
    fault: str, tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = _FAKE_RAPIDOCR.format(behaviour={2: fault}, folder=str(tmp_path))
    (tmp_path / "rapidocr.py").write_text(fake, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [(result, pages)] = process([scanned_pdf(tmp_path / "a.pdf", 3)], engine="rapidocr", workers=1)
    assert (result.status, [page.text for page in pages]) == (DocumentStatus.SUCCEEDED, ["word"] * 3)


@needs_models
def test_ideographs_are_not_believed_where_no_language_has_them(
    tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The models take a lone I for one."""
    fake = _FAKE_RAPIDOCR.format(behaviour={}, folder=str(tmp_path)).replace('"word"', '"\u4e00ord"')
    (tmp_path / "rapidocr.py").write_text(fake, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    for languages, confidence in (("eng", 0), ("jpn", 63), ("eng+chi_sim", 63)):
        [(_, [page])] = process([path], engine="rapidocr", languages=languages)
        assert page.confidence == pytest.approx(confidence), languages


@needs_models
def test_an_engine_without_enough_memory_says_so(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    [(_, [page])] = process([path], engine="rapidocr", engine_memory_mb=350)
    assert (page.status, page.error_class) == (PageStatus.FAILED, ErrorClass.OUT_OF_MEMORY)


@needs_models
def test_the_models_lie_in_the_package_and_nothing_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    rapidocr_tasks._reader.cache_clear()  # pylint: disable=protected-access
    page_of([(40, 40, "Nothing from afar")]).save(tmp_path / "a.tif")
    [line] = rapidocr_tasks.recognise(str(tmp_path / "a.tif")).lines
    assert [word.text for word in line] == ["Nothing", "from", "afar"]


@needs_models
def test_the_licences_of_library_and_models_come_with_the_package() -> None:
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in files("rapidocr") or () if "licenses" in path.parts
    }
    assert "Apache License" in texts["LICENSE"]
    models = texts["MODEL_LICENSES.md"]
    assert "Baidu" in models and all(name in models for name in rapidocr_tasks.MODELS.values())


@needs_models
def test_a_second_opinion_reads_what_tesseract_was_not_sure_of(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    """The stand-in for Tesseract reads `word page 1` at the top of every page, whatever is there."""
    fake_tesseract()
    page_of([(100, 100, "Total amount 19.50"), (100, 220, "paid in cash")]).save(tmp_path / "a.png")
    [(_, [alone])] = process([tmp_path / "a.png"])
    [(_, [both])] = process([tmp_path / "a.png"], second_opinion="always", words=True)
    assert alone.text == "word page 1"
    assert "Total amount 19.50" in both.text and "paid in cash" in both.text
    assert "second opinion: 6 of" in both.note and both.word_count == len(both.words)


@needs_models
def test_words_have_boxes_around_them_and_confidences(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    page_of([(100, 100, "left"), (700, 100, "right"), (100, 300, "lower words")]).save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"], engine="rapidocr", words=True)
    assert page.text == "left right\n\nlower words"
    assert [(word.text, word.line) for word in page.words] == [("left", 1), ("right", 1), ("lower", 2), ("words", 2)]
    for word, left, top in zip(page.words, (100, 700, 100, 210), (100, 100, 300, 300)):
        assert abs(word.left - left) < 20 and abs(word.top + word.height / 2 - top - 22) < 12, word
        assert 10 < word.height < 70 and word.confidence > 80
    assert page.confidence is not None and page.language == "eng"


@needs_models
def test_columns_are_read_one_after_the_other(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    left = ["The first column speaks of ships", "and of the winds that drive them", "over seas that nobody has named"]
    right = ["Another one tells about gardens", "with apples and with old walls", "where a cat sleeps in the sun"]
    rows = [(60, 60 + 60 * row, text) for row, text in enumerate(left)]
    rows += [(800, 60 + 60 * row, text) for row, text in enumerate(right)]
    page_of(rows, (1500, 320), 36).save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"], engine="rapidocr")
    assert page.text.split() == " ".join(left + right).split()


@needs_models
def test_a_letter_that_stands_alone_has_a_box_around_it(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    """Of its line, the network reads it at one step, which has no width."""
    page_of([(100, 100, "Quantity"), (700, 100, "7")]).save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"], engine="rapidocr", words=True)
    [seven] = [word for word in page.words if word.text == "7"]
    assert seven.left <= 705 and seven.left + seven.width >= 718 and seven.width < 80, seven


@needs_models
def test_small_print_on_a_large_sheet_is_read_and_no_word_of_a_seam_comes_twice(tmp_path: Path) -> None:
    """In one piece, its letters would be two pixels high for the network that finds lines."""
    words = [f"north{number}" for number in range(10, 90)]
    rows = [(60, 200 + 700 * row, " ".join(words)) for row in range(2)]
    page_of(rows, (9800, 1100), 22).save(tmp_path / "a.tif")
    lines = rapidocr_tasks.recognise(str(tmp_path / "a.tif")).lines
    found = [word.text for line in lines for word in sorted(line, key=lambda word: word.left)]
    assert sorted(found) == sorted(2 * words)


@needs_models
def test_accents_are_read(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    text = "Il a été reçu à Besançon, où l'été naît"
    pdf = FPDF()
    pdf.add_page(format=(120, 40))
    pdf.set_font("helvetica", size=14)
    pdf.text(10, 20, text)
    pdf.output(str(tmp_path / "a.pdf"))
    [(_, [page])] = process([tmp_path / "a.pdf"], engine="rapidocr", languages="fra")
    assert page.text == text


@needs_models
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages_are_put_upright(turn: int, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    rows = [(60, 60 + 70 * row, "A page that lies as no reader would hold it") for row in range(8)]
    page_of(rows, (1400, 700)).rotate(turn, expand=True).save(tmp_path / "a.png")
    [(_, [page])] = process([tmp_path / "a.png"], engine="rapidocr")
    assert page.text.split("\n")[0] == rows[0][2], page.note
    assert page.rotation_degrees == turn


@needs_models
def test_the_characters_of_each_language_are_among_those_of_the_models() -> None:
    model = rapidocr_tasks._reader()._load_rec_model()  # pylint: disable=protected-access
    known = set(model.session.get_character_list())
    for language, letters in LETTERS.items():
        assert (set(letters) <= known) is (language in NEURAL_LANGUAGES), language


LETTERS = {
    "aze": "əğışçöüİ",
    "ces": "ěščřžýáíéúůďťňĚŠČŘŽ",
    "chi_sim": "中国汉字简体",
    "chi_tra": "漢字繁體臺灣",
    "cym": "ŵŷâêîôû",
    "dan": "æøåÆØÅ",
    "deu": "äöüßÄÖÜ",
    "epo": "ĉĝĥĵŝŭ",
    "est": "õäöüšž",
    "fra": "éèêëàâçîïôœùûüÿÉÈÀÇ",
    "gle": "áéíóú",
    "hrv": "čćđšž",
    "hun": "áéíóöőúüűŐŰ",
    "isl": "áðéíóúýþæö",
    "jpn": "日本語ひらがなカタカナ",
    "kmr": "çêîşû",
    "lav": "āčēģīķļņšūž",
    "lit": "ąčęėįšųūž",
    "mlt": "ċġħż",
    "pol": "ąćęłńóśźżŁ",
    "por": "ãõâêôáéíóúàç",
    "ron": "ăâîșțşţ",
    "spa": "ñáéíóúü¿",
    "sqi": "ëç",
    "tur": "çğıöşüİ",
    "ara": "العربية",
    "bel": "беларуская",
    "ell": "ςάέήίόύώΐΰ",
    "grc": "ἀἐἠὶὁὐὠᾶῇ",
    "heb": "עברית",
    "hin": "हिन्दी",
    "kan": "ಕನ್ನಡ",
    "kor": "한국어",
    "rus": "русский",
    "tha": "ไทย",
    "vie": "ắằẳẵặếềểễệ",
    "yor": "ẹọṣ",
}


def test_an_engine_that_is_not_installed_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)  # as if it were not installed
    for config in (OCRConfig(engine="rapidocr"), OCRConfig(second_opinion="always")):
        with pytest.raises(MissingTool, match=r"neural engine is not installed \(no rapidocr\).*make neural"):
            check_engine(config)
    check_engine(OCRConfig())


@needs_models
def test_one_page_after_another_needs_no_more_memory(tmp_path: Path) -> None:
    engine = make_engine(OCRConfig(engine="rapidocr"), Stop())
    rasters = []
    for number in range(5):  # of different sizes, for each of which the network has buffers of its own
        path = tmp_path / f"{number}.tif"
        lines = [(40, 60 * line, f"{line} of the lines of page {number}") for line in range(24)]
        page_of(lines, (1300 + 90 * number, 1500)).save(path)
        with Image.open(path) as picture:
            rasters.append(Raster(path, *picture.size, 150))
    try:
        outcomes = engine.recognise(rasters, {}, TimeLimit(120, monotonic() + 600))
    finally:
        engine.close()
    assert [len(outcome.words) > 100 for outcome in outcomes if isinstance(outcome, Recognition)] == [
        True
    ] * 5, outcomes


@needs_models
def test_versions_name_all_that_reads() -> None:
    assert isinstance(make_engine(OCRConfig(engine="rapidocr"), Stop()), RapidOCREngine)
    assert engine_version(OCRConfig(engine="rapidocr")).startswith("rapidocr 3.")
    assert " rapidocr 3." in engine_version(OCRConfig(second_opinion="doubtful"))
    assert "rapidocr" not in engine_version(OCRConfig())


@pytest.mark.parametrize(
    "lines",
    [
        [[Word("word", 1, 1, 9, 9, 101.0, 1)]],
        [[Word("word", 1, 1, 9, 9, float("nan"), 1)]],
        [[Word("word", 1, 1, 0, 9, 90.0, 1)]],
        [[Word(" ", 1, 1, 9, 9, 90.0, 1)]],
        [[]],
    ],
)
def test_an_answer_that_makes_no_sense_is_a_fault_of_the_engine(lines: Sequence[Sequence[Word]]) -> None:
    with pytest.raises(DocumentError, match="makes no sense") as error:
        recognition_of_lines(lines)
    assert error.value.error_class is ErrorClass.ENGINE_CRASH


def page_of(
    texts: Sequence[tuple[int, int, str]], size: tuple[int, int] = (1000, 400), height: int = 44
) -> Image.Image:
    """A grey picture with texts at their places (left, top)."""
    picture = Image.new("L", size, 255)
    draw = ImageDraw.Draw(picture)
    for left, top, text in texts:
        draw.text((left, top), text, fill=0, font=ImageFont.load_default(height))
    return picture

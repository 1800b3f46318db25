"""PDF as a source: what its pages are, whatever they say of themselves."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.ocr.documents import pdf as pdf_sources
from distributed_ocr_pipeline.ocr.documents import source as sources
from distributed_ocr_pipeline.ocr.documents.looks.bare_scans import bare_scans
from distributed_ocr_pipeline.ocr.documents.looks.found import FoundScan
from distributed_ocr_pipeline.records import DocumentStatus
from tests.support.documents import Ledger, attach, changing_scan, drawing_on_scan, replaced, scan_pdf, typed_pdf
from tests.support.sources import limit, opened

FAR = ["99999999999", "1" + "0" * 30, "9" * 400]  # points


@pytest.mark.parametrize("side", FAR)
def test_a_page_of_any_size_may_have_a_text_layer(side: str, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Text of its own"]), "[0 0 612 792]", f"[0 0 {side} 792]")
    [(result, [page])] = process([path], text_layer="auto")
    assert (result.status, page.text) == (DocumentStatus.SUCCEEDED, "Text of its own")
    assert page.width_px is not None and page.width_px < 2**31


def test_boxes_are_of_the_part_of_the_page_that_is_shown(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Shown"]), "/MediaBox", "/CropBox [50 600 612 792] /MediaBox")
    [(_, [page])] = process([path], text_layer="auto", words=True, dpi=72)
    [word] = page.words
    assert (page.width_px, page.height_px, word.left) == (562, 192, 22)
    assert 60 < word.top < 92


def test_a_page_that_is_counted_but_not_there_is_not_taken_for_a_blank_one(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["One", "Two"]), "/Kids [4 0 R 6 0 R]", "/Kids [4 0 R]")
    [(result, pages)] = process([path])
    assert [page.error_class for page in pages] == [None, ErrorClass.CORRUPT]
    assert (result.status, result.error_message) == (DocumentStatus.PARTIAL, "The file has no such page.")


def test_a_page_with_text_of_its_own_is_not_looked_through(tmp_path: Path) -> None:
    lines = "".join(
        f"1 0 0 1 10 {height} Tm (A page that was scanned, and read before) Tj " for height in range(20, 130, 10)
    )
    path = drawing_on_scan(scan_pdf(tmp_path / "a.pdf"), f"BT 3 Tr /F1 9 Tf {lines} ET")
    assert bare_scans(str(path), [1]) == [FoundScan(1, 0)]
    with changing_scan(path) as (page, _):
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.resources["/Font"] = pikepdf.Dictionary(F1=font)
    with opened(path) as source:
        [survey] = source.survey(range(1, 2), limit())
    assert survey.verdict.trusted and survey.bare_scan is None


@pytest.mark.parametrize(("turn", "texts"), [(0, ["left", "right"]), (90, ["left", "right"]), (270, ["left", "right"])])
def test_the_text_is_of_the_part_of_the_page_that_is_shown(
    turn: int, texts: list[str], tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["left) Tj 300 0 Td (right"] * 2)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for page, box in zip(pdf.pages, ([0, 0, 300, 792], [300, 0, 612, 792])):
            page.CropBox, page.Rotate = pikepdf.Array(box), turn
        pdf.save(path)
    [(_, pages)] = process([path], text_layer="only")
    assert [page.text for page in pages] == texts


@pytest.mark.parametrize("looks", [False, True])
def test_an_xfa_form_says_that_its_fields_may_be_missing(
    looks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Please wait..."])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=pdf.make_stream(b"<xdp/>"))
        pdf.save(path)
    if looks:
        monkeypatch.setattr(sources, "_WORTH_A_SANDBOX", 0)
    with opened(path) as source:
        [page] = source.survey(range(1, 2), limit())
    assert "XFA" in page.verdict.reason


def test_attached_files_are_counted_and_named_on_the_first_page(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["See the files", "and read them"])
    attach(path, {"prices 2024.xlsx": b"PK", "letter.pdf": b"%PDF-1.4"})
    [(result, [first, second])] = process([path], text_layer="only")
    assert first.note.endswith("; attached files that are not read: 2 (letter.pdf, prices 2024.xlsx)")
    assert "attached" not in second.note and result.status is DocumentStatus.SUCCEEDED


@pytest.mark.parametrize("look", [5, 1 << 20])
def test_attached_files_are_found_wherever_a_look_into_the_file_ends(
    look: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = attach(typed_pdf(tmp_path / "a.pdf", ["See the file"]), {"a.txt": b"x"})
    monkeypatch.setattr(pdf_sources, "_LOOK_BYTES", look)
    with opened(path) as source:
        [page] = source.survey(range(1, 2), limit())
    assert page.verdict.reason.endswith("attached files that are not read: 1 (a.txt)")


def test_many_attached_files_are_counted_and_the_first_are_named(
    tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = attach(typed_pdf(tmp_path / "a.pdf", ["See"]), {f"{number:03}.txt": b"x" for number in range(12)})
    [(_, [page])] = process([path], text_layer="only")
    assert "that are not read: 12 (000.txt, 001.txt, " in page.note and page.note.endswith("009.txt, ...)")


def test_long_names_of_attached_files_are_cut(tmp_path: Path) -> None:
    path = attach(typed_pdf(tmp_path / "a.pdf", ["See"]), {f"{letter * 200}.txt": b"x" for letter in "ab"})
    with opened(path) as source:
        [page] = source.survey(range(1, 2), limit())
    assert page.verdict.reason.endswith(f"not read: 2 ({'a' * 200}.txt, {'b' * 94}...)")


def test_a_part_that_begins_later_is_not_searched_for_attached_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = attach(typed_pdf(tmp_path / "a.pdf", ["See the file", "and read it"]), {"a.txt": b"x"})
    monkeypatch.setattr(pdf_sources, "_LOOK_BYTES", "no look")
    with opened(path) as source:
        [page] = source.survey(range(2, 3), limit())
    assert "attached" not in page.verdict.reason


FULL = ") Tj 0 -26 Td (".join(["Text of its own, as much as a page shows"] * 20)


@pytest.fixture
def calls(tmp_path: Path, install_program: Callable[[str, str], Path]) -> Callable[[], list[str]]:
    """What Poppler's programs were called for, in order; they work as before."""
    log = tmp_path / "calls"
    for name in ("pdfinfo", "pdfimages", "pdftotext"):
        real = shutil.which(name)
        note = f"open({str(log)!r}, 'a').write({name!r} + '\\n')"
        install_program(name, f"import os, sys\n{note}\nos.execv({real!r}, [{real!r}, *sys.argv[1:]])")
    return lambda: log.read_text(encoding="ascii").split()


def with_picture(path: Path) -> Path:
    """A page of text with a picture on a quarter of it."""
    typed_pdf(path, [FULL])
    scan = scan_pdf(path.with_name("scan.pdf"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf, pikepdf.open(scan) as other:
        [picture] = other.pages[0].resources["/XObject"].values()
        pdf.pages[0].resources["/XObject"] = pikepdf.Dictionary(I=pdf.copy_foreign(picture))
        pdf.pages[0].contents_add(b"q 300 0 0 300 50 50 cm /I Do Q")
        pdf.save(path)
    return path


def test_text_layers_of_neighbouring_pages_are_read_with_one_call_and_their_lines_count_from_one(
    tmp_path: Path, calls: Callable[[], list[str]]
) -> None:
    with opened(typed_pdf(tmp_path / "a.pdf", ["One) Tj 0 -26 Td (two", "Three) Tj 0 -300 Td (four"])) as source:
        layers = source.layers(range(1, 3), limit())
    found = {page: [(word.text, word.line) for word in layer.at(72)] for page, layer in layers.items()}
    assert found == {1: [("One", 1), ("two", 2)], 2: [("Three", 1), ("four", 2)]}
    assert calls() == ["pdfinfo", "pdftotext"]


def test_boxes_of_a_text_layer_are_in_pixels_of_the_page_as_it_is_drawn(tmp_path: Path) -> None:
    with opened(typed_pdf(tmp_path / "a.pdf", ["One"])) as source:
        layer = source.layers(range(1, 2), limit())[1]
    [points], [pixels] = layer.at(72), layer.at(144)
    assert points.width > 0 and pixels.left == pytest.approx(2 * points.left, abs=1)
    assert pixels.width == pytest.approx(2 * points.width, abs=1)


def test_a_text_layer_that_cannot_be_read_is_the_only_one_that_is_missing(
    tmp_path: Path, install_program: Callable[[str, str], Path]
) -> None:
    real = shutil.which("pdftotext")
    crash = "os.kill(os.getpid(), signal.SIGSEGV)"
    last = "sys.argv[sys.argv.index('-l') + 1]"
    install_program(
        "pdftotext", f"import os, signal, sys\nif {last} == '3': {crash}\nos.execv({real!r}, [{real!r}, *sys.argv[1:]])"
    )
    with opened(typed_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"])) as source:
        layers = source.layers(range(1, 4), limit())
    assert {page: layer.words[0].text for page, layer in layers.items()} == {1: "One", 2: "Two"}


def test_few_documents_are_opened_by_two_programs(tmp_path: Path, calls: Callable[[], list[str]]) -> None:
    with opened(typed_pdf(tmp_path / "a.pdf", [FULL] * 3)) as source:
        surveys = source.survey(range(1, 4), limit())
    assert [survey.verdict.trusted for survey in surveys] == [True] * 3
    assert calls() == ["pdfinfo", "pdftotext"]


def test_of_a_long_document_the_sizes_come_at_once_and_pages_of_text_alone_are_not_looked_through(
    tmp_path: Path, calls: Callable[[], list[str]]
) -> None:
    with opened(typed_pdf(tmp_path / "a.pdf", [FULL] * 4)) as source:
        surveys = [*source.survey(range(1, 3), limit()), *source.survey(range(3, 5), limit())]
    assert [(survey.verdict.trusted, survey.may_show_more) for survey in surveys] == [(True, False)] * 4
    assert calls() == ["pdfinfo", "pdftotext", "pdftotext"]


def test_of_many_documents_those_of_text_alone_are_opened_by_one(
    tmp_path: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_WORTH_A_SANDBOX", 0)
    with opened(typed_pdf(tmp_path / "a.pdf", [FULL])) as source:
        [survey] = source.survey(range(1, 2), limit())
    assert survey.verdict.trusted and not survey.may_show_more
    assert calls() == ["pdftotext"]


def test_of_many_documents_those_with_pictures_are_looked_through(
    tmp_path: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_WORTH_A_SANDBOX", 0)
    with opened(with_picture(tmp_path / "a.pdf")) as source:
        [survey] = source.survey(range(1, 2), limit())
    assert survey.verdict.trusted and survey.may_show_more
    assert calls() == ["pdftotext", "pdfimages"]


def test_of_many_documents_those_that_are_not_plain_are_opened_by_poppler(
    tmp_path: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_WORTH_A_SANDBOX", 0)
    path = typed_pdf(tmp_path / "a.pdf", [FULL])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].CropBox = pikepdf.Array([0, 0, 500, 700])
        pdf.save(path)
    with opened(path) as source:
        [survey] = source.survey(range(1, 2), limit())
    assert survey.size is not None and (survey.size.width, survey.size.height) == (500, 700)
    assert calls() == ["pdfinfo", "pdftotext"]


@pytest.mark.parametrize("attached", [True, False])
def test_a_plain_document_tells_of_attached_files_as_one_that_poppler_opens(
    attached: bool, tmp_path: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_WORTH_A_SANDBOX", 0)
    path = attach(typed_pdf(tmp_path / "a.pdf", [FULL]), {"a.txt": b"x"} if attached else {})
    with opened(path) as source:
        [page] = source.survey(range(1, 2), limit())
    assert page.verdict.reason.endswith("not read: 1 (a.txt)") == attached
    assert calls() == ["pdftotext"]


def test_a_document_that_ends_the_look_is_looked_through_by_poppler(
    tmp_path: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_WORTH_A_SANDBOX", 0)
    monkeypatch.setattr(sources, "_LOOK_SECONDS", 0.0)
    with opened(with_picture(tmp_path / "a.pdf")) as source:
        assert source.survey(range(1, 2), limit())[0].may_show_more
    assert "pdfimages" in calls()


def test_pages_beyond_the_first_ones_have_their_own_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_sources, "_SIZED_PAGES", 3)
    path = typed_pdf(tmp_path / "a.pdf", [FULL] * 4)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[-1].MediaBox = pikepdf.Array([0, 0, 300, 400])
        pdf.save(path)
    with opened(path) as source:
        surveys = source.survey(range(3, 5), limit())
    assert [survey.points for survey in surveys] == [(612, 792), (300, 400)]


def test_a_page_that_pdfinfo_cannot_look_at_does_not_take_the_document_with_it(
    tmp_path: Path, install_program: Callable[[str, str], Path], process: Callable[..., Ledger]
) -> None:
    real = shutil.which("pdfinfo")
    crash = "os.kill(os.getpid(), signal.SIGSEGV)"
    install_program(
        "pdfinfo",
        f"import os, signal, sys\nif '-f' in sys.argv: {crash}\nos.execv({real!r}, [{real!r}, *sys.argv[1:]])",
    )
    [(result, pages)] = process([typed_pdf(tmp_path / "a.pdf", ["One", "Two"])], text_layer="auto")
    assert result.page_count == len(pages) == 2
    assert {page.error_class for page in pages} == {ErrorClass.ENGINE_CRASH}

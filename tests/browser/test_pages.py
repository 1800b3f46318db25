"""The report and a page beside its text in Chromium: nothing fails, filters work, axe-core finds nothing."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from distributed_ocr_pipeline.errors import ErrorClass
from distributed_ocr_pipeline.main import main
from tests.support.reports import HOSTILE, failed, hostile_results, scanned_result, write_looked_at_run
from tests.support.runs import outcome

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
PHONE, DESKTOP = (390, 844), (1280, 900)
NARROW = (320, 780)  # WCAG 2.2, 1.4.10 (reflow): nothing scrolls sideways at this width
MANY = 130

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(name="browser", scope="module")
def fixture_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture(name="files", scope="module")
def fixture_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two kinds of files, of a run with hostile documents and a scan."""
    folder = tmp_path_factory.mktemp("looked-at")
    scan, others = scanned_result(folder / "scan.pdf"), [outcome(f"many{number}", 2) for number in range(MANY)]
    locked = failed("locked.pdf", "A password is needed to open the file.", ErrorClass.ENCRYPTED)
    results = [*hostile_results(), failed("broken.pdf", "It has no end."), locked, scan, *others]
    texts = {"scan": HOSTILE[0], **{f"n{number}": text for number, text in enumerate(HOSTILE)}}
    confidences = {"scan": [93.0, 41.0], "many7": [55.0]}
    output = write_looked_at_run(folder / "output", *results, texts=texts, confidences=confidences, words=True)
    files = {name: folder / f"{name}.html" for name in ("report", "show")}
    main(["report", str(output), "--file", str(files["report"])])
    main(["show", "scan", "--output", str(output), "--file", str(files["show"])])
    return files


@pytest.fixture(name="faults")
def fixture_faults() -> list[str]:
    """What pages say on their consoles, and what they would load."""
    return []


def opened(
    browser: Browser, file: Path, faults: list[str], size: tuple[int, int] = DESKTOP, dark: bool = False
) -> Page:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else faults.append(request.url)
    )
    page.goto(file.as_uri())
    return page


def names(page: Page) -> list[str]:
    return page.locator("#rows .name").all_inner_texts()


@pytest.mark.parametrize("name", ["report", "show"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desktop", "phone", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_fails_and_a_screen_reader_finds_its_way(
    name: str, size: tuple[int, int], dark: bool, files: dict[str, Path], browser: Browser, faults: list[str]
) -> None:
    page = opened(browser, files[name], faults, size, dark)
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("[...document.querySelectorAll('table')].every((table) => table.scrollWidth <= innerWidth)")
    assert page.evaluate("window.hacked") is None
    assert faults == []


def test_hostile_names_are_shown_as_they_are(files: dict[str, Path], browser: Browser, faults: list[str]) -> None:
    page = opened(browser, files["report"], faults)
    page.fill("#search", "window.hacked")
    assert {f"s3://bucket/docs/{name}" for name in HOSTILE[:3]} <= set(names(page))
    assert page.locator("#rows img, #rows script").count() == 0
    shown = opened(browser, files["show"], faults)
    assert HOSTILE[0] in shown.locator(".word").first.inner_text()
    assert shown.evaluate("window.hacked") is None and faults == []


def test_an_injected_script_would_not_run(files: dict[str, Path], browser: Browser, faults: list[str]) -> None:
    page = opened(browser, files["report"], faults)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.hacked = 1'>");
    }""")
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in fault for fault in faults)


def test_documents_can_be_searched_and_filtered(files: dict[str, Path], browser: Browser, faults: list[str]) -> None:
    page = opened(browser, files["report"], faults)
    total = 2 * len(HOSTILE) + 4 + MANY
    assert page.inner_text("#found") == f"{total} of {total} documents, 100 shown"
    page.fill("#search", "NO END broken")
    assert names(page) == ["s3://bucket/docs/broken.pdf"]
    assert "It has no end. Open it in a viewer; make it again if that fails." in page.inner_text("#rows .reason")
    page.fill("#search", "")
    page.select_option("#status", "failed")
    page.select_option("#class", "corrupt")
    assert page.locator("#rows tr").count() == len(HOSTILE) + 1
    page.select_option("#class", "unaccounted")
    assert names(page) == [] and page.inner_text("#found").startswith("0 of")
    assert faults == []


def test_a_name_is_found_by_what_it_is_and_by_what_is_shown(
    files: dict[str, Path], browser: Browser, faults: list[str]
) -> None:
    page = opened(browser, files["report"], faults)
    for words in ("\u202egpj.exe", "\\u202EGPJ.exe", "\u202egpj.exe\x00\x1b[2J", " gpj\t2j "):
        page.fill("#search", words)
        assert "s3://bucket/docs/\\u202egpj.exe\\x00\\x1b[2J" in names(page), words
    assert faults == []


def test_sizes_have_the_unit_that_suits_them(browser: Browser, faults: list[str], tmp_path: Path) -> None:
    sizes = {
        0: "0 bytes",
        999: "999 bytes",
        1000: "1.0 KB",
        123_456: "123.5 KB",
        7_654_321: "7.7 MB",
        3 * 10**9: "3.0 GB",
    }
    results = [outcome(f"n{size}") for size in sizes]
    sized = [
        replace(result, document=replace(result.document, size_bytes=size)) for result, size in zip(results, sizes)
    ]
    output = write_looked_at_run(tmp_path / "output", *sized)
    main(["report", str(output), "--file", str(tmp_path / "report.html")])
    page = opened(browser, tmp_path / "report.html", faults)
    page.select_option("#sort", "7")
    shown = page.locator("#rows td[data-label=size]").all_inner_texts()
    assert shown[:-1] == list(reversed(sizes.values())) and faults == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_long_name_takes_no_more_room_than_some_lines(
    size: tuple[int, int], browser: Browser, faults: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / ("folder" * 40) / ("below" * 50)
    folder.mkdir(parents=True)
    scan = scanned_result(folder / f"{'x' * 240}.pdf")
    output = write_looked_at_run(
        tmp_path / "output", scan, outcome("a"), confidences={scan.document.document_id: [9.0] * 2}
    )
    main(["report", str(output), "--file", str(tmp_path / "report.html")])
    page = opened(browser, tmp_path / "report.html", faults, size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    for place, lines in ((".pages .name", 3), ("#rows .name", 6)):
        found = page.locator(place, has_text="xxx").first
        box = found.bounding_box()
        assert box is not None and box["height"] <= lines * 1.6 * 16
        assert "x" * 240 in (found.get_attribute("title") or "") and "x" * 240 in (found.text_content() or "")
    assert faults == []


def test_documents_can_be_sorted_with_the_keyboard(files: dict[str, Path], browser: Browser, faults: list[str]) -> None:
    page = opened(browser, files["report"], faults)
    page.select_option("#status", "succeeded")
    page.select_option("#sort", "5")
    assert [name.rpartition("/")[2] for name in names(page)[:2]] == ["scan.pdf", "many7.pdf"]
    head = page.get_by_role("columnheader", name="Pages")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending" and names(page)[0].endswith("scan.pdf")
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending" and not names(page)[0].endswith("scan.pdf")
    assert faults == []


def test_more_documents_are_shown_where_reading_goes_on(
    files: dict[str, Path], browser: Browser, faults: list[str]
) -> None:
    page = opened(browser, files["report"], faults)
    page.get_by_role("button", name="Show more").click()
    assert page.locator("#rows tr").count() == 2 * len(HOSTILE) + 4 + MANY
    assert page.evaluate("document.activeElement === document.querySelectorAll('#rows tr')[100]")
    assert not page.locator("#more").is_visible() and faults == []


def test_boxes_can_be_left_out_and_a_word_shows_its_box(
    files: dict[str, Path], browser: Browser, faults: list[str]
) -> None:
    page = opened(browser, files["show"], faults)
    box = page.locator("rect[data-word='2-1']")
    page.locator(".word[data-word='2-1']").hover()
    assert "chosen" in (box.get_attribute("class") or "")
    page.locator("h1").hover()
    assert "chosen" not in (box.get_attribute("class") or "")
    page.uncheck("#boxes")
    assert not box.is_visible() and faults == []


def test_code_in_advice_is_code(files: dict[str, Path], browser: Browser, faults: list[str]) -> None:
    page = opened(browser, files["report"], faults)
    page.select_option("#class", "encrypted")
    assert "(option passwords)" in page.inner_text("#rows .reason")
    assert page.locator("#rows .reason code").all_inner_texts() == ["passwords"]
    assert page.locator("#failures-title ~ table code").all_inner_texts() == ["passwords"]
    assert "`" not in page.inner_text("main") and faults == []


@pytest.mark.parametrize("margin", ["0", "25mm"])
def test_each_sheet_of_paper_has_the_heads_of_the_list(
    margin: str, files: dict[str, Path], browser: Browser, faults: list[str], tmp_path: Path
) -> None:
    page = opened(browser, files["report"], faults)
    margins = dict.fromkeys(("top", "right", "bottom", "left"), margin)
    page.pdf(path=tmp_path / "report.pdf", format="A4", margin=margins)  # type: ignore[arg-type]
    command = ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"]
    sheets = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\f")[:-1]
    listing = [sheet for sheet in sheets if sheet.count("succeeded") > 3]
    assert len(listing) > 2
    heads = r"Document\s+Status\s+Pages\s+Confidence\s+Seconds\s+Size"
    assert [len(re.findall(heads, sheet)) for sheet in listing] == [1] * len(listing)


def test_the_print_has_no_controls(files: dict[str, Path], browser: Browser, faults: list[str]) -> None:
    page = opened(browser, files["report"], faults, dark=True)
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF") and page.locator("#rows tr").count() > 100

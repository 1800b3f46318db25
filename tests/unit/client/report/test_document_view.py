"""`ocr-pipeline show`: a document's pages, by its current row, as text, JSON and HTML."""

import errno
import json
import re
from pathlib import Path

import pytest

from distributed_ocr_pipeline.client.report.document_view import MOST_PAGES
from distributed_ocr_pipeline.client.report.files import write_page
from distributed_ocr_pipeline.errors import BadInput, ErrorClass, ExitCode
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.records import PageResult, PageStatus, TextSource, Word
from tests.support.reports import at, failed, scanned_result
from tests.support.runs import outcome, write_run


@pytest.fixture(name="output")
def fixture_output(tmp_path: Path) -> Path:
    """Two runs; the second did the scan again."""
    scan = scanned_result(tmp_path / "a scan.pdf")
    write_run(
        tmp_path, "r1", scan, at(outcome("x"), "s3://bucket/one/x.pdf"), at(outcome("y"), "s3://bucket/two/x.pdf"),
        at(outcome("odd"), f"{tmp_path.as_uri()}/%FF.pdf"),
    )  # fmt: skip
    again = at(outcome("a scan", 20, pages=2), scan.document.source_uri)
    object.__setattr__(again.document, "size_bytes", scan.document.size_bytes)
    write_run(tmp_path, "r2", again, failed("bad.pdf", "It has no end.", ErrorClass.CORRUPT), words=True,
              confidences={"a scan": [91.0, 40.5]}, texts={"a scan": "</script><b>\x1b[2J "})  # fmt: skip
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], output: Path, *arguments: str) -> str:
    assert main(["show", *arguments, "--output", str(output)]) == ExitCode.OK
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["a scan", "a scan.pdf", "a%20scan.pdf"])
def test_a_document_is_found_by_id_and_by_the_end_of_its_address(
    name: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(shown(capsys, output, name, "--json"))["run_id"] == "r2"


def test_a_document_is_found_by_the_path_of_its_file(
    output: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(output)
    found = json.loads(shown(capsys, output, "./a scan.pdf", "--json"))
    assert [page["page_number"] for page in found["pages"]] == [1, 2]


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize(("name", "meant"), [("90%.pdf", "per cent"), ("90%25.pdf", "code"), ("90%2525.pdf", "code")])
def test_a_name_is_that_of_a_file_before_it_is_the_end_of_an_address(
    name: str,
    meant: str,
    is_there: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {"per cent": tmp_path / "90%.pdf", "code": tmp_path / "90%25.pdf"}
    if is_there:
        monkeypatch.chdir(tmp_path)
        for file in files.values():
            file.touch()
    write_run(tmp_path, "r1", *(at(outcome(name), file.as_uri()) for name, file in files.items()))
    assert json.loads(shown(capsys, tmp_path, name, "--json"))["document_id"] == meant


def test_of_files_of_the_same_name_the_one_in_this_folder_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: tmp_path / name / "a.pdf" for name in ("here", "there")}
    for file in files.values():
        file.parent.mkdir()
        file.touch()
    write_run(tmp_path, "r1", *(at(outcome(name), file.as_uri()) for name, file in files.items()))
    monkeypatch.chdir(tmp_path / "here")
    assert json.loads(shown(capsys, tmp_path, "a.pdf", "--json"))["document_id"] == "here"


def test_a_document_is_found_by_a_name_that_is_not_utf_8(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(shown(capsys, output, "\udcff.pdf", "--json"))["document_id"] == "odd"


def test_text_is_of_the_current_row_and_cannot_steer_the_terminal(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys, output, "a scan", "--text", "--page", "2") == (
        "--- page 2 of 2: succeeded, confidence 40.5 ---\n</script><b>\\x1b[2J r2 a scan 2\n"
    )


def test_the_file_has_the_page_beside_its_words(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(shown(capsys, output, "a scan", "--page", "2").strip())
    assert path == output / "runs/r2/show/a scan-page-0002.html"
    html = path.read_text(encoding="utf-8")
    assert html.count("data:image/jpeg;base64,") == 1
    assert '<rect class="box band0" data-word="2-1" x="1" y="2" width="3" height="4"/>' in html
    assert 'data-word="2-1" title="90.5">&lt;/script&gt;&lt;b&gt;' in html


def test_all_pages_are_in_one_file(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    html = Path(shown(capsys, output, "a scan").strip()).read_text(encoding="utf-8")
    assert html.count("data:image/jpeg;base64,") == 2


def test_text_and_json_have_all_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path, "r1", outcome("long", pages=MOST_PAGES + 5))
    assert shown(capsys, tmp_path, "long", "--text").count("--- page ") == MOST_PAGES + 5
    assert len(json.loads(shown(capsys, tmp_path, "long", "--json"))["pages"]) == MOST_PAGES + 5


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_is_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", disk_is_full)
    with pytest.raises(BadInput, match="No space left on device"):
        write_page(tmp_path / "page.html", "<p>")
    assert not list(tmp_path.iterdir())


def test_words_stand_in_the_paragraphs_of_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def page(number: int, text: str, confidence: float | None) -> PageResult:
        del text, confidence
        words = tuple(
            Word(name, 10, 20 * line, 60, 12, 90.0, line) for line, name in enumerate("One Two Three".split(), 1)
        )
        return PageResult(number, PageStatus.SUCCEEDED, "One\n\nTwo\nThree", TextSource.OCR, words=words)

    write_run(tmp_path, "r1", outcome("a"), page=page, words=True)
    html = Path(shown(capsys, tmp_path, "a").strip()).read_text(encoding="utf-8")
    beside = html[html.index('<div class="lines">') : html.index("</section>")]
    paragraphs = re.findall(r"<div>(.*?)</div>", beside, re.DOTALL)
    assert [re.findall(r'data-word="([\d-]+)"[^>]*>(\w+)<', paragraph) for paragraph in paragraphs] == [
        [("1-1", "One")],
        [("1-2", "Two"), ("1-3", "Three")],
    ]
    assert [paragraph.count("<p>") for paragraph in paragraphs] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["long" * 100], "There is no document 'longlong"),
        (["\udcfe.pdf"], r"There is no document '\udcfe.pdf'."),
        (["nothing"], "There is no document 'nothing'."),
        (["x.pdf"], "2 documents are called 'x.pdf': x (s3://bucket/one/x.pdf), y (s3://bucket/two/x.pdf)."),
        (["a scan", "--page", "3"], "has no page 3: it has 2"),
        (["a scan", "--page", "3000000000"], "has no page 3000000000: it has 2"),
        (["bad.pdf"], "has no pages (corrupt: It has no end.)"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    arguments: list[str], words: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", *arguments, "--output", str(output)]) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_a_document_that_is_gone_is_shown_without_its_picture(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (output / "a scan.pdf").unlink()
    html = Path(shown(capsys, output, "a scan").strip()).read_text(encoding="utf-8")
    assert "data:image" not in html and html.count("The document cannot be opened any more") == 2

"""`ocr-pipeline report`: what is in the file, on a folder and on a deployment's bucket. Browsers: tests/browser."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from distributed_ocr_pipeline.client.commands import report
from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder
from distributed_ocr_pipeline.client.report import figures
from distributed_ocr_pipeline.client.report.figures import span_seconds
from distributed_ocr_pipeline.client.report.names import common_folder
from distributed_ocr_pipeline.errors import BadInput, ExitCode
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.main import main
from distributed_ocr_pipeline.records import DocumentResult, S3Location
from distributed_ocr_pipeline.storage import Storage
from tests.support.aws import OUTPUT_BUCKET, REGION, s3_client, s3_server, session, upload_folder, use_server
from tests.support.reports import HOSTILE, RUN, at, failed, hostile_results, put, scanned_result, write_looked_at_run
from tests.support.runs import NOON, outcome


class Parsed(HTMLParser):
    """The elements of a page, its text, and what its JSON elements hold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.json: dict[str, Any] = {}
        self._script: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._script = (dict(attrs).get("id") or "") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        self._script = None if tag == "script" else self._script

    def handle_data(self, data: str) -> None:
        if self._script:
            self.json[self._script] = json.loads(data)
        elif self._script is None:
            self.text += f" {data}"


def reported(capsys: pytest.CaptureFixture[str], output: Path, *arguments: str) -> Parsed:
    assert main(["report", *arguments, "--output", str(output)]) == ExitCode.OK
    return Parsed(Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8"))


@pytest.fixture(name="hostile")
def fixture_hostile(tmp_path: Path) -> Path:
    return write_looked_at_run(
        tmp_path, *hostile_results(), texts={f"n{number}": text for number, text in enumerate(HOSTILE)}, words=True
    )


def test_names_and_texts_are_text_and_no_element(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = reported(capsys, hostile, RUN)
    scripts = [attributes.get("type") for tag, attributes in found.elements if tag == "script"]
    assert scripts == ["application/json", "application/json", None]
    names = {name for _, attributes in found.elements for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert "img" not in {tag for tag, _ in found.elements}
    listed = [row[0] for row in found.json["documents"]]
    assert {HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], HOSTILE[4]} <= set(listed)
    assert "\\u202egpj.exe\\x00\\x1b[2J" in listed
    assert f"1 shard failed (first: s1: {HOSTILE[0]})" in found.text


def test_the_policy_allows_the_files_own_script_and_style_alone(
    hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = reported(capsys, hostile, RUN)
    (policy,) = [
        attributes["content"] for tag, attributes in found.elements if tag == "meta" and "http-equiv" in attributes
    ]
    assert policy is not None
    assert re.sub(r"sha256-[\w+/]{43}=", "HASH", policy) == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'HASH'; script-src 'HASH'"
    )
    loading = [attributes for _, attributes in found.elements if {"src", "action", "formaction"} & set(attributes)]
    assert loading == []


def test_failures_come_first_with_reason_and_advice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_looked_at_run(
        tmp_path,
        outcome("sure"),
        failed("bad.pdf", "It has no end."),
        outcome("unsure"),
        outcome("late", 5, "deferred"),
        confidences={"sure": [99.0], "unsure": [99.5, 12.25]},
    )
    found = reported(capsys, tmp_path)
    rows = found.json["documents"]
    assert [row[:4] for row in rows[:3]] == [
        [
            f"docs/{HOSTILE[1]}.lost",
            "unaccounted",
            "unaccounted",
            "its shard left no result: no job of it has ended well",
        ],
        ["docs/bad.pdf", "failed", "corrupt", "It has no end."],
        ["late.pdf", "deferred", "", ""],
    ]
    assert [(row[0], row[5]) for row in rows[3:]] == [("unsure.pdf", 12.2), ("sure.pdf", 99.0)]
    assert found.json["advice"]["corrupt"] == "Open it in a viewer; make it again if that fails."
    assert "Open it in a viewer; make it again if that fails." in found.text
    assert "not reached before the deadline" in found.text


def test_estimates_stand_beside_what_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(reported(capsys, write_looked_at_run(tmp_path, outcome("a", pages=4))).text.split())
    assert "Documents 2 – 1 Pages 7 5 to 9 4" in text
    assert "CPU hours, on vCPUs of speed 1 1.000 0.500 to 2.000 1.500" in text
    assert "by list price 1.500 1.000 to 2.000 1.250" in text


def test_bars_count_pages_by_confidence_and_by_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = outcome("a", pages=3), outcome("late", 1, "deferred", pages=0), outcome("b", 2)
    write_looked_at_run(tmp_path, *results, confidences={"a": [100.0, 97.5, 50.0], "b": [49.5]})
    found = reported(capsys, tmp_path)
    heights = [
        float(attributes["height"] or 0)
        for tag, attributes in found.elements
        if tag == "rect" and (attributes.get("class") or "").startswith(("band", "plain"))
    ]
    text = " ".join(found.text.split())
    for label, pages in (("95 to 100", 2), ("50 to 55", 1), ("45 to 50", 1), ("90 to 95", 0)):
        assert f" {label}: {pages} page{'' if pages == 1 else 's'} " in text
    assert "2025-01-01 12:00:00: 3 pages" in text and "2025-01-01 12:02:00: 1 page" in text
    assert [height for height in heights if height] == [50.0, 50.0, 100.0, 100.0, 33.33]


def test_the_pages_to_look_at_have_their_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan = scanned_result(tmp_path / "scan.pdf")
    gone = scanned_result(tmp_path / "gone.pdf", 1)
    changed = scanned_result(tmp_path / "changed.pdf", 1)
    write_looked_at_run(tmp_path / "output", scan, gone, changed, words=True, confidences={"scan": [80.0, 30.0]})
    (tmp_path / "gone.pdf").unlink()
    with (tmp_path / "changed.pdf").open("ab") as file:
        file.write(b"%")
    found = reported(capsys, tmp_path / "output")
    pictures = [attributes["href"] or "" for tag, attributes in found.elements if tag == "image"]
    assert len(pictures) == 4 and all(picture.startswith("data:image/jpeg;base64,") for picture in pictures)
    boxes = [attributes for tag, attributes in found.elements if tag == "path"]
    assert {(box["class"], box["d"]) for box in boxes} == {("box band0", "M1 2h3v4h-3z")}
    assert "The document cannot be opened any more: No such file or directory." in found.text
    assert "The document has changed since it was read" in found.text


def test_the_list_of_documents_is_bounded_and_says_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributed_ocr_pipeline.client.report.run_report._MOST_DOCUMENTS", 2)
    write_looked_at_run(tmp_path, outcome("a"), outcome("b"), failed("bad.pdf", "It has no end."))
    found = reported(capsys, tmp_path)
    assert [row[1] for row in found.json["documents"]] == ["unaccounted", "failed"]
    assert "2 more documents are not in this list" in found.text


def test_long_names_do_not_make_a_large_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributed_ocr_pipeline.client.report.run_report._MOST_LIST_CHARACTERS", 900)
    write_looked_at_run(tmp_path, *(failed(f"{number}{'x' * 400}", "No.") for number in range(5)))
    found = reported(capsys, tmp_path)
    assert len(found.json["documents"]) == 3 and "3 more documents" in found.text


def test_the_latest_run_with_results_is_meant_and_a_folder_can_stand_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_looked_at_run(tmp_path, outcome("a"))
    put(tmp_path, RunLayout("", "later").plan.key, {"documents": 0, "shards": 0, "up_to_date": 1})
    monkeypatch.chdir(tmp_path.parent)
    assert main(["report", tmp_path.name, "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert found["run_id"] == RUN and found["size_bytes"] == Path(found["file"]).stat().st_size
    assert found["file"] == str(tmp_path / f"runs/{RUN}/report.html")


def test_a_run_that_left_nothing_has_a_report_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, RunLayout("", "empty").plan.key, {"documents": 0, "shards": 0, "up_to_date": 1})
    found = reported(capsys, tmp_path, "empty")
    assert found.json["documents"] == [] and "Nothing was done." in found.text


def test_without_a_run_there_is_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, RunLayout("", "none").plan.key, {"documents": 0, "shards": 0, "up_to_date": 0})
    assert main(["report", "--output", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "No run has ended with results there." in capsys.readouterr().err
    assert main(["report", "other", "--output", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "There is no run 'other'" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_looked_at_run(tmp_path, outcome("a"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    target = str(tmp_path / "file/report.html")
    assert main(["report", "--output", str(tmp_path), "--file", target]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert f"{target} cannot be written" in shown and shown.count("\n") == 1


@pytest.mark.parametrize("has_browser", [True, False])
def test_open_shows_the_file_or_says_where_it_is(
    has_browser: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_looked_at_run(tmp_path, outcome("a"))
    opened: list[str] = []

    def show(address: str) -> bool:
        opened.append(address)
        return has_browser

    monkeypatch.setattr("webbrowser.open", show)
    status = main(["report", "--output", str(tmp_path), "--open"])
    shown = capsys.readouterr()
    assert opened == [Path(shown.out.strip()).as_uri()]
    assert (status, shown.err.partition(" Open ")[0]) == (
        (ExitCode.OK, "") if has_browser else (ExitCode.BAD_INPUT, "ocr-pipeline: error: No browser was found.")
    )


def refuse(*_: object) -> str:
    raise BadInput("It is refused.")


def test_a_run_on_aws_is_reported_from_its_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = scanned_result(tmp_path / "scan.pdf", 1)
    output = write_looked_at_run(tmp_path / "output", outcome("a"), at(scan, "s3://bucket/docs/scan.pdf"), words=True)
    monkeypatch.chdir(tmp_path)
    with s3_server() as endpoint:
        for bucket in (OUTPUT_BUCKET, "bucket"):
            s3_client(endpoint).create_bucket(Bucket=bucket)
        storage = Storage(session(), endpoint)
        upload_folder(storage, output, S3Location(OUTPUT_BUCKET, ""))
        storage.upload(tmp_path / "scan.pdf", S3Location("bucket", "docs/scan.pdf"))
        use_server(monkeypatch, endpoint)
        monkeypatch.setenv("OCR_STATE_MACHINE_ARN", "arn:aws:states:us-east-1:123456789012:stateMachine:ocr")
        monkeypatch.setenv("OCR_OUTPUT_BUCKET", OUTPUT_BUCKET)
        assert main(["report", RUN, "--region", REGION]) == ExitCode.OK
        path, link = capsys.readouterr().out.splitlines()
        with urlopen(link.removeprefix("link for 12 hours (less where your credentials end before): ")) as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.read() == Path(path).read_bytes()
        assert "X-Amz-Expires=43200" in link and "AWS4-HMAC-SHA256" in link
        monkeypatch.setattr(report, "share_page", refuse)
        assert main(["report", RUN, "--region", REGION, "--json"]) == ExitCode.OK
        shown = capsys.readouterr()
        assert (json.loads(shown.out)["link"], json.loads(shown.out)["link_hours"]) == (None, None)
        assert shown.err == "There is no link for others: It is refused.\n"
    assert path == str(tmp_path / f"report-{RUN}.html")
    found = Parsed((tmp_path / f"report-{RUN}.html").read_text(encoding="utf-8"))
    assert [row[0] for row in found.json["documents"]] == [f"docs/{HOSTILE[1]}.lost", "a.pdf", "docs/scan.pdf"]
    assert [tag for tag, _ in found.elements].count("image") == 1
    assert "Reading s3://bucket/a.pdf failed" in found.text  # it is not in its bucket


@pytest.mark.parametrize(
    ("first", "last", "folder"),
    [
        ("s3://b/docs/a/1.pdf", "s3://b/docs/b/2.pdf", "s3://b/docs/"),
        ("s3://b/docs/a.pdf", "s3://b/docs/a.pdf", "s3://b/docs/"),
        ("s3://b/docs/ab.pdf", "s3://b/docs/ac.pdf", "s3://b/docs/"),
        ("", "", ""),
    ],
)
def test_the_folder_of_all_documents(first: str, last: str, folder: str) -> None:
    assert common_folder(first, last) == folder


@pytest.mark.parametrize(("duration", "span"), [(0, 1), (59, 1), (60, 2), (3600, 120), (10**9, 604_800)])
def test_a_run_is_cut_into_few_spans_of_round_length(duration: float, span: int) -> None:
    assert span_seconds(duration) == span


def lasting(name: str, minute: int, minutes: float, pages: int, status: str = "succeeded") -> DocumentResult:
    """A document that ends `minute` minutes past noon and took so many minutes."""
    return replace(outcome(name, minute, status, pages=pages), duration_ms=round(minutes * 60_000))


@pytest.mark.parametrize(
    ("documents", "pages"),
    [
        ([lasting("long", 30, 30, 300), lasting("at once", 30, 0, 7)], [10] * 30 + [7]),
        ([lasting("a", 4, 4, 4), lasting("b", 3, 2, 6), lasting("late", 4, 9, 8, "deferred")], [1, 4, 4, 1, 0]),
        ([lasting("thirds", 3, 3, 2), lasting("none", 1, 1, 0, "failed")], [1, 0, 1, 0]),
        ([lasting("in parts, at the same time", 2, 500, 8)], [4, 4, 0]),
    ],
)
def test_pages_are_spread_over_the_time_in_which_their_document_was_read(
    documents: list[DocumentResult], pages: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "span_seconds", lambda _: 60)
    write_looked_at_run(tmp_path, *documents)
    with figures.open_figures(OutputFolder(tmp_path), RUN) as found:
        throughput = found.throughput(found.totals())
    assert throughput is not None and throughput.first_ms == NOON.timestamp() * 1000
    assert list(throughput.pages) == pages

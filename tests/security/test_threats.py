"""What hostile documents, keys, options and folders can do to the worker: nothing. docs/security.md cites the tests."""

import ast
import csv
import io
import json
import os
import re
import socketserver
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from distributed_ocr_pipeline.config import OCRConfig, parse_options
from distributed_ocr_pipeline.errors import BadInput, BadOption, ErrorClass
from distributed_ocr_pipeline.local.deploy import input_folder
from distributed_ocr_pipeline.ocr import Stop, check_tools, process_documents
from distributed_ocr_pipeline.ocr.documents import poppler
from distributed_ocr_pipeline.ocr.processes.programs import Limits, run
from distributed_ocr_pipeline.records import Document, DocumentResult, PageChunk, PageResult, PageStatus
from distributed_ocr_pipeline.run.delivery.downloads import locate_documents
from distributed_ocr_pipeline.run.reporting import make_report, write_report
from local_aws.s3.folder import FolderBucket
from tests.support.documents import document, format_documents, page_picture, pdf_bytes, scanned_pdf, typed_pdf
from tests.support.plans import Run

PROJECT = Path(__file__).parents[2]
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAHIDDENHIDDEN1234",
    "AWS_SECRET_ACCESS_KEY": "hidden-secret-key",
    "AWS_SESSION_TOKEN": "hidden-session-token",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/hidden-credentials",
}


def process(path: Path, scratch: Path, **options: Any) -> tuple[DocumentResult, list[PageResult]]:
    """One document's row and pages, as the worker makes them; page images in `scratch`/images."""
    config = OCRConfig(**({"output_type": "both"} | options))
    *chunks, result = process_documents(
        [(document(path), path)], config, scratch=scratch, images=scratch / "images", stop=Stop()
    )
    assert isinstance(result, DocumentResult)
    return result, [page for chunk in chunks if isinstance(chunk, PageChunk) for page in chunk.pages]


@pytest.fixture(name="scratch")
def fixture_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker's scratch folder, which is its working folder too."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# ---- documents that reach out ----------------------------------------------------------------------------------


class Listener(socketserver.ThreadingTCPServer):
    """A server on this machine that counts who calls."""

    calls = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.calls += 1
        self.shutdown_request(request)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


@contextmanager
def listening() -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


ACTIONS = {
    "javascript": "<< /S /JavaScript /JS (app.launchURL\\('http://ADDRESS/'\\); this.exportDataObject\\('x'\\);) >>",
    "launch": "<< /S /Launch /F (/usr/bin/touch) /Unix << /F (/usr/bin/touch) /P (launched) >> >>",
    "remote": "<< /S /GoToR /D [0 /Fit] /F << /Type /Filespec /FS /URL /F (http://ADDRESS/other.pdf) >> >>",
    "uri": "<< /S /URI /URI (http://ADDRESS/) >>",
    "submit": "<< /S /SubmitForm /F << /FS /URL /F (http://ADDRESS/form) >> /Flags 0 >>",
    "import": "<< /S /ImportData /F (/etc/hostname) >>",
}


def acting_pdf(path: Path, action: str) -> Path:
    """A page of text whose opening, showing and link start an action, with a file embedded."""
    stream = "BT /F1 24 Tf 72 700 Td (Harmless words) Tj ET"
    link = "<< /Type /Annot /Subtype /Link /Rect [0 0 612 792] /A 6 0 R >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /OpenAction 6 0 R /AA << /WC 6 0 R >> /Names << /EmbeddedFiles 7 0 R >> >>",
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
        f"/Contents 5 0 R /AA << /O 6 0 R >> /Annots [{link}] >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        action,
        "<< /Names [(../dropped.txt) 8 0 R] >>",
        "<< /Type /Filespec /F (../dropped.txt) /UF (../dropped.txt) /EF << /F 9 0 R >> >>",
        "<< /Type /EmbeddedFile /Length 7 >>\nstream\ndropped\nendstream",
    ]
    path.write_bytes(pdf_bytes(objects))
    return path


@pytest.mark.parametrize("kind", ACTIONS)
def test_actions_and_embedded_files_of_a_pdf_are_left_alone(kind: str, tmp_path: Path, scratch: Path) -> None:
    with listening() as listener:
        path = acting_pdf(tmp_path / "acting.pdf", ACTIONS[kind].replace("ADDRESS", listener.address))
        result, (page,) = process(path, scratch)
    assert (page.text, page.status, result.error_class) == ("Harmless words", PageStatus.SUCCEEDED, None)
    assert listener.calls == 0
    files = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert files == {"acting.pdf", "scratch/images/acting-pdf/page-0001.jpeg"}


TREASURE = page_picture("Treasure map")


def picture_pdf(path: Path, extra: str, pixels: bytes) -> Path:
    """A page that shows one picture, the size of `TREASURE`, from the stream `pixels` or from where `extra` says."""
    stream = "216 0 0 72 0 0 cm /Im0 Do"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 216 72] /Resources << /XObject << /Im0 5 0 R >> >> "
        "/Contents 4 0 R >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        f"<< /Type /XObject /Subtype /Image /Width {TREASURE.width} /Height {TREASURE.height} /BitsPerComponent 8 "
        f"/ColorSpace /DeviceGray /Length {len(pixels)} {extra} >>\nstream\n{pixels.decode('latin-1')}\nendstream",
    ]
    path.write_bytes(pdf_bytes(objects))
    return path


FILE_SPECIFICATIONS = {
    "path": "/F (SECRET)",
    "uri": "/F (file://SECRET)",
    "url": "/F << /Type /Filespec /FS /URL /F (http://ADDRESS/secret.raw) >>",
}


@pytest.mark.parametrize("kind", FILE_SPECIFICATIONS)
def test_a_stream_in_another_file_is_neither_read_nor_fetched(kind: str, tmp_path: Path, scratch: Path) -> None:
    secret = tmp_path / "secret.raw"
    secret.write_bytes(TREASURE.tobytes())
    with listening() as listener:
        where = FILE_SPECIFICATIONS[kind].replace("SECRET", str(secret)).replace("ADDRESS", listener.address)
        _, pages = process(picture_pdf(tmp_path / "a.pdf", where, b""), scratch)
    assert "Treasure" not in "".join(page.text for page in pages)
    assert listener.calls == 0


def test_the_same_picture_in_the_file_itself_is_read(tmp_path: Path, scratch: Path) -> None:
    _, (page,) = process(picture_pdf(tmp_path / "a.pdf", "", TREASURE.tobytes()), scratch)
    assert page.text == "Treasure map"


# ---- the programs that open documents --------------------------------------------------------------------------


class Programs:
    """What the external programs were called with, and the environment they saw."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def arguments(self) -> list[str]:
        return [text for file in self._folder.glob("*.arguments") for text in file.read_text().split("\0")[:-1]]

    def environments(self) -> list[str]:
        return [file.read_text() for file in self._folder.glob("*.environment")]


@pytest.fixture(name="programs")
def fixture_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """The real programs, behind scripts that write down each call."""
    calls, folder = tmp_path / "calls", tmp_path / "bin"
    calls.mkdir()
    folder.mkdir()
    write_down = f"printf '%s\\0' \"$@\" >'{calls}'/$$.arguments; env >'{calls}'/$$.environment"
    for name in (*poppler.PROGRAMS, "tesseract"):
        script = folder / name
        script.write_text(f'#!/bin/sh\n{write_down}\nPATH=${{PATH#*:}} exec {name} "$@"\n', encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Programs(calls)


OTHER_FILES = {
    "svg": '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg><text>&x;</text></svg>',
    "postscript": "%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
    "eps": "\xc5\xd0\xd3\xc6 %!PS-Adobe-3.0 EPSF-3.0\n",
    "drawing": "push graphic-context\nfill 'url(https://127.0.0.1/)'\npop graphic-context\n",
    "list-of-files": "/etc/passwd\n/etc/hostname\n",  # what Tesseract would take for pages to read
    "url": "http://127.0.0.1/page.png\n",
    "gif": "GIF89a\x01\x00\x01\x00",
    "html": "<html><iframe src='file:///etc/passwd'></iframe></html>",
    "zip": "PK\x03\x04 word/document.xml",
}


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_other_formats_are_not_opened_by_any_program(
    kind: str, tmp_path: Path, scratch: Path, programs: Programs
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(OTHER_FILES[kind].encode("latin-1"))
    result, pages = process(path, scratch)
    assert (result.error_class, pages) == (ErrorClass.UNSUPPORTED_TYPE, [])
    assert not [argument for argument in programs.arguments() if str(path) in argument]


@pytest.mark.parametrize("name", ["-o", "--version.pdf", "-", "http:--127.0.0.1", "fd:0", "$(touch x).pdf", "a;b|c"])
def test_the_name_of_a_file_is_only_a_name_to_programs(name: str, scratch: Path, programs: Programs) -> None:
    scanned_pdf(scratch / "whole.pdf", 1).rename(scratch / name)
    result, _ = process(Path(name), scratch)
    assert result.error_class is None
    named = {argument for argument in programs.arguments() if argument.endswith(name)}
    assert named - {"-"} == {str(scratch / name)}  # a dash alone sends the text of `pdftotext` to its output


def test_programs_see_no_credentials(
    tmp_path: Path, scratch: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    check_tools(OCRConfig())
    asked = len(programs.environments())
    process(scanned_pdf(tmp_path / "a.pdf", 1), scratch)
    assert asked and len(programs.environments()) >= asked + 3  # its facts, its pictures, its text
    seen = "\n".join(programs.environments()) + run(["env"], Limits(9, 512), Stop()).stdout.decode()
    assert "PATH=" in seen and "AWS_" not in seen and "hidden" not in seen


# ---- no shell, nothing that is code -----------------------------------------------------------------------------

SOURCES = sorted((PROJECT / "job_scripts").rglob("*.py"))
FORBIDDEN_CALLS = {
    *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell"),
    *("pty.spawn", "eval", "exec", "compile", "pickle.load", "pickle.loads", "marshal.loads", "yaml.load"),
    *("yaml.unsafe_load", "shelve.open", "tempfile.mktemp"),
}
OWN_SHELL_SCRIPTS = {
    "container_runtime.py": {"_BUILDAH_RUN", "_IN_BUILDAH"}
}  # constants; what varies are their arguments


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_source_starts_a_shell_or_runs_data(source: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert not FORBIDDEN_CALLS & {ast.unparse(call.func) for call in calls}
    assert not [call for call in calls for keyword in call.keywords if keyword.arg in ("shell", "executable")]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_shell_is_given_constant_scripts_only(source: Path) -> None:
    given = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        parts = [ast.unparse(part) for part in node.elts] if isinstance(node, (ast.List, ast.Tuple)) else []
        given |= {script for shell, script in zip(parts, parts[2:]) if re.fullmatch(r"'(.*/)?(ba|da)?sh'", shell)}
    assert given == OWN_SHELL_SCRIPTS.get(source.name, set())


# ---- links and paths out of a folder ---------------------------------------------------------------------------


@pytest.fixture(name="delivered")
def fixture_delivered(tmp_path: Path) -> Path:
    """A folder of delivered documents: one real, and links to a secret of the same name and size."""
    folder, outside = tmp_path / "documents", tmp_path / "outside"
    for made in (folder, outside):
        made.mkdir()
        typed_pdf(made / "real.pdf", ["Plain words"])
    typed_pdf(outside / "secret.pdf", ["Hidden words"])
    (folder / "link.pdf").symlink_to(outside / "secret.pdf")
    (folder / "linked").symlink_to(outside)
    (folder / "dangling.pdf").symlink_to(outside / "nothing.pdf")
    return folder


OUTSIDE = [
    "in/link.pdf",
    "in/linked/secret.pdf",
    "in/other/link.pdf",
    "in/../outside/secret.pdf",
    "in/../documents/real.pdf",
    "in//real.pdf",
    "in/dangling.pdf",
    "in//etc/hostname",
    "in/./real.pdf",
    "in/real.pdf/",
    "in/a\0b",
    "in/",
    "in/undelivered",
    "elsewhere/real.pdf",
]


@pytest.mark.parametrize("key", OUTSIDE)
def test_only_a_regular_file_in_the_folder_is_a_document(key: str, delivered: Path, scratch: Path) -> None:
    size = (delivered / "real.pdf").stat().st_size
    listed = [Document(str(number), "", name, "", size) for number, name in enumerate(["in/real.pdf", key])]
    (_, real), (_, wanted) = locate_documents(listed, delivered, "s3://bucket/in/")
    assert (real, wanted) == (delivered / "real.pdf", delivered.parent / "undelivered")
    result, _ = process(wanted, scratch)
    assert result.error_class is ErrorClass.MISSING


def test_a_file_that_lies_elsewhere_in_the_folder_is_found_by_name_and_size(tmp_path: Path) -> None:
    for name in ("flat.pdf", "taken.pdf"):
        (tmp_path / name).write_bytes(b"12345")
    keys = ["in/sub/flat.pdf", "in/taken.pdf", "in/sub/taken.pdf"]
    listed = [Document(str(number), "", key, "", 5) for number, key in enumerate(keys)]
    places = [path for _, path in locate_documents(listed, tmp_path, "s3://bucket/in/")]
    assert places == [tmp_path / "flat.pdf", tmp_path / "taken.pdf", tmp_path.with_name("undelivered")]


@pytest.mark.parametrize("document_id", ["../up", "/tmp/up", "a/b", "", ".", "..", "a\0b", "x" * 256])
def test_an_id_that_is_no_folders_name_ends_the_shard(document_id: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="document with the id"):
        list(locate_documents([Document(document_id, "", "in/a.pdf", "", 1)], tmp_path, "s3://bucket/in/"))


def test_files_are_named_by_ids_not_by_keys(tmp_path: Path, scratch: Path) -> None:
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    hostile = Document("id1", "s3://b/../../x", "../../x.pdf", "", path.stat().st_size)
    chunk, _ = process_documents(
        [(hostile, path)], OCRConfig(output_type="image"), scratch=scratch, images=tmp_path / "images", stop=Stop()
    )
    assert isinstance(chunk, PageChunk) and chunk.pages[0].image_path == "id1/page-0001.jpeg"
    assert [file.relative_to(tmp_path) for file in tmp_path.rglob("*.jp*g")] == [Path("images/id1/page-0001.jpeg")]


def test_links_that_lead_out_of_a_local_input_folder_have_no_content(delivered: Path) -> None:
    bucket = FolderBucket(input_folder(delivered, delivered / "output"))
    items = list(bucket.walk())
    assert [item.key for item in items] == ["dangling.pdf", "link.pdf", "linked", "real.pdf"]
    with bucket.content(items[-1]) or io.BytesIO() as content:
        assert content.read(5) == b"%PDF-"
    assert [bucket.content(item) for item in items[:-1]] == [None] * 3


# ---- options ---------------------------------------------------------------------------------------------------

OPENS_FILES = {"classify_save_adapted_templates", "debug_file", "tessedit_ambigs_training", "tessedit_create_pdf"}
STARTS_PROGRAMS = {"classify_debug_level", "interactive_display_mode", "textord_show_blobs", "textord_debug_tabfind"}
LOSES_PAGES = {"page_separator", "stream_filelist", "tessedit_page_number", "tessedit_resegment_from_boxes"}


@pytest.mark.parametrize("name", sorted(OPENS_FILES | STARTS_PROGRAMS | LOSES_PAGES))
def test_a_tesseract_variable_that_does_more_than_read_is_refused(name: str) -> None:
    with pytest.raises(BadOption, match=name):
        OCRConfig(tesseract_config={name: 1})


def test_no_tesseract_variable_takes_the_name_of_a_file() -> None:
    printed = run(["tesseract", "--print-parameters"], Limits(9, 2048), Stop()).stdout.decode()
    names = re.findall(r"^(\w+)\t", printed, re.MULTILINE)
    assert {"debug_file", "user_words_file", "tessedit_char_whitelist", "textord_min_linesize"} <= set(names)
    assert {name for name in names if _accepts(name, "/etc/passwd")} == {
        *("tessedit_char_whitelist", "tessedit_char_blacklist", "tessedit_char_unblacklist")
    }
    assert sum(_accepts(name, 1) for name in names) > 400  # what only tunes is not refused


def _accepts(name: str, value: str | int) -> bool:
    try:
        return bool(OCRConfig(tesseract_config={name: value}))
    except BadOption:
        return False


def test_an_option_is_one_argument_whatever_it_holds(tmp_path: Path, scratch: Path, programs: Programs) -> None:
    hostile = "a' -c debug_file=x $(touch y) ; `touch z`"
    process(scanned_pdf(tmp_path / "a.pdf", 1), scratch, tesseract_config={"tessedit_char_whitelist": hostile})
    assert f"tessedit_char_whitelist={hostile}" in programs.arguments()
    assert {path.name for path in scratch.iterdir()} == {"images"}


# ---- what is told ----------------------------------------------------------------------------------------------


def hostile_page(path: Path) -> Path:
    """A page that makes Poppler complain in words of the document."""
    content = typed_pdf(path, ["Zanzibar"]).read_bytes()
    path.write_bytes(content.replace(b"(Zanzibar) Tj", b"Zanzibar   Tj"))
    return path


@pytest.fixture(name="shard")
def fixture_shard(tmp_path: Path) -> Path:
    """What SageMaker lays out under /opt/ml for a shard; every document says Zanzibar."""
    root = tmp_path / "ml"
    for name in ("documents", "shard", "run"):
        (root / "processing" / "input" / name).mkdir(parents=True)
    folder = root / "processing" / "input"
    typed_pdf(folder / "documents" / "typed.pdf", ["Zanzibar"])
    scanned_pdf(folder / "documents" / "scanned.pdf", 1, {1: "Zanzibar"})
    hostile_page(folder / "documents" / "broken.pdf")
    (folder / "documents" / "other.txt").write_text("Zanzibar")
    (folder / "run" / "run.json").write_text(json.dumps({"input_prefix": "s3://bucket/in/"}))
    sizes = {path.name: path.stat().st_size for path in (folder / "documents").iterdir()}
    listed = [Document(f"d-{name}", f"s3://bucket/in/{name}", f"in/{name}", "", size) for name, size in sizes.items()]
    (folder / "shard" / "documents.jsonl").write_text(format_documents(listed))
    return root


def test_logs_metrics_and_message_hold_no_text_and_no_credentials(shard: Path) -> None:
    environment = {"OCR_ML_ROOT": str(shard), "OCR_RUN_ID": "run", "OCR_SHARD_ID": "s0", "OCR_OUTPUT_BUCKET": "results"}
    job = subprocess.run(
        [sys.executable, str(PROJECT / "job_scripts" / "process_shard.py")],
        env=os.environ | CREDENTIALS | environment | {"OCR_LOG_LEVEL": "DEBUG"},
        capture_output=True,
        check=True,
    )
    pages = ds.dataset(shard / "processing/output/pages").to_table().to_pylist()
    assert sum("Zanzibar" in page["text"] for page in pages) == 2
    told = job.stdout + job.stderr + (shard / "output/message").read_bytes()
    assert b"_aws" in told and b"4 documents" in told
    assert b"zanzibar" not in told.lower() and b"hidden" not in told.lower()
    assert "hidden" not in str(pages)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_failures_csv_is_a_formula(text: str, tmp_path: Path) -> None:
    run = Run(tmp_path, planned=[(text, text, text)], ledger=[], failures={text: text})
    options = parse_options({"input_prefix": "s3://bucket/in/"})
    failures = [{**row, "source_uri": text} for row in run.failures()]
    write_report(make_report("run", options, {"up_to_date": 0, "shards": 1}, run.evidence()), failures, tmp_path)
    with (tmp_path / "failures.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert [line[name] for name in ("document_id", "source_uri", "shard_id")] == [f"'{text}"] * 3
    assert line["error_message"].startswith(f"'{text}")


# ---- what the image is made of ---------------------------------------------------------------------------------


def test_every_python_package_of_the_image_is_locked_to_its_content() -> None:
    container = PROJECT / "container"
    for lock, fewest in (
        ("requirements.lock", 10),
        ("requirements-neural.lock", 20),
        ("tesseract/build-requirements.lock", 2),
    ):
        text = (container / lock).read_text(encoding="utf-8").replace("\\\n", " ")
        packages = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(packages) >= fewest
        assert not [line for line in packages if "==" not in line or "--hash=sha256:" not in line]
    dockerfile = (container / "Dockerfile").read_text(encoding="utf-8")
    assert "${install} --require-hashes --requirement /build/pypi.lock" in dockerfile
    built = (container / "tesseract" / "tesserocr.sh").read_text(encoding="utf-8")
    assert built.count("--require-hashes") == 2, "what tesserocr is built with, and its source"


# ---- the threat model ------------------------------------------------------------------------------------------

CITED = re.findall(r"`(tests/[\w/.]+)::(\w+)`", (PROJECT / "docs" / "security.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "name"), sorted(set(CITED)))
def test_every_test_that_the_threat_model_cites_exists(path: str, name: str) -> None:
    source = (PROJECT / path).read_text(encoding="utf-8")
    assert re.search(rf'^(def {name}\(|run "{name}")', source, re.MULTILINE)

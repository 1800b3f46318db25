"""Every kind of file is opened for what it is; one that cannot be opened has a row that says why."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pikepdf
import pytest
from PIL import ExifTags, Image

from distributed_ocr_pipeline.errors import DocumentError, ErrorClass
from distributed_ocr_pipeline.ocr.documents.media_type import media_type
from distributed_ocr_pipeline.ocr.documents.pdf import PdfSource
from distributed_ocr_pipeline.ocr.documents.source import Tools
from distributed_ocr_pipeline.records import DocumentStatus, PageStatus, Quality
from tests.support.documents import Ledger, page_picture, pdf_bytes, replaced, saved, scanned_pdf, typed_pdf


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "jp2", "tif", "avif", "heic"])
def test_every_kind_of_picture_is_read_whatever_its_name(
    suffix: str, tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    named_otherwise = saved(page_picture(), tmp_path / f"a.{suffix}").rename(tmp_path / "a.dat")
    [(result, pages)] = process([named_otherwise])
    assert (result.status, result.media_type.partition("/")[0]) == (DocumentStatus.SUCCEEDED, "image")
    assert (pages[0].text, pages[0].width_px, pages[0].height_px) == ("word page 1", 900, 300)


def test_a_header_after_junk_is_found(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Some text of its own"])
    path.write_bytes(b"junk\n" * 200 + path.read_bytes())
    [(result, pages)] = process([path], text_layer="auto")
    assert (result.status, pages[0].text) == (DocumentStatus.SUCCEEDED, "Some text of its own")


@pytest.mark.parametrize(
    "content",
    [
        b"From: a@example.org\nSubject: scan\n\nsee %PDF-1.4 attached\n",
        b"Received: by example.org\n\n%PDF-1.4\n1 0 obj\nendobj\n",
        b"Every such file begins with %PDF-1.4 and a table\n",
    ],
)
def test_what_only_speaks_of_pdf_is_none(content: bytes, tmp_path: Path, process: Callable[..., Ledger]) -> None:
    (tmp_path / "mail").write_bytes(content)
    [(result, _)] = process([tmp_path / "mail"])
    assert (result.status, result.error_class) == (DocumentStatus.SKIPPED, ErrorClass.UNSUPPORTED_TYPE)


@pytest.mark.parametrize("passwords", [(), ("one",)], ids=["without passwords", "with passwords"])
@pytest.mark.parametrize(
    "encryption",
    [
        "/Filter /FOPN_fLock /V 1 /Length 128",
        f"/Filter /Standard /V 9 /R 4 /Length 128 /P -1 /O <{'00' * 32}> /U <{'00' * 32}>",
    ],
)
def test_a_foreign_or_unknown_encryption_is_no_damage(
    encryption: str, passwords: tuple[str, ...], tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = replaced(typed_pdf(tmp_path / "a.pdf", ["Text"]), "/Root 1 0 R", f"/Root 1 0 R /Encrypt << {encryption} >>")
    [(result, _)] = process([path], passwords=passwords)
    assert (result.status, result.error_class) == (DocumentStatus.FAILED, ErrorClass.ENCRYPTED)


def _broken_documents(folder: Path) -> dict[str, Path]:
    whole = scanned_pdf(folder / "whole.pdf", 1).read_bytes()
    page_picture().save(folder / "whole.png")
    contents = {
        "empty": b"",
        "skipped": b"GIF89a" + bytes(50),
        "truncated_pdf": whole[: len(whole) // 3],
        "header_only": b"%PDF-1.4\n",
        "truncated_png": (folder / "whole.png").read_bytes()[:900],
        "lying": pdf_bytes(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 1000000000 >>"]),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.pdf").mkdir()
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("name", "status", "error_class"),
    [
        ("empty", DocumentStatus.FAILED, ErrorClass.EMPTY),
        ("skipped", DocumentStatus.SKIPPED, ErrorClass.UNSUPPORTED_TYPE),
        ("folder.pdf", DocumentStatus.SKIPPED, ErrorClass.UNSUPPORTED_TYPE),
        ("truncated_pdf", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("header_only", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("truncated_png", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("lying", DocumentStatus.FAILED, ErrorClass.CORRUPT),
        ("absent", DocumentStatus.FAILED, ErrorClass.MISSING),
    ],
)
def test_a_document_that_cannot_be_read_has_a_row_that_says_why(
    name: str,
    status: DocumentStatus,
    error_class: ErrorClass,
    tmp_path: Path,
    fake_tesseract: Callable[..., None],
    process: Callable[..., Ledger],
) -> None:
    fake_tesseract()
    (tmp_path / "documents").mkdir()
    path = _broken_documents(tmp_path / "documents").get(name, tmp_path / "absent")
    [(result, _), (after, _)] = process([path, tmp_path / "documents" / "whole.png"])
    assert (result.status, result.error_class) == (status, error_class)
    assert result.error_message
    assert after.status is DocumentStatus.SUCCEEDED


def test_a_file_over_the_limit_is_not_opened(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = scanned_pdf(tmp_path / "a.pdf", 1)
    with path.open("ab") as file:
        file.truncate(2 * 1024 * 1024)
    [(result, _)] = process([path], max_document_mb=1)
    assert (result.status, result.error_class) == (DocumentStatus.FAILED, ErrorClass.TOO_LARGE)


def test_a_file_that_needs_a_password_says_so(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = typed_pdf(tmp_path / "a.pdf", ["Secret"])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="o", user="u"))
    [(result, _)] = process([path], text_layer="auto")
    assert (result.status, result.error_class) == (DocumentStatus.FAILED, ErrorClass.ENCRYPTED)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\r\n  %PDF-1.4\n", "application/pdf"),
        (b"%PDF-\n", "application/pdf"),
        (b"%!PS-Adobe-3.0 PDF-1.3\n", "application/pdf"),
        (b"\xff\x4f\xff\x51", "image/jp2"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "image/bmp"),
        (b"MM\0+", "image/tiff"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif", "image/avif"),
    ],
)
def test_a_file_is_known_by_how_it_begins(head: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(head + bytes(99))
    assert media_type(tmp_path / "a", 1) == kind


def test_a_video_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + b"heic" * 9)
    with pytest.raises(DocumentError) as raised:
        media_type(tmp_path / "a", 1)
    assert raised.value.error_class is ErrorClass.UNSUPPORTED_TYPE


@pytest.mark.parametrize("suffix", ["avif", "heic"])
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_photo_that_ends_early_is_damaged(
    suffix: str, share: float, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = saved(page_picture(), tmp_path / f"a.{suffix}")
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
    [(result, _)] = process([path])
    assert (result.status, result.error_class) == (DocumentStatus.FAILED, ErrorClass.CORRUPT)


@pytest.mark.parametrize(
    ("behind", "error"),
    [
        (b"\0\0\x10\0mdat" + bytes(50), ErrorClass.CORRUPT),
        (b"\0\0\0\1mdat" + (5000).to_bytes(8) + bytes(50), ErrorClass.CORRUPT),
        (b"\0\0\0\1free" + bytes(60), None),
        (b"\0\0\0\0free" + bytes(50), None),
        (b"made by a phone that writes more", None),
    ],
)
def test_a_photo_of_which_a_piece_is_missing_is_damaged(
    behind: bytes, error: ErrorClass | None, tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    """Phones store a photo as tiles, of which the decoder leaves those white that are not there."""
    path = saved(page_picture(), tmp_path / "a.heic")
    path.write_bytes(path.read_bytes() + behind)
    [(result, _)] = process([path])
    assert result.error_class is error


def test_a_photo_that_has_others_beside_it_says_so(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    path = saved(page_picture(), tmp_path / "a.heic", page_picture("Another"))
    [(_, [page])] = process([path])
    assert page.text == "A page of a document"
    assert "the file holds 2 pictures" in page.note


def test_a_jpeg_of_which_rows_are_missing_is_doubtful(
    tmp_path: Path, fake_tesseract: Callable[..., None], process: Callable[..., Ledger]
) -> None:
    fake_tesseract()
    path = saved(page_picture(), tmp_path / "a.jpg")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    [(_, [page])] = process([path])
    assert page.text and page.quality is not Quality.GOOD and "incomplete" in page.note


def test_a_jpeg_with_a_mark_of_its_end_and_no_picture_is_corrupt(
    tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = saved(page_picture(), tmp_path / "a.jpg")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\xff\xda") + 10] + b"\xff\xd9")
    [(_, [page])] = process([path])
    assert (page.status, page.error_class) == (PageStatus.FAILED, ErrorClass.CORRUPT)


def test_a_photo_is_read_as_it_was_held(tmp_path: Path, process: Callable[..., Ledger]) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = saved(page_picture().rotate(90, expand=True), tmp_path / "a.heic", exif=exif.tobytes())
    [(_, [page])] = process([path])
    assert (page.text, page.width_px, page.height_px) == ("A page of a document", 900, 300)


def test_a_name_that_no_file_can_have_is_missing() -> None:
    with pytest.raises(DocumentError) as raised:
        media_type(Path("a\0b"), 1)
    assert raised.value.error_class is ErrorClass.MISSING


def locked(path: Path, password: str, revision: Literal[3, 4, 6] = 6) -> Path:
    """The file, which `password` opens."""
    modern = revision > 3
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(encryption=pikepdf.Encryption(owner="owner's", user=password, R=revision, aes=modern, metadata=modern))
    return path


@pytest.mark.parametrize("revision", [3, 4, 6])
def test_a_password_that_is_known_opens_a_pdf_and_leaves_no_copy(
    revision: Literal[3, 4, 6], tmp_path: Path, process: Callable[..., Ledger]
) -> None:
    path = locked(typed_pdf(tmp_path / "a.pdf", ["Some text of its own"]), "geheim mit Umlaut ä", revision)
    before = path.read_bytes()
    [(result, pages)] = process([path], text_layer="auto", passwords=["not this", "geheim mit Umlaut ä"])
    assert (result.status, pages[0].text) == (DocumentStatus.SUCCEEDED, "Some text of its own")
    assert path.read_bytes() == before


def test_a_pdf_that_no_password_opens_says_how_many_were_tried_and_none_of_them(
    tmp_path: Path, process: Callable[..., Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = locked(typed_pdf(tmp_path / "a.pdf", ["Some text"]), "right")
    [(result, pages)] = process([path], passwords=["wrong-one", "wrong-two"])
    assert (result.error_class, pages) == (ErrorClass.ENCRYPTED, [])
    assert result.error_message == "A password is needed to open the file. None of 2 passwords does."
    assert "wrong" not in caplog.text


def test_no_program_has_a_password_as_an_argument(
    tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []
    real = subprocess.Popen.__init__

    def recorded(self: Any, command: Any, *args: Any, **kwargs: Any) -> None:
        commands.append(repr((command, kwargs.get("env"))))
        real(self, command, *args, **kwargs)

    monkeypatch.setattr(subprocess.Popen, "__init__", recorded)
    path = locked(typed_pdf(tmp_path / "a.pdf", ["Some text of its own"]), "s3cr3t-w0rd")
    [(result, _)] = process([path], text_layer="auto", passwords=["s3cr3t-w0rd"])
    assert result.status is DocumentStatus.SUCCEEDED and commands
    assert "s3cr3t" not in "".join(commands)


def recorded_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the files that become a `PdfSource`."""
    sizes: list[int] = []
    real = PdfSource.__init__

    def record(self: PdfSource, path: Path, tools: Tools) -> None:
        sizes.append(path.stat().st_size)
        real(self, path, tools)

    monkeypatch.setattr(PdfSource, "__init__", record)
    return sizes


def test_the_zeros_of_a_download_that_broke_off_are_not_searched(
    tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = recorded_sizes(monkeypatch)
    (tmp_path / "nothing.pdf").write_bytes(b"%PDF-1.4\n")
    whole = typed_pdf(tmp_path / "whole.pdf", ["Some text of its own"])
    written = [9, whole.stat().st_size]
    for path in (tmp_path / "nothing.pdf", whole):
        os.truncate(path, 1024**3)
    [(nothing, _), (found, pages)] = process([tmp_path / "nothing.pdf", whole], text_layer="auto")
    assert sorted(sizes) == sorted(written)
    assert (nothing.status, nothing.error_class) == (DocumentStatus.FAILED, ErrorClass.CORRUPT)
    assert (found.status, pages[0].text) == (DocumentStatus.SUCCEEDED, "Some text of its own")
    assert whole.stat().st_size == 1024**3


@pytest.mark.parametrize("zeros", [1000, 3 * 1024**2])
def test_a_pdf_that_is_more_than_the_zeros_after_it_is_read_where_it_is(
    zeros: int, tmp_path: Path, process: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = recorded_sizes(monkeypatch)
    path = typed_pdf(tmp_path / "a.pdf", ["Some text of its own"])
    if zeros > 1000:
        with path.open("ab") as file:
            file.write(b"%" * zeros)
    size = path.stat().st_size + zeros
    os.truncate(path, size)
    [(result, _)] = process([path], text_layer="auto")
    assert result.status is DocumentStatus.SUCCEEDED and sizes == [size]

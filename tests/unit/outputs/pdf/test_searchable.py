"""Searchable PDFs: they look as before, their text is where the print is, and says what was read."""

import io
import math
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageChops, ImageOps, ImageStat

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.outputs.pdf.text_layer import Letters
from distributed_ocr_pipeline.records import TextSource, Word
from examples.pages import prose
from tests.support.documents import saved, typed_pdf
from tests.support.outputs import (
    DPI,
    LINES,
    SIZE,
    Boxes,
    drawn_page,
    page_of,
    poppler_text,
    poppler_words,
    rendered,
    searchable,
)

TOLERANCE = 2.0  # points
POINTS = 72 / DPI


def scan(path: Path, image: Image.Image) -> Path:
    image.save(path, format="PDF", resolution=DPI)
    return path


def edited(path: Path) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        yield pdf
        pdf.save(path)


def line_boxes(words: tuple[Word, ...]) -> Boxes:
    """Where words should be found: as wide as their ink, as high as that of their line; in points."""
    boxes: Boxes = []
    for word in words:
        line = [other for other in words if other.line == word.line]
        top, bottom = min(other.top for other in line), max(other.top + other.height for other in line)
        edges = (word.left, top, word.left + word.width, bottom)
        boxes.append((word.text, tuple(edge * POINTS for edge in edges)))
    return boxes


def assert_alike(found: Boxes, expected: Boxes) -> None:
    assert [text for text, _ in found] == [text for text, _ in expected]
    far = [
        (text, box, other)
        for (text, box), (_, other) in zip(found, expected)
        if max(abs(one - two) for one, two in zip(box, other)) > TOLERANCE
    ]
    assert not far


@pytest.fixture(name="original")
def fixture_original(tmp_path: Path) -> Path:
    return scan(tmp_path / "original.pdf", drawn_page()[0])


def test_words_are_found_where_they_are_printed(original: Path, tmp_path: Path) -> None:
    words = drawn_page()[1]
    made = searchable(original, tmp_path / "made.pdf", page_of(words))
    assert_alike(poppler_words(made), line_boxes(words))
    assert [line for line in poppler_text(made).splitlines() if line.strip()] == list(LINES)


def test_the_page_looks_as_before_and_its_picture_is_the_same(original: Path, tmp_path: Path) -> None:
    made = searchable(original, tmp_path / "made.pdf", page_of(drawn_page()[1]))
    assert rendered(made) == rendered(original)
    with pikepdf.open(original) as before, pikepdf.open(made) as after:
        pictures = [next(iter(pdf.pages[0].resources.XObject.values())).read_raw_bytes() for pdf in (before, after)]
        assert pictures[0] == pictures[1] and after.check_pdf_syntax() == []
        assert b"3 Tr" in after.pages[0].Contents[0].read_bytes()  # a viewer may show another font


def test_a_page_of_500_words_adds_less_than_5_kb_and_the_font_less_than_2(tmp_path: Path) -> None:
    added = []
    for count in (1, 2):
        drawn = [drawn_page(full_page(number), (3300, 5200)) for number in range(count)]
        original, images = tmp_path / "original.pdf", [image for image, _ in drawn]
        images[0].save(original, format="PDF", resolution=DPI, save_all=True, append_images=images[1:])
        pages = [page_of(words, (3300, 5200), page_number=at) for at, (_, words) in enumerate(drawn, start=1)]
        assert all(page.word_count == 500 for page in pages)
        made = searchable(original, tmp_path / "made.pdf", *pages)
        added.append(made.stat().st_size - original.stat().st_size)
    page = added[1] - added[0]
    assert page < 5000 and added[0] - page < 2000


def full_page(seed: int) -> list[str]:
    """500 words of prose, in lines of ten."""
    words = " ".join(prose(seed, 40)).split()
    return [" ".join(words[start : start + 10]) for start in range(0, 500, 10)]


@pytest.mark.parametrize("gap", [-2, 0, 1])
def test_words_whose_boxes_touch_are_still_two(gap: int, original: Path, tmp_path: Path) -> None:
    words = [Word("were", 100, 100, 67, 24, 90.0, 1), Word("a", 167 + gap, 90, 14, 34, 90.0, 1)]
    made = searchable(original, tmp_path / "made.pdf", page_of(words))
    assert poppler_text(made).strip() == "were a"
    assert [text for text, _ in poppler_words(made)] == ["were", "a"]


def test_a_rule_that_was_read_as_a_letter_makes_no_other_word_higher(original: Path, tmp_path: Path) -> None:
    level = [
        Word("one", 100, 300, 80, 30, 90.0, 1),
        Word("two", 220, 305, 80, 25, 90.0, 1),
        Word("three", 340, 300, 80, 30, 90.0, 1),
    ]
    found = poppler_words(
        searchable(original, tmp_path / "made.pdf", page_of([*level, Word("|", 460, 200, 8, 200, 9.0, 1)]))
    )
    heights = [(text, round((box[3] - box[1]) / POINTS)) for text, box in found]
    assert heights == [("one", 30), ("two", 30), ("three", 30), ("|", 200)]


def test_words_of_a_line_that_runs_upwards_have_their_own_height(original: Path, tmp_path: Path) -> None:
    words = [Word(text, 300, 500 - 120 * place, 80, 30, 90.0, 1) for place, text in enumerate(("up", "and", "on"))]
    found = poppler_words(searchable(original, tmp_path / "made.pdf", page_of(words)))
    assert {text: round(box[1] / POINTS) for text, box in found} == {"up": 500, "and": 380, "on": 260}


def test_letters_that_have_no_code_left_are_unknown_and_the_others_stay() -> None:
    letters = Letters()
    many = [chr(code) for code in range(0x20000, 0x20000 + 65_533)]
    assert letters.encode([many[-1], *many[:-1]])[:2] == b"\x00\x03" and len(letters.all()) == 65_535
    assert letters.encode(["a", "\ufffd", many[-1]]) == b"\x00\x02\x00\x02\x00\x03"
    assert len(letters.all()) == 65_535


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_on_a_page_with_a_turn_of_its_own(turn: int, original: Path, tmp_path: Path) -> None:
    image, words = drawn_page()
    scan(original, image.rotate(turn, expand=True))
    for pdf in edited(original):
        pdf.pages[0].Rotate = turn
    assert_alike(poppler_words(searchable(original, tmp_path / "made.pdf", page_of(words))), line_boxes(words))


def test_a_crop_box_is_the_page_that_was_read(original: Path, tmp_path: Path) -> None:
    words = drawn_page()[1]
    left, bottom, cut = 10.0, 30.0, (SIZE[0] - 100, SIZE[1] - 100)
    for pdf in edited(original):
        pdf.pages[0].CropBox = Array([left, bottom, left + cut[0] * POINTS, bottom + cut[1] * POINTS])
    right, down = round(left / POINTS), SIZE[1] - cut[1] - round(bottom / POINTS)  # of the crop box on the media box
    shown = tuple(
        Word(word.text, word.left - right, word.top - down, word.width, word.height, 95.0, word.line) for word in words
    )
    made = searchable(original, tmp_path / "made.pdf", page_of(shown, cut))
    found = poppler_words(made)
    assert [text for text, _ in found] == " ".join(LINES).split()
    for pdf in edited(made):  # Poppler counts from the media box
        del pdf.pages[0].CropBox
    assert_alike(poppler_words(made), line_boxes(words))


def test_a_crop_box_beside_the_page_cuts_nothing(original: Path, tmp_path: Path) -> None:
    words = drawn_page()[1]
    for pdf in edited(original):
        pdf.pages[0].CropBox = Array([1000, 1000, 1100, 1100])
    made = searchable(original, tmp_path / "made.pdf", page_of(words))
    for pdf in edited(made):
        del pdf.pages[0].CropBox
    assert_alike(poppler_words(made), line_boxes(words))


def moved(words: tuple[Word, ...], size: tuple[int, int]) -> list[Word]:
    """Words of a page that lies in the middle of a larger one."""
    right, down = (size[0] - SIZE[0]) // 2, (size[1] - SIZE[1]) // 2
    return [replace(word, left=word.left + right, top=word.top + down) for word in words]


def turned_middle(box: tuple[float, ...], clockwise: float, size: tuple[int, int]) -> tuple[float, float]:
    """Where the middle of a box of the page is on its picture turned by degrees, which has a size in pixels."""
    angle = math.radians(clockwise)
    x, y = (box[0] + box[2] - SIZE[0] * POINTS) / 2, (box[1] + box[3] - SIZE[1] * POINTS) / 2
    turned = (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))
    return turned[0] + size[0] * POINTS / 2, turned[1] + size[1] * POINTS / 2


@pytest.mark.parametrize(("quarter", "skew"), [(90, 0.0), (180, 0.0), (270, 0.0), (0, 2.0), (0, -3.5), (180, 1.5)])
def test_pages_that_were_turned_or_straightened_to_be_read(
    quarter: int, skew: float, original: Path, tmp_path: Path
) -> None:
    upright, words = drawn_page()
    crooked = upright.rotate(quarter - skew, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    scan(original, crooked)
    size = crooked.rotate(-quarter, expand=True).rotate(skew, expand=True).size
    page = page_of(moved(words, size), size, rotation_degrees=quarter - skew)
    found = dict(poppler_words(searchable(original, tmp_path / "made.pdf", page)))
    for text, box in line_boxes(words):
        expected = turned_middle(box, skew - quarter, crooked.size)
        actual = (found[text][0] + found[text][2]) / 2, (found[text][1] + found[text][3]) / 2
        assert math.dist(expected, actual) < TOLERANCE, text
    lines = [line for line in poppler_text(tmp_path / "made.pdf").splitlines() if line.strip()]
    assert sorted(lines) == sorted(LINES)  # Poppler's order is of its own, where print lies on its side


@pytest.mark.parametrize(
    "text",
    [
        "Größe naïve Œuvre",
        "Ελληνικά кириллица",
        "e\u0301te\u0301 a\u0308\u0323",
        "שלום עולם",
        "السلام عليكم",
        "العدد 2024 هنا",
        "हिन्दी में",
        "emoji 😀 𝔘𝔫𝔦",
        "(a) 50% <x> \\y",
    ],
)
def test_every_script_comes_back_as_it_was_read(text: str, original: Path, tmp_path: Path) -> None:
    right_to_left = unicodedata.bidirectional(text[0]) in ("R", "AL")
    printed = list(reversed(text.split())) if right_to_left else text.split()
    left, words = 100, []
    for word in printed:
        words.append(Word(word, left, 100, 25 * len(word), 40, 90.0, 1))
        left += 25 * len(word) + 14
    made = searchable(original, tmp_path / "made.pdf", page_of(words[:: -1 if right_to_left else 1]))
    found = poppler_text(made).translate(dict.fromkeys(map(ord, "\u202a\u202b\u202c\u200e\u200f")))
    assert "".join(found.split()) == "".join(text.split())
    edges = sorted((box[0], box[2]) for _, box in poppler_words(made))
    expected = [(word.left * POINTS, (word.left + word.width) * POINTS) for word in words]
    assert len(edges) == len(expected)
    assert all(pytest.approx(sides, abs=TOLERANCE) == found_sides for sides, found_sides in zip(expected, edges))


def test_characters_of_chinese_are_found_without_blanks(original: Path, tmp_path: Path) -> None:
    words = [Word(char, 100 + 45 * place, 100, 42, 42, 90.0, 1) for place, char in enumerate("漢字かな交じり文")]
    assert poppler_text(searchable(original, tmp_path / "made.pdf", page_of(words))).strip() == "漢字かな交じり文"


def test_what_is_not_unicode_spoils_nothing_else(original: Path, tmp_path: Path) -> None:
    words = [Word("a\ud800\x00b", 100, 100, 90, 40, 90.0, 1), Word("c", 300, 100, 20, 40, 90.0, 1)]
    made = searchable(original, tmp_path / "made.pdf", page_of(words))
    assert poppler_text(made).split()[-1] == "c" and rendered(made) == rendered(original)


def test_everything_else_of_the_file_stays(original: Path, tmp_path: Path) -> None:
    for pdf in edited(original):
        pdf.docinfo[Name.Title] = "A title"
        pdf.attachments["note.txt"] = b"attached"
        pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r)]))
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=Dictionary(S=Name.URI))
        pdf.pages[0].Annots = Array([pdf.make_indirect(link)])
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Chapter", 0))
    made = searchable(original, tmp_path / "made.pdf", page_of(drawn_page()[1]))
    with pikepdf.open(made) as pdf:
        assert (
            pdf.docinfo[Name.Title] == "A title" and pdf.attachments["note.txt"].get_file().read_bytes() == b"attached"
        )
        assert pdf.Root.PageLabels.Nums[1].S == "/r" and pdf.pages[0].Annots[0].Subtype == "/Link"
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Chapter"]


def test_what_the_owner_of_a_file_forbids_stays_forbidden(original: Path, tmp_path: Path) -> None:
    forbidding = pikepdf.Encryption(owner="secret", user="", allow=pikepdf.Permissions(modify_other=False))
    with pikepdf.open(original, allow_overwriting_input=True) as pdf:
        pdf.save(original, encryption=forbidding)
    made = searchable(original, tmp_path / "made.pdf", page_of(drawn_page()[1]))
    assert poppler_text(made).split() == " ".join(LINES).split() and rendered(made) == rendered(original)
    with pikepdf.open(made) as pdf:
        assert pdf.is_encrypted and not pdf.allow.modify_other and pdf.allow.extract


def test_a_page_with_trusted_text_is_left_alone(tmp_path: Path) -> None:
    original = typed_pdf(tmp_path / "typed.pdf", ["Its own words"])
    words = [Word("Its", 1, 2, 3, 4, 100.0, 1)]
    made = searchable(original, tmp_path / "made.pdf", page_of(words, text_source=TextSource.TEXT_LAYER))
    assert poppler_text(made).strip() == "Its own words"
    with pikepdf.open(made) as pdf:
        assert list(pdf.pages[0].resources.Font.keys()) == ["/F1"]


def test_beside_trusted_text_only_what_was_read_is_added(tmp_path: Path) -> None:
    original = typed_pdf(tmp_path / "typed.pdf", ["Its own words"])
    words = [Word("Its", 72, 70, 30, 20, 100.0, 1), Word("stamp", 100, 400, 90, 20, 88.0, 2)]
    page = page_of(words, (612, 792), text_source=TextSource.MIXED)
    assert poppler_text(searchable(original, tmp_path / "made.pdf", page)).split() == ["Its", "own", "words", "stamp"]


def test_text_that_was_hidden_and_not_trusted_is_replaced(original: Path, tmp_path: Path) -> None:
    image, words = drawn_page()
    garbage = [Word("ḡ@rb", word.left, word.top, word.width, word.height, 1.0, word.line) for word in words]
    first = searchable(original, tmp_path / "first.pdf", page_of(garbage))
    made = searchable(first, tmp_path / "made.pdf", page_of(words))
    assert poppler_text(made).split() == " ".join(LINES).split()
    assert rendered(made) == rendered(scan(original, image))


def test_where_hidden_text_lies_beside_drawn_text_both_stay(original: Path, tmp_path: Path) -> None:
    words = drawn_page()[1]
    first = searchable(original, tmp_path / "first.pdf", page_of(words))
    for pdf in edited(first):
        helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        pdf.pages[0].add_resource(helvetica, Name.Font, Name.Drawn)
        pdf.pages[0].contents_add(b"BT 0 Tr /Drawn 20 Tf 50 20 Td (Drawn) Tj ET", prepend=False)
    made = searchable(first, tmp_path / "made.pdf", page_of(words))
    assert text_commands(made) == 2 * len(words) + 1 and "Drawn" in poppler_text(made)
    assert rendered(made) == rendered(first) != rendered(original)


def test_a_page_that_has_such_text_already_keeps_the_font_of_it(original: Path, tmp_path: Path) -> None:
    first = searchable(original, tmp_path / "first.pdf", page_of(drawn_page()[1]))
    stamp = page_of([Word("stamp", 100, 700, 120, 30, 88.0, 1)], text_source=TextSource.MIXED)
    made = searchable(first, tmp_path / "made.pdf", stamp)
    assert sorted(poppler_text(made).split()) == sorted([*" ".join(LINES).split(), "stamp"])


def text_commands(path: Path) -> int:
    """How often a page and the forms that it draws write text."""
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0]
        drawn = [str(command.operands[0]) for command in pikepdf.parse_content_stream(page, "Do")]
        forms = [form for name, form in page.resources.XObject.items() if name in drawn and Name.BBox in form]
        written = [
            pikepdf.parse_content_stream(page, "Tj"),
            *(pikepdf.parse_content_stream(form, "Tj") for form in forms),
        ]
        return sum(map(len, written))


@pytest.mark.parametrize(("more", "copies"), [(b"", 1), (b" 0 0 9 9 re f", 2), (b" BT 0 Tr ET", 1)])
def test_hidden_text_in_a_form_of_its_own_is_replaced_too(
    more: bytes, copies: int, original: Path, tmp_path: Path
) -> None:
    words = drawn_page()[1]
    first = searchable(original, tmp_path / "first.pdf", page_of(words))
    for pdf in edited(first):
        page = pdf.pages[0]
        form = pdf.make_stream(page.Contents[0].read_bytes() + more)
        form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, page.MediaBox
        form.Resources = Dictionary(Font=page.Resources.Font)
        page.Contents = Array([page.Contents[1]])
        page.add_resource(form, Name.XObject, Name.Hidden)
        page.contents_add(b"/Hidden Do", prepend=False)
    made = searchable(first, tmp_path / "made.pdf", page_of(words))
    assert sorted(poppler_text(first).split()) == sorted(" ".join(LINES).split())
    assert text_commands(made) == copies * len(words) and rendered(made) == rendered(first)


def test_commands_that_leave_a_turned_space_behind_do_not_turn_the_text(original: Path, tmp_path: Path) -> None:
    words = drawn_page()[1]
    for pdf in edited(original):
        pdf.pages[0].contents_add(b"q 0 2 -2 0 5 5 cm", prepend=False)
    assert_alike(poppler_words(searchable(original, tmp_path / "made.pdf", page_of(words))), line_boxes(words))


def test_pages_that_share_their_fonts_and_inherit_them(tmp_path: Path) -> None:
    original = typed_pdf(tmp_path / "typed.pdf", ["one", "two"])
    for pdf in edited(original):
        resources = pdf.make_indirect(pdf.pages[0].Resources)
        for page in pdf.pages:
            del page.obj[Name.Resources]
        pdf.Root.Pages.Resources = resources
    pages = [page_of([Word("read", 100, 400, 80, 20, 88.0, 1)], (612, 792), page_number=number) for number in (1, 2)]
    made = searchable(original, tmp_path / "made.pdf", *pages)
    assert poppler_text(made).split() == ["one", "read", "two", "read"]
    assert rendered(made) == rendered(original)


@pytest.mark.parametrize(
    ("media_type", "options"),
    [
        ("image/png", {}),
        ("image/jpeg", {"quality": 70}),
        ("image/tiff", {"compression": "group4"}),
        ("image/webp", {"lossless": True}),
        ("image/bmp", {}),
    ],
)
def test_a_picture_becomes_a_pdf_without_loss(media_type: str, options: dict[str, object], tmp_path: Path) -> None:
    image, words = drawn_page()
    original = tmp_path / "picture"
    kept = image.convert("1") if media_type == "image/tiff" else image
    kept.save(original, format=media_type.partition("/")[2].upper(), dpi=(DPI, DPI), **options)
    made = searchable(original, tmp_path / "made.pdf", page_of(words), media_type=media_type)
    assert poppler_text(made).split() == " ".join(LINES).split()
    with pikepdf.open(made) as pdf, Image.open(original) as before:
        [picture] = pdf.pages[0].get_images().values()
        assert isinstance(picture, pikepdf.Stream)
        assert pikepdf.PdfImage(picture).as_pil_image().convert("L").tobytes() == before.convert("L").tobytes()


@pytest.mark.parametrize("suffix", ["avif", "heic"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_photo_lies_upright_under_its_words(suffix: str, turned: bool, tmp_path: Path) -> None:
    image, words = drawn_page()
    held = image.rotate(90, expand=True) if turned else image
    original = saved(held, tmp_path / f"photo.{suffix}", exif=exif(6 if turned else 1).tobytes())
    made = searchable(original, tmp_path / "made.pdf", page_of(words), media_type=f"image/{suffix}")
    grown = DPI / 96  # img2pdf's resolution of pictures that claim none
    assert_alike(
        poppler_words(made),
        [(text, (box[0] * grown, box[1] * grown, box[2] * grown, box[3] * grown)) for text, box in line_boxes(words)],
    )
    drawn = Image.open(io.BytesIO(rendered(made))).convert("L")
    assert ImageStat.Stat(ImageChops.difference(drawn, image.resize(drawn.size))).mean[0] < 5


@pytest.mark.parametrize("bits", [8, 16])
def test_a_picture_with_transparent_parts_lies_on_white(
    bits: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image, words = drawn_page()
    original = tmp_path / "picture.png"
    alpha = ImageOps.invert(image).rotate(90, expand=True)
    if bits == 8:
        Image.merge("LA", (Image.new("L", alpha.size), alpha)).save(original, exif=exif(6), dpi=(DPI, DPI))
    else:
        original.write_bytes(png_of_16_bits(alpha, exif(6)))
    made = searchable(original, tmp_path / "made.pdf", page_of(words), media_type="image/png")
    assert_alike(poppler_words(made), line_boxes(words))
    assert Image.open(io.BytesIO(rendered(made))).getpixel((0, 0)) == (255, 255, 255)
    assert not caplog.records


def png_of_16_bits(alpha: Image.Image, tags: Image.Exif) -> bytes:
    """Black ink of an opacity, with 16 bits a channel, which Pillow does not write."""
    samples = b"".join(bytes((0, 0, value, value)) for value in alpha.tobytes())
    width, height = alpha.size
    rows = b"".join(b"\0" + samples[4 * width * row : 4 * width * (row + 1)] for row in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 4, 0, 0, 0)),
        (b"pHYs", struct.pack(">IIB", round(DPI / 0.0254), round(DPI / 0.0254), 1)),
        (b"eXIf", tags.tobytes().removeprefix(b"Exif\0\0")),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def exif(orientation: int) -> Image.Exif:
    """What a camera says of how a picture is to be shown: 6 means turned clockwise, 0 means nothing."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


@pytest.mark.parametrize(("orientation", "turn"), [(6, 90), (0, 0)])
def test_a_photo_that_its_camera_turned(orientation: int, turn: int, tmp_path: Path) -> None:
    image, words = drawn_page()
    original = tmp_path / "photo.jpg"
    image.rotate(turn, expand=True).save(original, exif=exif(orientation), dpi=(DPI, DPI), quality=90)
    made = searchable(original, tmp_path / "made.pdf", page_of(words), media_type="image/jpeg")
    assert_alike(poppler_words(made), line_boxes(words))


def test_each_frame_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    original, (image, words) = tmp_path / "fax.tif", drawn_page()
    image.save(original, format="TIFF", dpi=(DPI, DPI), save_all=True, append_images=[image])
    pages = [page_of(words, page_number=number) for number in (1, 2)]
    made = searchable(original, tmp_path / "made.pdf", *pages, media_type="image/tiff")
    assert poppler_text(made).split() == " ".join(LINES * 2).split()


@pytest.mark.parametrize("media_type", ["application/pdf", "image/png", "image/tiff"])
def test_a_damaged_document_is_said_to_be_one(media_type: str, tmp_path: Path) -> None:
    original = tmp_path / "damaged"
    original.write_bytes(b"%PDF-1.4 or not")
    with pytest.raises(BadInput, match="cannot be") as error:
        searchable(original, tmp_path / "made.pdf", page_of(drawn_page()[1]), media_type=media_type)
    assert "stream" not in str(error.value)


def test_a_pdf_that_cannot_be_opened_without_a_password_is_said_to_need_one(original: Path, tmp_path: Path) -> None:
    with pikepdf.open(original, allow_overwriting_input=True) as pdf:
        pdf.save(original, encryption=pikepdf.Encryption(owner="secret", user="secret"))
    with pytest.raises(BadInput, match="password is needed .* searchable PDFs are not made of such"):
        searchable(original, tmp_path / "made.pdf", page_of(drawn_page()[1]))


def test_a_document_with_fewer_pages_than_were_read_is_another(original: Path, tmp_path: Path) -> None:
    page = page_of(drawn_page()[1])
    with pytest.raises(BadInput, match="has 1 page, and 2 were read"):
        searchable(original, tmp_path / "made.pdf", page, page)


def test_a_page_without_area_is_named(original: Path, tmp_path: Path) -> None:
    for pdf in edited(original):
        pdf.pages[0].MediaBox = Array([0, 0, 0, 5])
    with pytest.raises(BadInput, match="Page 1 of the PDF has no area"):
        searchable(original, tmp_path / "made.pdf", page_of(drawn_page()[1]))


def test_without_boxes_the_option_is_named(original: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="searchable_pdf needs to know where words stand.*--words"):
        searchable(original, tmp_path / "made.pdf", page_of((), text="some"))


def test_the_glyphs_of_the_font_are_empty_and_as_wide_as_the_pdf_says(original: Path, tmp_path: Path) -> None:
    from fontTools.ttLib import TTFont  # pylint: disable=import-outside-toplevel  # for this test alone

    from distributed_ocr_pipeline.outputs.pdf import font  # pylint: disable=import-outside-toplevel

    program = TTFont(io.BytesIO(Path(font.__file__).with_name("glyphless.ttf").read_bytes()))
    widths = {name: width for name, (width, _) in program["hmtx"].metrics.items()}
    assert widths == {".notdef": font.LETTER_WIDTH, "glyph00001": font.LETTER_WIDTH, "glyph00002": font.BLANK_WIDTH}
    assert all(program["glyf"][name].numberOfContours == 0 for name in widths)
    with pikepdf.open(searchable(original, tmp_path / "made.pdf", page_of(drawn_page()[1]))) as pdf:
        said = pdf.pages[0].resources.Font.OCRText1.DescendantFonts[0]
        assert said.DW == font.LETTER_WIDTH and said.W == Array([font.BLANK, Array([font.BLANK_WIDTH])])

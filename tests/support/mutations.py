"""Damaged documents without end: whole files, each changed in one way of many, and always the same for a seed."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image

from tests.support.bases import Base, bases

_NUMBERS = (
    *("0", "1", "2", "-1", "99", "14401", "65535", "1000000", "2147483647", "2147483648", "-2147483648"),
    *("4294967296", "99999999999", "18446744073709551616", "0.00001", "-0.5", "1e9", "--1", ".", "9" * 400),
)
_SIZES = (0, 1, 2, 7, 255, 3000, 20_000, 32_767, 32_768, 65_535, 1_000_000, 2**31 - 1, 2**31, 2**32 - 1)
_NUMBER = rb"-?\d+(?:\.\d+)?"
_NAME = rb"/[A-Za-z]\w*"
_REFERENCE = rb"\b\d+ \d+ R\b"
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_TIFF_ORDERS = {b"II": "<", b"MM": ">"}


@dataclass(frozen=True)
class Case:
    """What a mutation works with: a whole file, another one, and all its choices."""

    content: bytes
    donor: bytes
    random: Random

    def place(self) -> int:
        """Some offset into the file."""
        return self.random.randrange(len(self.content))

    def span(self, share: float = 0.3) -> tuple[int, int]:
        """Where some part of the file begins and ends; short parts are likelier."""
        start = self.place()
        return start, start + 1 + round(len(self.content) * share * self.random.random() ** 3)

    def with_one(self, pattern: bytes, change: Callable[[bytes], bytes]) -> bytes:
        """The file with one match of a pattern changed; with a bit flipped if there is none."""
        found = list(re.finditer(pattern, self.content))
        if not found:
            return bits_flipped(self)
        match = self.random.choice(found)
        return self.content[: match.start()] + change(match.group()) + self.content[match.end() :]

    def number(self) -> bytes:
        """A number that nobody expects."""
        return self.random.choice(_NUMBERS).encode()


Mutation = Callable[[Case], bytes]

# ---- of any file ---------------------------------------------------------------------------------------------


def bits_flipped(case: Case) -> bytes:
    """One bit to a few dozen."""
    changed = bytearray(case.content)
    for _ in range(2 ** case.random.randrange(6)):
        changed[case.place()] ^= 1 << case.random.randrange(8)
    return bytes(changed)


def head_flipped(case: Case) -> bytes:
    """A few bits where headers are."""
    changed = bytearray(case.content)
    for _ in range(case.random.randint(1, 4)):
        changed[case.random.randrange(min(len(changed), 300))] ^= 1 << case.random.randrange(8)
    return bytes(changed)


def overwritten(case: Case) -> bytes:
    """A part replaced by noise, or by one byte again and again."""
    start, end = case.span()
    size = len(case.content[start:end])
    noise = case.random.randbytes(size) if case.random.random() < 0.5 else case.random.randbytes(1) * size
    return case.content[:start] + noise + case.content[end:]


def truncated(case: Case) -> bytes:
    """The end is missing."""
    return case.content[: case.place()]


def beheaded(case: Case) -> bytes:
    """The beginning is missing."""
    return case.content[round(case.place() * case.random.random() ** 3) :]


def chunk_deleted(case: Case) -> bytes:
    """A part is missing."""
    start, end = case.span()
    return case.content[:start] + case.content[end:]


def chunk_repeated(case: Case) -> bytes:
    """A part stands there up to a hundred times."""
    start, end = case.span(share=0.1)
    times = case.random.choice((2, 3, 10, 100))
    return case.content[:start] + case.content[start:end] * times + case.content[end:]


def chunks_swapped(case: Case) -> bytes:
    """Two neighbouring parts, the wrong way round."""
    first, second, third = sorted(case.place() for _ in range(3))
    content = case.content
    return content[:first] + content[second:third] + content[first:second] + content[third:]


def chunk_of_another(case: Case) -> bytes:
    """A part from another file, in place of one of the same size."""
    start, end = case.span()
    other = case.random.randrange(len(case.donor))
    return case.content[:start] + case.donor[other : other + end - start] + case.content[end:]


def tail_of_another(case: Case) -> bytes:
    """Two files cut through, one's head on the other's tail."""
    return case.content[: case.place()] + case.donor[case.random.randrange(len(case.donor)) :]


def whole_other_added(case: Case) -> bytes:
    """Another file after the end, or before the beginning."""
    return case.content + case.donor if case.random.random() < 0.7 else case.donor + case.content


def line_ends_changed(case: Case) -> bytes:
    """Taken for text on the way."""
    if case.random.random() < 0.5:
        return case.content.replace(b"\n", b"\r\n")
    return case.content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def eighth_bit_lost(case: Case) -> bytes:
    """From some place on."""
    start = case.place()
    return case.content[:start] + bytes(byte & 0x7F for byte in case.content[start:])


# ---- of a PDF ------------------------------------------------------------------------------------------------


def any_number(case: Case) -> bytes:
    """In a dictionary, a table of offsets, or a stream."""
    return case.with_one(_NUMBER, lambda _: case.number())


def same_width_number(case: Case) -> bytes:
    """As `any_number`, but nothing moves: the table of offsets stays right."""
    return case.with_one(_NUMBER, lambda old: case.random.choice((b"9", b"0", b"1", b"-")).ljust(len(old), b"9"))


def count(case: Case) -> bytes:
    """How many pages there are."""
    return case.with_one(rb"/(Count|N|Size) " + _NUMBER, lambda old: old.split()[0] + b" " + case.number())


def length(case: Case) -> bytes:
    """How long a stream is, or a part of one."""
    key = rb"/(Length1?|First|DL|Columns|Predictor|Colors|K|BlackIs1|Rows) "
    return case.with_one(key + _NUMBER, lambda old: old.split()[0] + b" " + case.number())


def box(case: Case) -> bytes:
    """How large a page is, or a form, a tile or a letter."""
    numbers = [case.random.choice((b"0", b"10", b"200", case.number())) for _ in range(4)]
    return case.with_one(rb"Box ?\[[^\]]*\]", lambda _: b"Box [" + b" ".join(numbers) + b"]")


def placement(case: Case) -> bytes:
    """Where text and pictures go, and how large they are."""
    pattern = rb"(?:" + _NUMBER + rb" ){1,6}(?:Tf|Tm|Td|TL|cm|re|w)\b"
    return case.with_one(pattern, lambda old: re.sub(_NUMBER, lambda _: case.number(), old, count=2))


def picture_size(case: Case) -> bytes:
    """How large a picture in a PDF says it is."""
    key = rb"/(Width|Height|BitsPerComponent|XStep|YStep) "
    return case.with_one(key + _NUMBER, lambda old: old.split()[0] + b" " + case.number())


def rotation(case: Case) -> bytes:
    """A page that is turned, by something that is no quarter, or whose unit is not a point."""
    key = case.random.choice((b"/Rotate", b"/UserUnit"))
    return case.with_one(rb"/Type /Page\b", lambda old: old + b" " + key + b" " + case.number())


def reference(case: Case) -> bytes:
    """To another object: a page may be its own parent, a form draw itself, a length be a font."""
    return case.with_one(_REFERENCE, lambda _: b"%d 0 R" % case.random.randrange(15))


def kids_loop(case: Case) -> bytes:
    """A tree of pages that leads back to itself, or has a thousand branches."""
    kids = [b"%d 0 R" % case.random.randrange(1, 8) for _ in range(case.random.choice((1, 2, 3, 1000)))]
    return case.with_one(rb"/Kids ?\[[^\]]*\]", lambda _: b"/Kids [" + b" ".join(kids) + b"]")


def name(case: Case) -> bytes:
    """A key or a value, replaced by another one of the file or by a filter it does not fit."""
    others = re.findall(_NAME, case.content) or [b"/Page"]
    filters = [b"/FlateDecode", b"/DCTDecode", b"/JPXDecode", b"/JBIG2Decode", b"/CCITTFaxDecode", b"/LZWDecode"]
    return case.with_one(_NAME, lambda _: case.random.choice([*others, *filters]))


def offsets(case: Case) -> bytes:
    """A table of objects that points elsewhere, or is said to be elsewhere."""
    return case.with_one(
        rb"\d{10} \d{5} [nf]|startxref\s+\d+", lambda old: re.sub(rb"\d+", case.number(), old, count=1)
    )


def earlier_table(case: Case) -> bytes:
    """A table of objects that follows itself, or is encrypted by nothing."""
    start = (re.findall(rb"startxref\s+(\d+)", case.content) or [b"0"])[-1]
    extra = case.random.choice((b"/Prev " + start, b"/XRefStm " + start, b"/Encrypt 4 0 R", b"/Prev " + case.number()))
    return case.with_one(rb"/Root\b", lambda old: extra + b" " + old)


def nesting(case: Case) -> bytes:
    """Something begun ten thousand times and never ended."""
    opening = case.random.choice((b"[", b"<<", b"(", b"<< /A ", b"q ", b"BT ", b"/X Do "))
    place = case.place()
    return case.content[:place] + opening * case.random.choice((10, 10_000)) + case.content[place:]


# ---- of a picture --------------------------------------------------------------------------------------------


def claimed_size(case: Case) -> bytes:
    """Its width or height, wherever it stands near the beginning, as another number."""
    changed = bytearray(case.content)
    size = case.random.choice(_SIZES)
    with Image.open(BytesIO(case.content)) as image:
        known = case.random.choice(image.size)
    for form in (">H", "<H", ">I", "<I"):
        old, new = struct.pack(form, known), struct.pack(form, size % 256 ** struct.calcsize(form))
        if 0 <= (place := changed.find(old, 0, 4096)) and case.random.random() < 0.7:
            changed[place : place + len(old)] = new
    return _with_right_checks(bytes(changed))


def png_behind_checks(case: Case) -> bytes:
    """Bits flipped, and the checksums of a PNG made right again."""
    return _with_right_checks(bits_flipped(case))


def tiff_tag(case: Case) -> bytes:
    """One field of a TIFF's directory, or where the next directory is."""
    order = _TIFF_ORDERS.get(case.content[:2])
    if order is None:
        return head_flipped(case)
    changed = bytearray(case.content)
    (directory,) = struct.unpack_from(f"{order}I", changed, 4)
    (entries,) = struct.unpack_from(f"{order}H", changed, directory)
    entry = directory + 2 + 12 * case.random.randrange(entries + 1)  # the last is the next directory's place
    form, place = case.random.choice((("H", entry), ("H", entry + 2), ("I", entry + 4), ("I", entry + 8)))
    last = entry == directory + 2 + 12 * entries
    value = directory if last else case.random.choice((*_SIZES, case.place()))
    struct.pack_into(f"{order}I" if last else order + form, changed, entry if last else place, value % 65536)
    return bytes(changed)


def _with_right_checks(png: bytes) -> bytes:
    """A PNG with the checksum of every chunk made right; anything else as it is."""
    if not png.startswith(_PNG_HEAD):
        return png
    fixed, place = bytearray(png), len(_PNG_HEAD)
    while place + 12 <= len(fixed):
        end = place + 8 + int.from_bytes(fixed[place : place + 4], "big")
        if end + 4 > len(fixed):
            break
        fixed[end : end + 4] = zlib.crc32(fixed[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
    return bytes(fixed)


# ---- all of them ---------------------------------------------------------------------------------------------

OF_ANY: tuple[Mutation, ...] = (
    *(bits_flipped, head_flipped, overwritten, truncated, beheaded, chunk_deleted, chunk_repeated, chunks_swapped),
    *(chunk_of_another, tail_of_another, whole_other_added, line_ends_changed, eighth_bit_lost),
)
OF_PDF: tuple[Mutation, ...] = (
    *(any_number, same_width_number, count, length, box, placement, picture_size, rotation, reference, kids_loop),
    *(name, offsets, earlier_table, nesting),
)
OF_PICTURE: tuple[Mutation, ...] = (claimed_size, png_behind_checks, tiff_tag)


def mutants(seed: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of damaged files; a name says which file was damaged how: `0042-scan-grey-truncated.pdf`."""
    weights = [base.weight for base in bases()]
    number = 0
    while True:
        random = Random(f"{seed}/{number}")
        base, donor = random.choices(bases(), weights, k=2)
        mutation = random.choice(OF_ANY + _own(base))
        title = mutation.__name__.replace("_", "-")
        yield f"{number:04d}-{base.name}-{title}.{base.suffix}", mutation(Case(base.content, donor.content, random))
        number += 1


def _own(base: Base) -> tuple[Mutation, ...]:
    return OF_PDF if base.suffix == "pdf" else OF_PICTURE


def write_mutants(folder: Path, number: int, seed: int) -> list[Path]:
    """The first so many, as files."""
    paths = []
    for _, (title, content) in zip(range(number), mutants(seed)):
        paths.append(folder / title)
        paths[-1].write_bytes(content)
    return paths

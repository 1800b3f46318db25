"""Text layers that are right and layers that are wrong: which are kept, and which are read again by OCR.

    python -m benchmarks.layers

The right ones are prose, and what is often taken for nonsense: tables, forms, prices, identifiers, other scripts. The
wrong ones are made of prose as broken fonts make them: letters shifted, all the same, taken for another encoding,
without a meaning. `make accuracy` prints the matrix.

Letters that are mixed up at random cannot all be told from a language's: it is counted how many are read again.
"""

import base64
import codecs
import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from distributed_ocr_pipeline.ocr.documents.text_layer import judge
from examples.pages import prose, text_of, text_of_table

_SEEDS = range(12)
_MIXTURES = range(100)
_OTHER_SCRIPTS = {
    "Cyrillic": "Комитет собрался во вторник и решил продолжить ремонт старого моста до начала зимы. ",
    "Greek": "Η επιτροπή συνεδρίασε την Τρίτη και αποφάσισε να συνεχίσει την επισκευή της γέφυρας. ",
    "Arabic": "اجتمعت اللجنة يوم الثلاثاء وقررت مواصلة إصلاح الجسر القديم قبل بداية الشتاء. ",
    "Hebrew": "הוועדה התכנסה ביום שלישי והחליטה להמשיך בתיקון הגשר הישן לפני תחילת החורף. ",
    "Chinese": "委员会星期二开会，决定在冬天开始之前继续修理旧桥。姓名：王明（一）货物。",
    "Korean": "위원회는 화요일에 모여 겨울이 시작되기 전에 오래된 다리를 계속 수리하기로 결정했다. ",
    "Thai": "คณะกรรมการประชุมเมื่อวันอังคารและตัดสินใจซ่อมสะพานเก่าต่อไปก่อนฤดูหนาว ",
    "Devanagari": "समिति की बैठक मंगलवार को हुई और उसने पुराने पुल की मरम्मत जारी रखने का निर्णय लिया। ",
    "Vietnamese": "Ủy ban đã họp vào thứ Ba và quyết định tiếp tục sửa chữa cây cầu cũ trước mùa đông. ",
    "Finnish": "Toimikunta kokoontui tiistaina ja päätti jatkaa vanhan sillan korjaamista ennen talven alkua. ",
}


@dataclass(frozen=True)
class Layer:
    """A page's text layer, its kind, and whether it is what the page says."""

    kind: str
    right: bool
    text: str

    @property
    def kept(self) -> bool:
        """Whether it is used as the page's text."""
        return judge(self.text, 0.0).trusted


@dataclass(frozen=True)
class Matrix:
    """How many layers were kept and redone, of those that are right and of those that are wrong."""

    right_kept: int
    right_redone: int
    wrong_kept: int
    wrong_redone: int

    def __str__(self) -> str:
        rows = (
            ("text layers", "kept", "redone"),
            ("right", str(self.right_kept), str(self.right_redone)),
            ("wrong", str(self.wrong_kept), str(self.wrong_redone)),
        )
        return "\n".join(f"{name:24}{kept:>11}{redone:>11}" for name, kept, redone in rows)


def layers() -> list[Layer]:
    """All layers, the same every time."""
    right = (Layer(kind, True, text) for kind, text in _right())
    return [*right, *(Layer(kind, False, text) for kind, text in _wrong())]


def matrix(judged: Sequence[Layer]) -> Matrix:
    """Count them."""
    counts = {(right, kept): 0 for right in (True, False) for kept in (True, False)}
    for layer in judged:
        counts[layer.right, layer.kept] += 1
    return Matrix(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def mistakes(judged: Sequence[Layer]) -> list[str]:
    """What is wrong with each layer that is judged wrongly, in words."""
    done = {True: "kept", False: "redone"}
    return [
        f"{layer.kind}: a {'right' if layer.right else 'wrong'} layer is {done[layer.kept]}"
        for layer in judged
        if layer.kept is not layer.right
    ]


def mixed_up() -> dict[str, int]:
    """Of 100 layers in which each letter stands for another one, how many are read again, by script."""
    texts = {"Latin": _prose(0), **{script: _OTHER_SCRIPTS[script] * 8 for script in ("Cyrillic", "Greek")}}
    return {
        script: sum(not Layer("mixed up", False, _mixed_up(text, seed)).kept for seed in _MIXTURES)
        for script, text in texts.items()
    }


def _mixed_up(text: str, seed: int) -> str:
    letters = sorted({one for one in text.lower() if one.isalpha()})
    mixed = Random(seed).sample(letters, len(letters))
    return text.lower().translate(str.maketrans("".join(letters), "".join(mixed)))


def _prose(seed: int, sentences: int = 14) -> str:
    return text_of(prose(seed, sentences))


def _right() -> Iterator[tuple[str, str]]:
    for seed in _SEEDS:
        yield "prose", _prose(seed)
        yield "a line of prose", _prose(seed, 1)
        yield "capitals", _prose(seed).upper()
        yield "table", text_of_table([(f"No. {seed}{row}", "Upper", f"{380 + row}.5", f"-{row}") for row in range(20)])
        yield "prices", "\n".join(f"Rope {row} m  ₹{seed + row}  €{row}.50  £{row},-" for row in range(12))
        yield "form", "\n".join(f"{label}: {'_' * (20 + seed)}" for label in ("Name", "City", "Zip", "Phone", "Born"))
        yield "bullets", "\n".join(f"\uf0b7 {line}" for line in _prose(seed).splitlines())
        yield "contents", "\n".join(f"{seed}.{row} Chapter {'. ' * 30} {row * 7}" for row in range(12))
        yield "identifiers", "\n".join(_digest(seed, row) for row in range(12))
        yield "base64", base64.encodebytes(_prose(seed).encode()).decode()
        yield "formulas", "f(x) = ∑ αᵢ·xᵢ² ± β, where ∂f/∂x ≤ 0 ∀ x ∈ ℝ and |x| → ∞\n" * (seed + 1)
        yield "check list", "\n".join(f"{'☑' if row % 2 else '☐'} Item {row}" for row in range(seed + 4))
        for script, sentence in _OTHER_SCRIPTS.items():
            yield script, sentence * (seed + 1)


def _wrong() -> Iterator[tuple[str, str]]:
    for seed in _SEEDS:
        for kind, broken in _BREAKS.items():
            yield kind, broken(_prose(seed))
        russian = _OTHER_SCRIPTS["Cyrillic"] * (seed + 3)
        yield "Cyrillic taken for Latin", russian.encode("cp1251").decode("latin-1")
        yield "UTF-8 taken for Latin", russian.encode("utf-8").decode("latin-1")
        yield "shifted Cyrillic", _shifted(russian, 3)


def _digest(seed: int, row: int) -> str:
    return hashlib.sha256(f"{seed} {row}".encode()).hexdigest()


def _shifted(text: str, by: int) -> str:
    return "".join(chr(ord(one) + by) if one.isalpha() else one for one in text)


def _mapped(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(one) if one.isalnum() else one for one in text)


_BREAKS: dict[str, Callable[[str], str]] = {
    "shifted by one": lambda text: _shifted(text, -1),
    "shifted by three": lambda text: _shifted(text, 3),
    "rotated by thirteen": lambda text: codecs.encode(text, "rot13"),
    "one letter for all": lambda text: _mapped(text, lambda one: "a"),
    "without a meaning": lambda text: _mapped(text, lambda one: chr(0xE000 + ord(one))),
    "replacement characters": lambda text: _mapped(text, lambda one: "\ufffd"),
    "names of glyphs": lambda text: " ".join(f"g{ord(one)}" for one in text if one.isalpha()),
    "shifted by 29": lambda text: _mapped(text, lambda one: chr(max(33, ord(one) - 29))),
    "symbols": lambda text: _mapped(text, lambda one: chr(33 + ord(one) % 15)),
}
"""What broken fonts make of text. Subset fonts without a map of their own are often 29 off ASCII."""


def main() -> int:
    """Print the matrix, and the layers that are judged wrongly; 1 if there are any."""
    judged = layers()
    print(matrix(judged))
    found = mistakes(judged)
    print("".join(f"{mistake}\n" for mistake in sorted(set(found))), end="")
    print("mixed-up letters, redone of 100:", ", ".join(f"{script} {redone}" for script, redone in mixed_up().items()))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

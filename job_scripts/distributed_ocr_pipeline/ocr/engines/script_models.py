"""Which of Tesseract's installed models read which script, for documents whose languages nobody named."""

from collections.abc import Sequence
from dataclasses import dataclass

DETECTOR = "osd"
"""The model that tells a page's script, and reads nothing."""

LATIN = "Latin"

_MOST_MODELS = 3  # read with together; each takes its time on every line
_NO_READERS = (DETECTOR, "equ")
# By the detector's names of scripts, with the names of the models in tessdata; all others read Latin letters.
_MODELS = {
    "Arabic": ("ara", "fas", "urd", "pus", "uig", "snd", "kur_ara"),
    "Armenian": ("hye",),
    "Bengali": ("ben", "asm"),
    "Canadian_Aboriginal": ("iku",),
    "Cherokee": ("chr",),
    "Cyrillic": ("rus", "ukr", "bul", "srp", "mkd", "bel", "kaz", "kir", "tgk", "uzb_cyrl", "aze_cyrl", "mon", "tat"),
    "Devanagari": ("hin", "mar", "nep", "san"),
    "Ethiopic": ("amh", "tir"),
    "Fraktur": ("deu_latf", "frk"),
    "Georgian": ("kat", "kat_old"),
    "Greek": ("ell", "grc"),
    "Gujarati": ("guj",),
    "Gurmukhi": ("pan",),
    "Han": ("chi_sim", "chi_tra", "jpn"),
    "Hangul": ("kor",),
    "Hebrew": ("heb", "yid"),
    "Japanese": ("jpn",),
    "Kannada": ("kan",),
    "Khmer": ("khm",),
    "Korean": ("kor",),
    "Lao": ("lao",),
    "Malayalam": ("mal",),
    "Myanmar": ("mya",),
    "Oriya": ("ori",),
    "Sinhala": ("sin",),
    "Syriac": ("syr",),
    "Tamil": ("tam",),
    "Telugu": ("tel",),
    "Thaana": ("div",),
    "Thai": ("tha",),
    "Tibetan": ("bod", "dzo"),
}
_SAME = {"Katakana": "Japanese", "Hiragana": "Japanese", "Hangul_vert": "Korean"}
_NOT_LATIN = frozenset(model for models in _MODELS.values() for model in models)


@dataclass(frozen=True)
class FoundScript:
    """A script by the detector's name, and how far it is believed: 0 is a guess, 4 and more is sure."""

    name: str
    confidence: float


def models_of(script: str, installed: Sequence[str]) -> str:
    """The installed models of a script as the option `languages` has them; "" if there is none."""
    if script == LATIN:
        latin = [model for model in installed if _reads_latin(model)]
        found = sorted(latin, key=lambda model: (model != "eng", model))
    else:
        found = [model for model in _MODELS.get(_SAME.get(script, script), ()) if model in installed]
    return "+".join(found[:_MOST_MODELS])


def first_models(installed: Sequence[str]) -> str:
    """What a page is read with before its script is known: Latin letters, or whatever there is."""
    readers = [model for model in installed if model not in _NO_READERS]
    return models_of(LATIN, installed) or "+".join(readers[:_MOST_MODELS])


def suggestion(script: str) -> str:
    """Words on which model reads a script: ", such as ell"; "" if that is not known."""
    models = _MODELS.get(_SAME.get(script, script), ())
    return f", such as {models[0]}" if models else ""


def _reads_latin(model: str) -> bool:
    base = model.removesuffix("_vert")
    return "/" not in model and base not in _NOT_LATIN and model not in _NO_READERS

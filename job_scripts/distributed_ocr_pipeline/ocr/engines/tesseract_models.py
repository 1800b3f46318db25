"""Which models of Tesseract's there are, and how to get one: Debian has a package for each, named after it.

The list is that of Debian 12: `apt-cache search --names-only '^tesseract-ocr-'`.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from distributed_ocr_pipeline.ocr.processes.packages import how_to_install

_MOST_NEAR = 3
_LIST = "https://tesseract-ocr.github.io/tessdoc/Data-Files-in-different-versions.html"
# Name of the model, code of the language in ISO 639-1, name of the language.
_LANGUAGES = """\
afr af Afrikaans; amh am Amharic; ara ar Arabic; asm as Assamese; aze az Azerbaijani;
aze_cyrl - Azerbaijani (Cyrillic); bel be Belarusian; ben bn Bengali; bod bo Tibetan; bos bs Bosnian; bre br Breton;
bul bg Bulgarian; cat ca Catalan; ceb - Cebuano; ces cs Czech; chi_sim zh Chinese, simplified;
chi_sim_vert - Chinese, simplified, vertical; chi_tra - Chinese, traditional;
chi_tra_vert - Chinese, traditional, vertical; chr - Cherokee; cos co Corsican; cym cy Welsh; dan da Danish;
deu de German; div dv Divehi; dzo dz Dzongkha; ell el Greek; eng en English; enm - English, Middle; epo eo Esperanto;
est et Estonian; eus eu Basque; fao fo Faroese; fas fa Persian; fil tl Filipino; fin fi Finnish; fra fr French;
frk - German (Fraktur); frm - French, Middle; fry fy Frisian, Western; gla gd Gaelic, Scots; gle ga Irish;
glg gl Galician; grc - Greek, Ancient; guj gu Gujarati; hat ht Haitian; heb he Hebrew; hin hi Hindi; hrv hr Croatian;
hun hu Hungarian; hye hy Armenian; iku iu Inuktitut; ind id Indonesian; isl is Icelandic; ita it Italian;
ita_old - Italian, old; jav jv Javanese; jpn ja Japanese; jpn_vert - Japanese, vertical; kan kn Kannada;
kat ka Georgian; kat_old - Georgian, old; kaz kk Kazakh; khm km Khmer; kir ky Kyrgyz; kmr ku Kurmanji; kor ko Korean;
kor_vert - Korean, vertical; lao lo Lao; lat la Latin; lav lv Latvian; lit lt Lithuanian; ltz lb Luxembourgish;
mal ml Malayalam; mar mr Marathi; mkd mk Macedonian; mlt mt Maltese; mon mn Mongolian; mri mi Maori; msa ms Malay;
mya my Burmese; nep ne Nepali; nld nl Dutch; nor no Norwegian; oci oc Occitan; ori or Oriya;
osd - script and orientation; pan pa Punjabi; pol pl Polish; por pt Portuguese; pus ps Pashto; que qu Quechua;
ron ro Romanian; rus ru Russian; san sa Sanskrit; sin si Sinhala; slk sk Slovak; slv sl Slovenian; snd sd Sindhi;
spa es Spanish; spa_old - Spanish, old; sqi sq Albanian; srp sr Serbian; srp_latn - Serbian (Latin);
sun su Sundanese; swa sw Swahili; swe sv Swedish; syr - Syriac; tam ta Tamil; tat tt Tatar; tel te Telugu;
tgk tg Tajik; tha th Thai; tir ti Tigrinya; ton to Tonga; tur tr Turkish; uig ug Uyghur; ukr uk Ukrainian;
urd ur Urdu; uzb uz Uzbek; uzb_cyrl - Uzbek (Cyrillic); vie vi Vietnamese; yid yi Yiddish; yor yo Yoruba"""
# Name of the model, which reads all languages of a script, and how its package ends.
_SCRIPTS = """\
Arabic arab; Armenian armn; Bengali beng; Canadian_Aboriginal cans; Cherokee cher; Cyrillic cyrl; Devanagari deva;
Ethiopic ethi; Fraktur frak; Georgian geor; Greek grek; Gujarati gujr; Gurmukhi guru; Hangul hang;
Hangul_vert hang-vert; HanS hans; HanS_vert hans-vert; HanT hant; HanT_vert hant-vert; Hebrew hebr; Japanese jpan;
Japanese_vert jpan-vert; Kannada knda; Khmer khmr; Lao laoo; Latin latn; Malayalam mlym; Myanmar mymr; Oriya orya;
Sinhala sinh; Syriac syrc; Tamil taml; Telugu telu; Thaana thaa; Thai thai; Tibetan tibt; Vietnamese viet"""


def how_to_get(models: Sequence[str]) -> str:
    """What to do about models that are not installed: install their packages, or name others where there are none."""
    packages = {model: package_of(model) for model in models}
    known = [package for package in packages.values() if package]
    said = [_unknown(model) for model, package in packages.items() if package is None]
    return " ".join([*said, *([how_to_install(known)] if known else [])])


def package_of(model: str) -> str | None:
    """Debian's package of a model, such as tesseract-ocr-chi-sim; None where there is none of this name."""
    if model in _names():
        return f"tesseract-ocr-{model.replace('_', '-')}"
    found = dict(entry.split() for entry in _entries(_SCRIPTS)).get(model.removeprefix("script/"))
    return f"tesseract-ocr-script-{found}" if found else None


def near(word: str) -> list[str]:
    """Languages that may be meant: those with this code or name, else with ones much like it."""
    names = _names()
    spelled = {key.lower(): model for model, keys in names.items() for key in (model, *keys)}
    keys = [key for key in spelled if key == word.lower()] or get_close_matches(word.lower(), spelled, _MOST_NEAR)
    return [f"{model} ({names[model][-1]})" for model in dict.fromkeys(spelled[key] for key in keys)]


def _unknown(model: str) -> str:
    meant = ", ".join(near(model))
    return f"Tesseract knows no {model}" + (f"; did you mean {meant}?" if meant else f": {_LIST} lists what it knows.")


def _names() -> Mapping[str, Sequence[str]]:
    """By the names of models: the language's code, if there is one, and its name."""
    split = (entry.split(" ", 2) for entry in _entries(_LANGUAGES))
    return {model: [name] if code == "-" else [code, name] for model, code, name in split}


def _entries(table: str) -> Iterator[str]:
    return (entry.strip() for entry in table.split(";"))

"""How much of what a folder of PDFs says of itself is in our text: `python -m benchmarks.public_pdfs FOLDER`.

The folder is processed by a run. Each page's words, as `pdftotext` finds them, are looked for in the page's text; pages
that lack more than two of a hundred are printed, with some of the missing words. Among them are pages that were read by
OCR because their text layer cannot be right: what a broken font makes of a word, nobody prints.
"""

import argparse
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from distributed_ocr_pipeline import OCRPipeline
from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import PipelineError

_ENOUGH = 0.98  # share of a page's words
_SHOWN = 8  # missing words


@dataclass(frozen=True)
class Comparison:
    """A page's words as `pdftotext` finds them, and those that our text lacks."""

    name: str
    page: Mapping[str, Any]  # row of `pages`
    words: int
    missing: Counter[str]

    @property
    def lacks_words(self) -> bool:
        """Whether more is missing than may be."""
        return self.missing.total() > self.words * (1 - _ENOUGH)

    def __str__(self) -> str:
        share = 1 - self.missing.total() / self.words
        page, missing = self.page, " ".join(word for word, _ in self.missing.most_common(_SHOWN))
        where = f"{self.name} page {page['page_number']}"
        return f"{share:6.1%} of {self.words:5} words  {page['text_source']:10} {where}: {missing}  ({page['note']})"


def words_of(text: str) -> Counter[str]:
    """The words of a text; ligatures are letters, and what is no letter or digit parts words."""
    plain = unicodedata.normalize("NFKC", text)
    return Counter("".join(letter if letter.isalnum() else " " for letter in plain).split())


def compared(folder: Path, output: Path) -> Iterator[Comparison]:
    """Process the folder, and compare each page of a PDF that has words."""
    result = OCRPipeline(ocr_config=OCRConfig(), output=output).run(str(folder), max_error_rate=1.0)
    pages = result.pages().sort_by([("source_uri", "ascending"), ("page_number", "ascending")])
    layers: dict[str, list[str]] = {}
    for page in pages.to_pylist():
        path = Path(unquote(urlsplit(page["source_uri"]).path))
        if page["source_uri"] not in layers:
            layers = {page["source_uri"]: _layers(path)}  # of one document at a time
        number = page["page_number"] - 1
        wanted = words_of(layers[page["source_uri"]][number] if number < len(layers[page["source_uri"]]) else "")
        if wanted:
            yield Comparison(path.name, page, wanted.total(), wanted - words_of(page["text"] or ""))


def _layers(path: Path) -> list[str]:
    """The pages' text layers; none of a document that cannot be opened, which the run says of it as well."""
    command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    return subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace").split("\f")


def main() -> int:
    """Process a folder and print the pages that lack words."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    lacking: Counter[str] = Counter()
    pages = 0
    with TemporaryDirectory() as output:
        try:
            for comparison in compared(parser.parse_args().folder, Path(output)):
                pages += 1
                if comparison.lacks_words:
                    lacking[comparison.page["text_source"]] += 1
                    print(comparison)
        except PipelineError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"{pages} pages with words; of more than {1 - _ENOUGH:.0%} of them missing: {dict(lacking)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

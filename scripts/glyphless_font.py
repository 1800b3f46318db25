"""Make the font of invisible text, job_scripts/distributed_ocr_pipeline/outputs/pdf/glyphless.ttf.

python scripts/glyphless_font.py [--check]
"""

import io
import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

from distributed_ocr_pipeline.outputs.pdf.font import ASCENT, BLANK_WIDTH, DESCENT, LETTER_WIDTH, NAME

TARGET = Path(__file__).parents[1] / "job_scripts/distributed_ocr_pipeline/outputs/pdf/glyphless.ttf"
WIDTHS = {".notdef": LETTER_WIDTH, "letter": LETTER_WIDTH, "blank": BLANK_WIDTH}
NOT_FOR_PDF = ("OS/2", "name", "cmap", "post")  # a CIDFontType2 needs none of these (ISO 32000-2, table 124)


def font() -> bytes:
    """The font's program: three empty glyphs, the same at every call."""
    builder = FontBuilder(unitsPerEm=1000, isTTF=True)
    builder.setupGlyphOrder(list(WIDTHS))
    builder.setupGlyf({name: Glyph() for name in WIDTHS})
    builder.setupHorizontalMetrics({name: (width, 0) for name, width in WIDTHS.items()})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": NAME, "styleName": "Regular"})
    builder.setupCharacterMap({32: "blank"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT)
    builder.setupPost()
    builder.updateHead(created=0, modified=0)
    for table in NOT_FOR_PDF:
        del builder.font[table]
    builder.font.recalcTimestamp = False
    made = io.BytesIO()
    builder.font.save(made)
    return made.getvalue()


def main() -> int:
    """Write the file, or with --check say whether it is this one."""
    if "--check" in sys.argv[1:]:
        if TARGET.read_bytes() == font():
            return 0
        print(f"{TARGET.name} is out of date: run scripts/glyphless_font.py", file=sys.stderr)
        return 1
    TARGET.write_bytes(font())
    return 0


if __name__ == "__main__":
    sys.exit(main())

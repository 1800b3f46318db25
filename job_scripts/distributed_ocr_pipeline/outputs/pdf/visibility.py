"""The commands of a page, and whether text that they write is seen."""

from collections.abc import Iterator

import pikepdf

SHOWS_TEXT = frozenset(("Tj", "TJ", "'", '"'))
Instruction = pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage
_INVISIBLE = 3


def with_visibility(part: pikepdf.Page | pikepdf.Object) -> Iterator[tuple[Instruction, bool]]:
    """The commands of a page or form, each with whether text that it writes would be seen."""
    mode, saved = 0, []
    for instruction in pikepdf.parse_content_stream(part):
        match str(instruction.operator):
            case "q":
                saved.append(mode)
            case "Q" if saved:
                mode = saved.pop()
            case "Tr":
                mode = int(instruction.operands[0])
        yield instruction, mode != _INVISIBLE

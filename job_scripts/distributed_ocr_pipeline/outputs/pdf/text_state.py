"""The commands of a page, and how text that they write is written."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pikepdf

SHOWS_TEXT = frozenset(("Tj", "TJ", "'", '"'))
Instruction = pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage
_INVISIBLE = 3


@dataclass(frozen=True)
class TextState:
    """What holds for text that is written."""

    is_shown: bool = True
    font: str = ""  # its name among the resources


def with_text_state(part: pikepdf.Page | pikepdf.Object) -> Iterator[tuple[Instruction, TextState]]:
    """The commands of a page or form, each with what then holds for text."""
    state, saved = TextState(), []
    for instruction in pikepdf.parse_content_stream(part):
        match str(instruction.operator):
            case "q":
                saved.append(state)
            case "Q" if saved:
                state = saved.pop()
            case "Tr":
                state = replace(state, is_shown=int(instruction.operands[0]) != _INVISIBLE)
            case "Tf" if len(instruction.operands):
                state = replace(state, font=str(instruction.operands[0]))
        yield instruction, state


def strings_of(instruction: Instruction) -> Iterator[bytes]:
    """The strings that a command writes."""
    text = instruction.operands[-1]
    for one in text if isinstance(text, pikepdf.Array) else [text]:
        if isinstance(one, pikepdf.String):
            yield bytes(one)

"""Numbers and names in sentences for people."""


def count_of(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: `1 page`, `1,200 pages`; `many` where the plural is not `one` and an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def readable_size(size_bytes: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "bytes" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def between(low: float, high: float, form: str) -> str:
    """Two bounds, each in a form such as `{:,.2f}`; one number where they look the same."""
    first, last = form.format(low), form.format(high)
    return first if first == last else f"{first} to {last}"


def printable(text: str) -> str:
    """Text from elsewhere in a line of ours: characters that end lines or steer terminals are escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)

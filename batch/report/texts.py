"""Making any text fit a cell: nothing that XML or Excel cannot hold, and nothing lost without a mark."""

from __future__ import annotations

import re

CELL_LIMIT = 32_767
"""What Excel lets a cell hold, counted in UTF-16 units."""
REPLACED = "\N{REPLACEMENT CHARACTER}"
CUT = "…"

# Excel, LibreOffice and calamine read `_x0041_` inside a text as "A", so an underscore that would begin one is escaped.
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?")


def writable(text: str) -> str:
    """The text as a cell can hold it; what cannot be written becomes a visible mark, and what is too long is cut."""
    text = visible(text)
    if "_x" in text:
        text = _ESCAPE_LIKE.sub("_x005F_", text)
    return text if len(text) <= CELL_LIMIT // 2 else _cut(text)


def visible(text: str) -> str:
    """The text with a mark for what no file of ours can hold, and one kind of line end."""
    if text.isascii() and text.isprintable():
        return text
    return _UNWRITABLE.sub(REPLACED, _LINE_END.sub("\n", text))


def one_line(text: str, limit: int) -> str:
    """The text for a page header or a property of the file: on one line, and no longer than the limit."""
    line = " ".join(_UNWRITABLE.sub(REPLACED, text).split())
    return line if len(line) <= limit else line[: limit - 1] + CUT


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= CELL_LIMIT * 2:
        return text
    # A pair of units that stands for one character must not be cut in the middle: what is left of it is dropped.
    return units[: (CELL_LIMIT - 1) * 2].decode("utf-16-le", errors="ignore") + CUT

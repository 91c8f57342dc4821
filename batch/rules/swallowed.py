"""Rows that a quotation mark which is closed too late has made a part of a cell: they would vanish unseen.

They show in what the cell holds beside its line break: a separator or a token behind it, or a row's token before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from batch.findings import Finding
from batch.model import LongCells
from batch.rules.cells import visible
from batch.rules.header import cell_address

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def rows_in_cells(long: LongCells | None, tokens: Iterable[str]) -> Iterator[Finding]:
    """What is said of a text file's cells that hold line breaks. `tokens` are all that are known, as many as there are.

    It is of the file, and stays however a cell is corrected afterwards: that does not bring the rows back.
    """
    if long is None:
        return
    known = _Beginnings(long.separator, tokens)
    found = {place: _rows_in(text, long.separator, known) for place, text in long.texts.items()}
    at = next((cell_address(column, row) for (row, column), count in found.items() if count), None)
    if at is not None:
        yield Finding("rows-in-cell", cell=at, params={"count": str(sum(found.values())), "at": at})


class _Beginnings:
    """The tokens that are known; of one that holds a separator itself, what is left of it in a cell that it cut."""

    def __init__(self, separator: str, tokens: Iterable[str]) -> None:
        self._tokens = {_plain(token.split(separator, 1)[0]) for token in tokens} - {""}
        self._lengths = sorted(set(map(len, self._tokens)))

    def __contains__(self, text: str) -> bool:
        return _plain(text) in self._tokens

    def begin(self, text: str) -> bool:
        """Whether a text begins with one of them."""
        plain = _plain(text)
        return any(plain[:end] in self._tokens and not plain[end : end + 1].isalnum() for end in self._lengths)


def _rows_in(text: str, separator: str, known: _Beginnings) -> int:
    """How many lines of a cell may be rows, or parts of rows."""
    first, *behind = _LINE_BREAK.split(text)
    # The mark may also be closed in the next row's first cell: then the row that is lost stands before the line break.
    before = separator in first and any(piece in known for piece in first.split(separator))
    return before + sum(separator in line or known.begin(line) for line in behind)


def _plain(text: str) -> str:
    """The text as tokens are compared here: in a cell of its own, marks around it would have been taken away."""
    return visible(text.replace('"', "")).casefold()

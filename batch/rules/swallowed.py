"""Rows that a quotation mark which is closed too late has made a part of a cell: they would vanish unseen.

A record that takes up several lines of its file is held against them: each line, cut as if no cell went on over it, may
be a row of its own. One of them is the record itself where it says the same; any other is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from batch.findings import Finding
from batch.frames import Grid, take_cells
from batch.model import AMOUNTS, Cell, Role
from batch.rules.amounts import read_amount
from batch.rules.cells import visible
from batch.rules.header import cell_address
from batch.rules.ranges import row_ranges


def find_swallowed_rows(grid: Grid, roles: Mapping[Role, int], tokens: Iterable[str]) -> Iterator[Finding]:
    """Find the lines that may be rows in a text file's cells. `tokens` are all that are known, as many as there are.

    It is said of the file, and stays however a cell is corrected afterwards: that does not bring the rows back.
    """
    if grid.wrapped is None:
        return
    separator = grid.wrapped.separator
    known = _Beginnings(separator, tokens)
    lost: list[int] = []
    at = None
    several = take_cells(grid.frame.loc[list(grid.wrapped.lines)])
    for (row, (first, lines)), cells in zip(grid.wrapped.lines.items(), several, strict=True):
        record = _name_row(cells, roles)
        found = []
        for number, line in enumerate(lines, start=first):
            named = _name_row(line.split(separator), roles)
            if named == record and record is not None:
                # Only once: the same line twice is a row and another.
                record = None
            elif named is not None or (number > first and known.begin(line)):
                found.append(number)
        lost += found
        at = at or (_find_break(row, cells) if found else None)
    if at is not None:
        yield Finding("rows-in-cell", cell=at, params={"count": str(len(lost)), "at": at, "lines": row_ranges(lost)})


class _Beginnings:
    """The tokens that are known; of one that holds a separator itself, what is left of it in a cell that it cut."""

    def __init__(self, separator: str, tokens: Iterable[str]) -> None:
        self._tokens = {_plain(token.split(separator, 1)[0]) for token in tokens} - {""}
        self._lengths = sorted(set(map(len, self._tokens)))

    def begin(self, text: str) -> bool:
        """Whether a text begins with one of them."""
        plain = _plain(text)
        return any(plain[:end] in self._tokens and not plain[end : end + 1].isalnum() for end in self._lengths)


def _name_row(cells: Sequence[Cell], roles: Mapping[Role, int]) -> tuple[str, ...] | None:
    """The token and the amounts of what may be a row; None for what is none."""
    texts = {role: _plain(str(cells[at])) for role, at in roles.items() if at < len(cells) and cells[at] is not None}
    amounts = [texts.get(role, "") for role in AMOUNTS]
    if not texts.get(Role.TOKEN) or all(read_amount(amount).amount is None for amount in amounts):
        return None
    return texts[Role.TOKEN], *amounts


def _find_break(row: int, cells: Sequence[Cell]) -> str:
    """The address of the first cell that holds a line break."""
    has_break = (at for at, cell in enumerate(cells) if isinstance(cell, str) and ("\n" in cell or "\r" in cell))
    return cell_address(next(has_break, 0), row)


def _plain(text: str) -> str:
    """The text as it is compared here: in a cell of its own, marks around it would have been taken away."""
    return visible(text.replace('"', "")).casefold()

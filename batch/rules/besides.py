"""Tables beside the one that is read, or above it: nobody reads their rows, and an empty line or column is all that
tells them apart.

One shows by a header of its own with an amount below it, or, without a header, by a row with a token, an amount and a
direction. Only the first rows are searched, as for the header; below the table every row is read as one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batch.findings import Finding
from batch.model import AMOUNTS, Cell, Role
from batch.rules.amounts import read_amount
from batch.rules.cells import is_blank
from batch.rules.header import Header, cell_address
from batch.rules.labels import label_kind
from batch.rules.titles import column_roles
from batch.rules.vocabulary import direction_of

_NAMED = 5
"""Tables; who has more sees by these what is meant."""


def find_other_tables(top: Sequence[Sequence[Cell]], header: Header) -> Iterator[Finding]:
    """Name the first cell of each table that is not the header's."""
    span = _span(header)
    places: dict[int, str] = {}
    for number, (cells, below) in enumerate(zip(top, [*top[1:], ()], strict=True), start=1):
        for run in _runs(cells):
            is_own = number >= header.row and run.start < span.stop and run.stop > span.start
            if not is_own and run.start not in places and (_has_header(cells, below, run) or _is_row(cells, run)):
                places[run.start] = cell_address(run.start, number)
    if places:
        named = [*places.values()][:_NAMED] + ["…"] * (len(places) > _NAMED)
        yield Finding("tables-besides", params={"at": ", ".join(named)})


def _span(header: Header) -> range:
    """The columns from the first to the last that is read, and those beside them up to one without a title."""
    first, last = min(header.roles.values()), max(header.roles.values())
    while first > 0 and header.titles[first - 1]:
        first -= 1
    while last + 1 < len(header.titles) and header.titles[last + 1]:
        last += 1
    return range(first, last + 1)


def _runs(cells: Sequence[Cell]) -> Iterator[range]:
    """The columns of cells without a blank between them."""
    start = 0
    for column, cell in enumerate((*cells, None)):
        if is_blank(cell):
            if column > start:
                yield range(start, column)
            start = column + 1


def _has_header(cells: Sequence[Cell], below: Sequence[Cell], run: range) -> bool:
    """Whether these are titles, and below them stand a token and an amount."""
    titles = {at: title for at in run if isinstance(title := cells[at], str)}
    filled = {
        role: below[at]
        for at, title in titles.items()
        for role, _rank in column_roles(title)
        if at < len(below) and not is_blank(below[at])
    }
    return Role.TOKEN in filled and any(_is_amount(filled[role]) for role in AMOUNTS if role in filled)


def _is_row(cells: Sequence[Cell], run: range) -> bool:
    """Whether they are a token, an amount and a direction, and do not say that they are a total."""
    amounts = [cells[at] for at in run if _is_amount(cells[at])]
    texts = [cell for at in run if isinstance(cell := cells[at], str) and cell not in amounts]
    words = [text for text in texts if direction_of(text)]
    return len(words) == 1 and bool(amounts) and len(run) > 2 and not any(map(label_kind, texts))


def _is_amount(cell: Cell) -> bool:
    return read_amount(cell).amount is not None

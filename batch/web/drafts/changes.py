"""What is different between two versions of a sheet, bounded so that it can be shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from batch.ledger.events import cell_to_json
from batch.model import SheetRow

MOST_SHOWN = 100
"""Rows of each kind that are kept to be shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a version as the database keeps it: its number and its cells."""

    row: int
    cells: tuple[Any, ...]
    """As `cell_to_json` gives them."""
    token: str | None

    @property
    def content(self) -> str:
        """The same for rows that say the same, whatever their numbers and the blanks behind them."""
        cells = list(self.cells)
        while cells and cells[-1] in (None, ""):
            cells.pop()
        return repr(cells)


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows were added, removed and changed, and the first of each kind.

    An added or removed row is {"row", "cells"}; a changed one {"row", "was", "cells": [[column, before, after], …]}.
    """

    added: int
    removed: int
    changed: int
    rows_added: Sequence[dict[str, Any]]
    rows_removed: Sequence[dict[str, Any]]
    rows_changed: Sequence[dict[str, Any]]
    columns_changed: bool

    def to_json(self) -> dict[str, Any]:
        """As the database keeps them."""
        return asdict(self)


def line_of(row: SheetRow) -> Line:
    """A row that was just read."""
    return Line(row.number, tuple(cell_to_json(cell) for cell in row.cells), row.token)


def changes_between(
    before: Iterable[Line], after: Iterable[Line], *, columns_before: Sequence[str], columns_after: Sequence[str]
) -> Changes:
    """Rows that say the same are not looked at further, wherever they stand; the others are paired by their number, or
    else by their token.
    """
    gone, come = _unlike(list(before), list(after))
    pairs, removed, added = _paired(gone, come)
    return Changes(
        added=len(added),
        removed=len(removed),
        changed=len(pairs),
        rows_added=[{"row": line.row, "cells": list(line.cells)} for line in added[:MOST_SHOWN]],
        rows_removed=[{"row": line.row, "cells": list(line.cells)} for line in removed[:MOST_SHOWN]],
        rows_changed=[
            {"row": new.row, "was": old.row, "cells": list(_cells(old, new))} for old, new in pairs[:MOST_SHOWN]
        ],
        columns_changed=list(columns_before) != list(columns_after),
    )


def _unlike(before: Sequence[Line], after: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The rows of each that have no equal in the other; of equal ones, as many are matched as both have."""
    stock: dict[str, list[Line]] = defaultdict(list)
    for line in reversed(before):
        stock[line.content].append(line)
    come = []
    for line in after:
        same = stock.get(line.content)
        if same:
            same.pop()
        else:
            come.append(line)
    return sorted((line for lines in stock.values() for line in lines), key=lambda line: line.row), come


def _paired(gone: list[Line], come: list[Line]) -> tuple[list[tuple[Line, Line]], list[Line], list[Line]]:
    by_row = {line.row: line for line in gone}
    by_token: dict[str, list[Line]] = defaultdict(list)
    new_rows = {line.row for line in come}
    for line in reversed(gone):
        if line.token is not None and line.row not in new_rows:
            by_token[line.token].append(line)
    pairs, added, used = [], [], set()
    for line in come:
        old = by_row.get(line.row)
        if old is None and line.token is not None and by_token[line.token]:
            old = by_token[line.token].pop()
        if old is None:
            added.append(line)
        else:
            pairs.append((old, line))
            used.add(old.row)
    return pairs, [line for line in gone if line.row not in used], added


def _cells(old: Line, new: Line) -> Iterator[list[Any]]:
    width = max(len(old.cells), len(new.cells))
    before = [*old.cells, *[None] * (width - len(old.cells))]
    after = [*new.cells, *[None] * (width - len(new.cells))]
    for column, (was, now) in enumerate(zip(before, after, strict=True)):
        if was != now:
            yield [column, was, now]

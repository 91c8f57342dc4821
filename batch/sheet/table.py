"""A table as the child reads it: row by row, so that a long sheet is not held twice; and how large it may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from batch.errors import SheetError
from batch.findings import Finding
from batch.language import N_, _, number
from batch.model import Appearance, Cell
from batch.sheet.complaints import shown
from batch.sheet.limits import Limits

_TOO_MANY_ROWS = N_(
    "{file} has more than {limit} rows (its last cell is in row {rows}, column {columns}): "
    "delete what is below the table, or split it."
)
_TOO_MANY_COLUMNS = N_(
    "{file} has more than {limit} columns (its last cell is in row {rows}, column {columns}): "
    "delete what is beside the table, or split it."
)
_TOO_MANY_CELLS = N_(
    "{file} has more than {limit} cells (its last cell is in row {rows}, column {columns}): "
    "delete what is below and beside the table, or split it."
)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet, a blank None; `columns` is how wide the widest may be."""

    sheet: str
    rows: Iterator[list[object]]
    columns: int = 1
    appearance: Appearance = field(default_factory=Appearance)
    findings: tuple[Finding, ...] = ()


def as_cell(value: object) -> Cell:
    """A cell as rules take it; what they have no type for (a time) is nothing to them in a header."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    return value if isinstance(value, Cell) else None


def check_extent(name: str, rows: int, columns: int, cells: int, limits: Limits) -> None:
    """Refuse a table that is larger than any list of movements, most often because of something far below it."""
    for found, limit, sentence in (
        (rows, limits.rows, _TOO_MANY_ROWS),
        (columns, limits.columns, _TOO_MANY_COLUMNS),
        (cells, limits.cells, _TOO_MANY_CELLS),
    ):
        if found > limit:
            raise SheetError(
                _(sentence).format(file=shown(name), limit=number(limit), rows=number(rows), columns=number(columns))
            )

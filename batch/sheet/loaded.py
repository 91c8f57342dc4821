"""Workbooks of which every sheet is read in one go (.xls, .xlsb, .ods), as `choose` looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from batch.findings import Finding
from batch.model import Appearance, Cell
from batch.sheet.choice import Choice, Sheet
from batch.sheet.limits import Limits
from batch.sheet.table import Table, as_cell, check_extent
from batch.validation.header import SEARCHED_ROWS, Merged


@dataclass(slots=True)
class LoadedSheet:
    """One sheet's rows without blanks at their ends, and what a person sees of it. Rows and columns count from 0."""

    name: str
    is_visible: bool = True
    rows: list[list[object]] = field(default_factory=list)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Merged] = field(default_factory=list)
    """Rows count from 1 here, as in `Appearance`."""
    findings: tuple[Finding, ...] = ()

    def add_row(self, cells: list[object]) -> None:
        """Add a row without the blanks at its end."""
        while cells and cells[-1] is None:
            cells.pop()
        self.rows.append(cells)

    def put(self, row: int, column: int, cell: object) -> None:
        """Put in a cell, wherever it is."""
        self.rows += [[] for _row in range(row + 1 - len(self.rows))]
        cells = self.rows[row]
        cells += [None] * (column + 1 - len(cells))
        cells[column] = cell

    @property
    def appearance(self) -> Appearance:
        """What a person sees, in the words of a grid; nothing is hidden below the last row."""
        return Appearance(
            {(row + 1, column): text for (row, column), text in self.shown.items()},
            frozenset(row + 1 for row in self.hidden_rows if row < len(self.rows)),
            frozenset(self.hidden_columns),
            frozenset((row + 1, column) for row, column in self.struck),
            tuple(self.merged),
        )


class LoadedWorkbook:
    """All sheets of a workbook."""

    def __init__(self, name: str, sheets: Sequence[LoadedSheet], limits: Limits) -> None:
        self._name, self._limits, self._in_order = name, limits, sheets
        self._by_name = {sheet.name: sheet for sheet in reversed(sheets)}

    def sheets(self) -> list[Sheet]:
        """Its sheets in their order."""
        return [Sheet(sheet.name, sheet.is_visible, self) for sheet in self._in_order]

    def top(self, sheet: str) -> list[list[Cell]]:
        """The rows in which a header is looked for."""
        return [list(map(as_cell, row)) for row in self._by_name[sheet].rows[:SEARCHED_ROWS]]

    def merged(self, sheet: str) -> list[Merged]:
        """Its merged cells."""
        return self._by_name[sheet].merged

    def forget(self, sheet: str) -> None:
        """Nothing: all sheets were read in one go."""

    def table(self, choice: Choice) -> Table:
        """The chosen sheet."""
        sheet = self._by_name[choice.sheet]
        rows = sheet.rows
        columns = max(map(len, rows), default=1)
        rows = rows[: choice.cut(len(rows), next((index for index, row in enumerate(rows) if row), 0))]
        check_extent(self._name, len(rows), columns, len(rows) * columns, self._limits)
        return Table(sheet.name, iter(rows), columns, sheet.appearance, sheet.findings)
